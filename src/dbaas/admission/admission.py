"""The rules as an API server asks them."""

from __future__ import annotations

from dbaas.admission.facts import Find, gather_facts
from dbaas.admission.foreign import find_foreign_violations
from dbaas.admission.rules import find_violations
from dbaas.api.resource import GROUP
from dbaas.contracts.admission import Review, Verdict
from dbaas.contracts.registry import Registry


class RuleAdmission:
    """Implements `contracts.admission.Admission`. `find` may be slow: it is asked only for kinds that we serve."""

    def __init__(self, registry: Registry, find: Find) -> None:
        self._registry = registry
        self._find = find

    async def review(self, review: Review) -> Verdict:
        if review.operation == "DELETE" or review.subresource:
            return Verdict()
        foreign = self._registry.foreign(review.group, review.kind)
        if foreign is not None:
            return Verdict(await find_foreign_violations(review, foreign, self._registry, self._find))
        if review.group != GROUP:
            return Verdict()
        facts = await gather_facts(review, self._registry, self._find)
        return Verdict(find_violations(review, facts))
