"""What stands for no object yet becomes one, with a name of its own; what does is left to its object."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.api.database import DATABASE
from dbaas.api.role import DATABASE_ROLE
from dbaas.contracts.engine import Inventory
from dbaas.contracts.reconcile import Refused
from dbaas.controllers.managed.adopting import Found, Sought, find_adoptable
from fixtures.looking import Slate

THERE = Inventory(("Old Shop", "shop", "stock"), ("ann",), ("ops",))
ALL = ("databases", "users", "roles")


async def seek(slate: Slate, sought: Sought) -> dict[str, Found]:
    return {each.name: each for each in await find_adoptable(slate.client, slate.lanes, slate.registry, sought)}


def sought(**more: Any) -> Sought:
    return Sought("default", "main", **{"fields": ALL, **more})


async def test_what_there_is_is_told_with_the_object_that_stands_for_it() -> None:
    slate = Slate(THERE)
    slate.put_database("mine", real="shop")
    slate.put(DATABASE_ROLE, "people", {"instanceRef": {"name": "main"}, "roleName": "ann"})
    found = await seek(slate, sought())
    assert {name: each.managed_by for name, each in found.items() if each.managed_by} == {
        "shop": "Database default/mine", "ann": "DatabaseRole default/people",
    }  # fmt: skip
    assert {each.body for each in found.values()} == {None}


async def test_all_that_stands_for_no_object_is_put_into_words() -> None:
    slate = Slate(THERE)
    slate.put_database("mine", real="shop")
    found = await seek(slate, sought(everything=True, with_privileges=True))
    assert [name for name, each in found.items() if each.body is None] == ["shop"]
    body = found["stock"].body
    assert body is not None
    assert body["metadata"] == {"name": "stock", "namespace": "default"}
    assert body["spec"] == {"instanceRef": {"name": "main"}, "name": "stock", "seen": ["Old Shop", "shop", "stock"]}
    assert found["stock"].left_out == ("its colour",)


async def test_only_what_is_named_is_put_into_words() -> None:
    found = await seek(Slate(THERE), sought(fields=("databases",), names=("Old Shop",)))
    bodies = [each.body for each in found.values() if each.body is not None]
    assert [body["spec"]["seen"] for body in bodies] == [[]]
    assert found.keys() == {"Old Shop", "shop", "stock"}


async def test_a_name_that_another_object_has_is_not_used() -> None:
    slate = Slate(THERE)
    for name in ("stock", "stock-main"):
        slate.put_database(name, server="elsewhere")
    body = (await seek(slate, sought(names=("stock",))))["stock"].body
    assert body is not None and body["metadata"]["name"] == "stock-2"
    assert body["kind"] == DATABASE.kind


async def test_what_cannot_be_adopted_is_named_and_why() -> None:
    slate = Slate(THERE)
    slate.put_database("mine", real="shop")
    slate.put_instance("flint", "flint")
    with pytest.raises(Refused, match="'shop' is managed by Database default/mine already; 'gone' is not among the "):
        await seek(slate, sought(names=("shop", "gone")))
    with pytest.raises(Refused, match="nothing can be adopted from engine 'flint'"):
        await seek(slate, Sought("default", "flint", ("users",)))
