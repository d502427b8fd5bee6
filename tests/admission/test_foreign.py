"""Rules for objects of foreign groups."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dbaas.admission import Find, RuleAdmission
from dbaas.api.resource import Key, Kind, Resource, build_resource
from dbaas.contracts.admission import Review, Violation
from dbaas.contracts.dialect import Found, Translation
from dbaas.contracts.registry import Registry
from fixtures.dialects import FURNITURE, GROUP, SHELVES
from fixtures.registries import SLATE

REGISTRY = Registry(dialects={GROUP: FURNITURE})


async def find_nothing(kind: Kind, key: Key) -> Resource | None:
    return None


def shelf(spec: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    given = {"name": "books", "policy": "Retain", "protected": False, **spec}
    return {"metadata": {"name": "top", "namespace": "default", **metadata}, "spec": given}


async def check(
    new: dict[str, Any], old: dict[str, Any] | None = None, registry: Registry = REGISTRY, find: Find = find_nothing
) -> list[tuple[str, str]]:
    review = Review("CREATE" if old is None else "UPDATE", GROUP, "v1", "Shelf", new, old)
    verdict = await RuleAdmission(registry, find).review(review)
    return [(violation.field, violation.message) for violation in verdict.violations]


async def test_what_the_dialect_refuses_is_refused() -> None:
    assert await check(shelf({})) == []
    assert await check(shelf({"wobbles": True})) == [("spec.wobbles", "shelves here stand still")]


async def test_what_ours_refuse_is_told_at_the_spec_with_our_field_where_the_foreign_kind_has_no_such() -> None:
    ((field, message),) = await check(shelf({"policy": "Snapshot"}))
    assert field == "spec" and message.startswith("as Database, spec.deletionPolicy: a last backup")


async def test_what_the_dialect_says_of_a_field_counts_more_than_what_ours_say() -> None:
    def refuse(resource: Resource, found: Found) -> Translation:
        return replace(SHELVES.translate(resource, found), refused=(Violation("spec", "not like this"),))

    strict = replace(FURNITURE, kinds=(replace(SHELVES, translate=refuse),))
    found = await check(shelf({"policy": "Snapshot"}), registry=Registry(dialects={GROUP: strict}))
    assert found == [("spec", "not like this")]


async def test_a_field_that_nobody_here_understands_is_refused_and_not_lost() -> None:
    def add(resource: Resource, found: Found) -> Translation:
        (body,) = SHELVES.translate(resource, found).objects
        return Translation(({**body, "spec": {**body["spec"], "marble": {"polish": True}}},))

    careless = replace(FURNITURE, kinds=(replace(SHELVES, translate=add),))
    ((field, message),) = await check(shelf({}), registry=Registry(dialects={GROUP: careless}))
    assert field == "spec" and "no engine of this installation has a block 'marble'" in message


@pytest.mark.parametrize(
    ("path", "is_there"),
    [
        ("spec.name", True),
        ("spec.nothing", False),
        ("spec.name.more", False),
        ("status.conditions[0].type", True),
        ("status.conditions[0].nothing", False),
        ("metadata.annotations[a.b/c]", True),
    ],
)
async def test_a_field_of_ours_stays_where_the_foreign_kind_has_it_too(path: str, is_there: bool) -> None:
    rules = {"Database": (lambda spec: [Violation(path, "no")],)}
    engine = replace(SLATE, rules=rules, blueprints={"Database": lambda spec, references: ()})

    async def find(kind: Kind, key: Key) -> Resource | None:
        metadata = {"name": key.name, "namespace": key.namespace}
        return build_resource(kind, {"metadata": metadata, "spec": {"engine": "slate"}})

    registry = Registry({"slate": engine}, dialects={GROUP: FURNITURE})
    ((field, _),) = await check(shelf({}), registry=registry, find=find)
    assert field == (path if is_there else "spec")


async def test_one_that_goes_or_did_not_change_is_left_alone() -> None:
    wrong = shelf({"wobbles": True})
    assert await check(wrong, wrong) == []
    assert await check(shelf({"wobbles": True}, deletionTimestamp="2026-01-01T00:00:00Z")) == []
