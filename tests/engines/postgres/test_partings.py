"""What comes before a role is dropped: by values alone, and on real servers with logins of both sorts."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from dbaas.api.role import DatabaseRoleSpec
from dbaas.api.user import DatabaseUserSpec
from dbaas.contracts.engine import Address, PlanRules, ServerFacts
from dbaas.contracts.parting import Belonging, Parting
from dbaas.core.offload import InlineOffload
from dbaas.core.secrets import Secret
from dbaas.engines.postgres.belongings import ObservedBelongings, Place
from dbaas.engines.postgres.engine import build_engine
from dbaas.engines.postgres.partings import part_from_role
from dbaas.engines.postgres.roles import Attributes, ObservedRole
from dbaas.lanes.lane import ServerLane
from dbaas.lanes.lanes import ServerLanes
from fixtures.postgres import TestServer, log_in

SUPERUSER = PlanRules(ServerFacts("18.4", 180004, "1", "postgres", frozenset({"superuser"})))
TABLE = Belonging("shop", "sales", "orders", "table")
BASE = Belonging("", "", "shop", "database")
HEIR = ObservedRole("heir", Attributes(superuser=False), -1, "infinity", None)


class Seen:
    """A server that shows what it is told to."""

    def __init__(self, *places: Place, heir: ObservedRole = HEIR, sessions: int = 0) -> None:
        self._belongings = ObservedBelongings("app", places, (BASE, TABLE), sessions)
        self._heir = heir

    async def __call__(self, part: str, database: str | None, names: Collection[str] | None) -> Mapping[str, Any]:
        if part == "roles":
            return {self._heir.name: self._heir}
        return {"app": self._belongings}


async def part(seen: Seen, **drop: Any) -> Parting:
    body = {"instanceRef": {"name": "main"}, "roleName": "app", "drop": drop}
    return await part_from_role(DatabaseRoleSpec.model_validate(body), seen, SUPERUSER)


def shown(parting: Parting) -> list[str]:
    runs = [statement for change in parting.changes for statement in change.statements]
    return [f"{statement.database or ''}: {statement.sql}" for statement in runs]


SHARED, SHOP, OTHER = Place("", 1, 1), Place("shop", 1, 2), Place("other", 0, 3)


async def test_what_it_owns_keeps_it_and_is_named() -> None:
    parting = await part(Seen(SHARED, SHOP, OTHER))
    assert parting.belongings == (BASE, TABLE) and parting.count == 2 and not parting.changes
    assert "spec.drop.reassignOwnedTo" in parting.resolution


async def test_what_it_owns_is_given_away_in_each_database() -> None:
    assert shown(await part(Seen(SHARED, SHOP, OTHER), reassignOwnedTo="heir")) == [
        ': REASSIGN OWNED BY "app" TO "heir"', 'shop: REASSIGN OWNED BY "app" TO "heir"'
    ]  # fmt: skip


async def test_privileges_are_revoked_after_everything_is_given_away() -> None:
    assert shown(await part(Seen(SHOP, OTHER), reassignOwnedTo="heir", revokePrivileges=True)) == [
        'shop: REASSIGN OWNED BY "app" TO "heir"', 'shop: DROP OWNED BY "app"', 'other: DROP OWNED BY "app"'
    ]  # fmt: skip


async def test_what_it_owns_is_dropped_if_that_is_said() -> None:
    assert shown(await part(Seen(SHOP, OTHER), dropOwned=True)) == [
        'shop: DROP OWNED BY "app"', 'other: DROP OWNED BY "app"'
    ]  # fmt: skip


async def test_to_revoke_privileges_never_drops_a_thing() -> None:
    parting = await part(Seen(SHOP, OTHER), revokePrivileges=True, checkOwnership=False)
    assert shown(parting) == ['other: DROP OWNED BY "app"']


@pytest.mark.parametrize(
    ("heir", "why"),
    [
        (replace(HEIR, attributes=Attributes(superuser=True)), "an administrator"),
        (replace(HEIR, name="somebody"), "does not exist"),
    ],
)
async def test_an_heir_that_cannot_be_is_told(heir: ObservedRole, why: str) -> None:
    parting = await part(Seen(SHOP, heir=heir), reassignOwnedTo="heir")
    assert parting.belongings and why in parting.resolution and not parting.changes


async def test_sessions_end_where_there_may_be_some() -> None:
    assert not (await part(Seen())).changes
    assert shown(await part(Seen(sessions=1))) == [
        ": SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'"
    ]
    user = DatabaseUserSpec.model_validate({"instanceRef": {"name": "main"}, "username": "app"})
    assert (await part_from_role(user, Seen(), SUPERUSER)).changes


class TestOnAServer:
    pytestmark = pytest.mark.real_server

    @pytest.fixture(params=["superuser", "createrole"])
    async def lane(
        self, request: pytest.FixtureRequest, lanes: ServerLanes, postgres: TestServer, prefix: str
    ) -> ServerLane:
        address: Address = postgres.address
        if request.param == "createrole":
            async with await log_in(postgres.address) as admin:
                await admin.execute(f"CREATE ROLE {prefix}admin LOGIN CREATEDB CREATEROLE PASSWORD 'x'".encode())
            address = replace(address, username=f"{prefix}admin", password=Secret("x"))
        return lanes.open("partings", build_engine(InlineOffload()), address, 3)

    async def test_a_user_goes_with_its_sessions_and_without_its_things(
        self, lane: ServerLane, postgres: TestServer, prefix: str
    ) -> None:
        name, heir = f"{prefix}'app", f"{prefix}heir"
        administrator = replace(lane.address, options=postgres.address.options)
        async with await log_in(administrator) as admin:
            await admin.execute(f"CREATE ROLE {heir}")
            await admin.execute(f"CREATE ROLE \"{name}\" LOGIN PASSWORD 'x'")
            await admin.execute(f"CREATE DATABASE {prefix}")
            await admin.execute(f'GRANT CREATE ON DATABASE {prefix} TO "{name}"')
        theirs = await log_in(replace(postgres.address, username=name, password=Secret("x")), prefix)
        await theirs.execute(f"CREATE SCHEMA {prefix}; CREATE TABLE {prefix}.t ()")
        rules = PlanRules(await lane.facts())
        body = {"instanceRef": {"name": "main"}, "username": name}
        held = await part_from_role(DatabaseUserSpec.model_validate(body), lane.observe, rules)
        assert {str(each) for each in held.belongings} == {
            f"table {prefix}.t in database '{prefix}'", f"schema {prefix} in database '{prefix}'"
        }  # fmt: skip
        body["drop"] = {"reassignOwnedTo": heir, "revokePrivileges": True}  # type: ignore[assignment]
        freed = await part_from_role(DatabaseUserSpec.model_validate(body), lane.observe, rules)
        await lane.execute([statement for change in freed.changes for statement in change.statements])
        with pytest.raises(psycopg.OperationalError):
            await asyncio.wait_for(theirs.execute("SELECT 1"), 5)
        await theirs.close()
        async with await log_in(administrator, prefix) as admin:
            await admin.execute(f'DROP ROLE "{name}"')
            row = await (
                await admin.execute(f"SELECT tableowner FROM pg_tables WHERE schemaname = '{prefix}'")
            ).fetchone()
        assert row == (heir,)
