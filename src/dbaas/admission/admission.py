"""The rules as an API server asks them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from hashlib import blake2b

import orjson

from dbaas.admission.facts import Facts, Find, gather_facts
from dbaas.admission.foreign import find_foreign_violations
from dbaas.admission.rules import IN_SERVERS, find_violations, is_exempt
from dbaas.admission.warnings import find_warnings
from dbaas.contracts.admission import Review, Verdict, Violation
from dbaas.contracts.registry import Registry

MOST_RECENT = 8192  # as many objects as may wait at once between their creation and their reconcile, some 2 MiB
DIGEST_BYTES = 16


class RuleAdmission:
    """Implements `contracts.admission.Admission`. `find` may be slow: it is asked only for kinds that we serve.

    What lives in servers is judged when it is written and at each reconcile, by the same few facts nearly always: the
    latest verdicts are remembered by all that they can depend on.
    """

    def __init__(self, registry: Registry, find: Find) -> None:
        self._registry = registry
        self._find = find
        self._judged: OrderedDict[bytes, Sequence[Violation]] = OrderedDict()

    def asking(self, find: Find) -> RuleAdmission:
        """The same rules with other eyes, and with one memory."""
        other = RuleAdmission(self._registry, find)
        other._judged = self._judged
        return other

    async def review(self, review: Review) -> Verdict:
        if review.operation == "DELETE" or review.subresource:
            return Verdict()
        foreign = self._registry.foreign(review.group, review.kind)
        if foreign is not None:
            found = await find_foreign_violations(review, foreign, self._registry, self._find)
            return Verdict(found, _warn(review))
        if is_exempt(review):  # which needs no facts
            return Verdict()
        facts = await gather_facts(review, self._registry, self._find)
        return Verdict(self._judge(review, facts), _warn(review))

    def _judge(self, review: Review, facts: Facts) -> Sequence[Violation]:
        if review.new is None or review.kind not in IN_SERVERS:
            return find_violations(review, facts)
        metadata, spec = review.new.get("metadata") or {}, review.new.get("spec")
        named = {name: metadata.get(name) for name in ("namespace", "name")}
        told = orjson.dumps((review.kind, named, spec, facts.engine, facts.is_resident, facts.version))
        case = blake2b(told, digest_size=DIGEST_BYTES).digest()
        known = self._judged.get(case)
        if known is not None:
            self._judged.move_to_end(case)
            return known
        bare = Review("CREATE", review.group, review.version, review.kind, {"metadata": named, "spec": spec}, None)
        found = self._judged[case] = find_violations(bare, facts) or ()
        if len(self._judged) > MOST_RECENT:
            self._judged.popitem(last=False)
        return found


def _warn(review: Review) -> Sequence[str]:
    """Only who changes what is asked for is told."""
    old = review.old or {}
    return () if old.get("spec") == (review.new or {}).get("spec") else tuple(find_warnings(review))
