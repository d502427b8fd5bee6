"""Admission at the start of a reconcile."""

from __future__ import annotations

import pytest

from controllers.make import database
from dbaas.contracts.admission import Review, Verdict, Violation
from dbaas.contracts.reconcile import Refused
from dbaas.controllers.refusing import refuse_invalid


class Rules:
    """Admission that finds the same violations everywhere."""

    def __init__(self, *violations: Violation) -> None:
        self.violations = violations
        self.reviews: list[Review] = []

    async def review(self, review: Review) -> Verdict:
        self.reviews.append(review)
        return Verdict(self.violations)


async def test_all_violations_are_named_with_their_fields() -> None:
    rules = Rules(Violation("spec.name", "is reserved"), Violation("spec.owner", "is too long"))
    with pytest.raises(Refused) as refused:
        await refuse_invalid(rules, database())
    assert refused.value.reason == "InvalidSpec"
    assert refused.value.message == "spec.name: is reserved; spec.owner: is too long"


async def test_an_object_that_keeps_the_rules_goes_on() -> None:
    rules = Rules()
    await refuse_invalid(rules, database())
    assert [(review.kind, review.operation, review.old) for review in rules.reviews] == [("Database", "CREATE", None)]
