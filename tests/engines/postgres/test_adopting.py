"""Only what is special is put into words, and what a manifest cannot have is told."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from dbaas.api.database import DATABASE
from dbaas.api.role import DATABASE_ROLE
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.engine import Closed, ServerFacts
from dbaas.contracts.statement import UNKNOWN
from dbaas.engines.postgres.adopting import MOST_ITEMS, PostgresAdopting
from dbaas.engines.postgres.databases import ObservedDatabase
from dbaas.engines.postgres.memberships import Held, ObservedMemberships
from dbaas.engines.postgres.privileges.entries import Entry, Target
from dbaas.engines.postgres.privileges.holdings import Inventory, ObservedPrivileges
from dbaas.engines.postgres.roles import Attributes, ObservedRole

FACTS = ServerFacts("18", 180000, "1", "admin")
ORDINARY = Attributes(True, False, False, False, False, False, True)


class Seen:
    """A server as its parts observe it; databases that are named `closed` let nobody in."""

    def __init__(self, **parts: Mapping[str, Any]) -> None:
        self._parts = parts

    async def __call__(self, part: str, database: str | None, names: Collection[str] | None) -> Mapping[str, Any]:
        if database == "closed":
            raise Closed("nobody may connect")
        return self._parts.get(part, {})


async def test_an_ordinary_database_states_its_owner_and_nothing_else() -> None:
    plain = ObservedDatabase("shop", "ann", "UTF8", "C", "C", False, True, -1, True, True, "libc")
    special = ObservedDatabase("old", "ann", "UTF8", "C", "C", True, False, 0, True, True, "libc")
    look = Seen(databases={"shop": plain, "old": special})
    found = await PostgresAdopting().describe(look, FACTS, DATABASE, ["shop", "old", "gone"], [])
    assert found.keys() == {"shop", "old"}
    assert found["shop"].spec == {"name": "shop", "owner": "ann", "revokePublic": False, "deletionPolicy": "Retain"}
    assert found["old"].spec["postgres"] == {"connectionLimit": 0, "isTemplate": True, "allowConnections": False}


async def test_a_user_keeps_its_password_and_a_role_says_what_it_may() -> None:
    roles = {
        "ann": ObservedRole("ann", ORDINARY, 3, "infinity", UNKNOWN),
        "ops": ObservedRole("ops", Attributes(False, True, False, False, False, True, False), -1, "infinity", None),
    }
    user = (await PostgresAdopting().describe(Seen(roles=roles), FACTS, DATABASE_USER, ["ann"], []))["ann"].spec
    assert user["passwordSecret"] == {"generate": False}
    assert user["postgres"] == {"connectionLimit": 3}
    role = (await PostgresAdopting().describe(Seen(roles=roles), FACTS, DATABASE_ROLE, ["ops"], []))["ops"].spec
    assert role["postgres"] == {"superuser": True, "bypassRLS": True, "inherit": False}


async def test_options_of_memberships_are_said_where_they_are_not_the_usual_ones() -> None:
    held = (
        Held("a", "x", False, False), Held("b", "x", False, True, False, False), Held("b", "y", False, False, False),
        Held("c", "x", False, False, False, False), Held("admin", "x", False, False),
    )  # fmt: skip
    look = Seen(
        roles={"ann": ObservedRole("ann", ORDINARY, -1, "infinity", None)},
        memberships={"ann": ObservedMemberships("ann", held)},
    )
    described = (await PostgresAdopting().describe(look, FACTS, DATABASE_USER, ["ann"], []))["ann"]
    assert described.spec["memberships"] == [
        {"role": "a"}, {"role": "b", "admin": True, "inherit": False}, {"role": "c", "inherit": False, "set": False},
    ]  # fmt: skip
    (left_out,) = described.left_out
    assert "member of 'admin'" in left_out


async def test_more_privileges_than_a_manifest_can_say_are_told() -> None:
    many = frozenset(Entry(Target("table", f"s{number}", "t"), "SELECT") for number in range(MOST_ITEMS + 2))
    many |= {Entry(Target("table", "s", "*"), "SELECT")}
    look = Seen(
        roles={"ann": ObservedRole("ann", ORDINARY, -1, "infinity", None)},
        privileges={"ann": ObservedPrivileges("ann", many, Inventory())},
    )
    described = (await PostgresAdopting().describe(look, FACTS, DATABASE_USER, ["ann"], ["closed", "shop"]))["ann"]
    assert len(described.spec["privileges"]) == MOST_ITEMS
    assert described.left_out == (
        f"2 of {MOST_ITEMS + 2} lists of privileges", "what it may do with things that are called '*'",
    )  # fmt: skip
