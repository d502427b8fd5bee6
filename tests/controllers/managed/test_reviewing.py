"""Who wants what is there is found among all objects that are on the same server, and no others."""

from __future__ import annotations

import pytest

from dbaas.api.database import DATABASE
from dbaas.contracts.engine import Closed, Inventory
from dbaas.contracts.reconcile import Refused
from dbaas.contracts.reviewing import Subject
from dbaas.controllers.managed.reviewing import Asked, Reviewed, review
from fixtures.looking import Slate


async def ask(slate: Slate, about: Subject = "database", name: str = "shop", **more: str) -> list[Reviewed]:
    return await review(slate.client, slate.lanes, slate.registry, Asked(about, "default", name, **more))


def objects(found: list[Reviewed], who: str) -> list[tuple[str, ...]]:
    return [reason.objects for each in found if each.path.who == who for reason in each.reasons]


async def test_the_object_that_wants_it_is_named() -> None:
    slate = Slate()
    slate.put_database("shop", owner="ann")
    slate.put_database("other", owner="ann")
    found = await ask(slate, database="shop")
    assert objects(found, "ann") == [("Database default/shop",)]
    (reason,) = (reason for each in found if each.path.who == "eve" for reason in each.reasons)
    assert (reason.objects, reason.declarable) == ((), False)


async def test_objects_under_another_name_of_the_server_count_and_those_of_other_servers_do_not() -> None:
    slate = Slate()
    slate.put_instance("alias", identity="one")
    slate.put_instance("elsewhere", identity="two")
    slate.put_database("a", server="alias", real="shop", owner="ann")
    slate.put_database("b", server="elsewhere", real="shop", owner="ann")
    assert objects(await ask(slate, instance="main", database="shop"), "ann") == [("Database default/a",)]


async def test_an_object_that_an_older_one_keeps_out_declares_nothing() -> None:
    slate = Slate()
    condition = {
        "type": "Ready",
        "status": "False",
        "reason": "AlreadyManaged",
        "message": "",
        "lastTransitionTime": "",
    }
    spec = {"instanceRef": {"name": "main"}, "name": "shop", "owner": "ann"}
    slate.put(DATABASE, "late", spec, conditions=[{**condition, "lastTransitionTime": "2026-01-01T00:00:00Z"}])
    assert objects(await ask(slate, instance="main", database="shop"), "ann") == [()]


async def test_of_a_role_every_database_is_looked_at_that_lets_us_in() -> None:
    slate = Slate(Inventory(("closed", "shop", "stock"), ("ann",), ()))
    found = await ask(slate, "role", "ann", instance="main")
    assert slate.lanes.lane.visited == ["closed", "shop", "stock"]
    assert [(each.path.who, each.database) for each in found].count(("eve", "")) == 1
    with pytest.raises(Closed):
        await ask(slate, "schema", "s", instance="main", database="closed")


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"database": "gone"}, "there is no Database 'gone' in namespace 'default'"),
        ({"about": "role", "name": "gone"}, "there is no DatabaseUser or DatabaseRole or ClusterDatabaseRole 'gone'"),
        ({"instance": "gone", "database": "x"}, "there is no DatabaseInstance default/gone"),
        ({"instance": "main", "database": "x", "name": "none"}, "there is no database 'none' on DatabaseInstance"),
        ({"instance": "flint", "database": "x"}, "engine 'flint' cannot tell who may do what"),
    ],
)
async def test_what_cannot_be_answered_is_said(asked: dict[str, str], why: str) -> None:
    slate = Slate()
    slate.put_instance("flint", "flint")
    with pytest.raises(Refused, match=why):
        await ask(slate, **asked)  # type: ignore[arg-type]
