"""Rules for objects of foreign groups."""

from __future__ import annotations

from typing import Any

from dbaas.admission import RuleAdmission
from dbaas.api.resource import Key, Kind, Resource
from dbaas.contracts.admission import Review
from dbaas.contracts.registry import Registry
from fixtures.dialects import FURNITURE, GROUP

REGISTRY = Registry(dialects={GROUP: FURNITURE})


async def find_nothing(kind: Kind, key: Key) -> Resource | None:
    return None


def shelf(spec: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    given = {"name": "books", "policy": "Retain", "protected": False, **spec}
    return {"metadata": {"name": "top", "namespace": "default", **metadata}, "spec": given}


async def check(new: dict[str, Any], old: dict[str, Any] | None = None) -> list[tuple[str, str]]:
    review = Review("CREATE" if old is None else "UPDATE", GROUP, "v1", "Shelf", new, old)
    verdict = await RuleAdmission(REGISTRY, find_nothing).review(review)
    return [(violation.field, violation.message) for violation in verdict.violations]


async def test_what_the_dialect_refuses_is_refused() -> None:
    assert await check(shelf({})) == []
    assert await check(shelf({"wobbles": True})) == [("spec.wobbles", "shelves here stand still")]


async def test_what_ours_refuse_is_told_at_the_spec_with_our_field() -> None:
    ((field, message),) = await check(shelf({"policy": "Snapshot"}))
    assert field == "spec.deletionPolicy" and "has no backups" in message


async def test_one_that_goes_or_did_not_change_is_left_alone() -> None:
    wrong = shelf({"wobbles": True})
    assert await check(wrong, wrong) == []
    assert await check(shelf({"wobbles": True}, deletionTimestamp="2026-01-01T00:00:00Z")) == []
