"""What the catalogue says of privileges."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbaas.core.offload import InlineOffload
from dbaas.engines.postgres.privileges.entries import PARAMETERS_SINCE, Entry, Target
from dbaas.engines.postgres.privileges.holdings import Inventory, Place, read_inside, read_large_objects, read_on_server
from dbaas.engines.postgres.session import PostgresConnect
from fixtures.postgres import TestServer, log_in


def test_an_inventory_knows_owners_and_what_is_not_there() -> None:
    inventory = Inventory({Place("table", "sales"): {"orders": "owner"}})
    assert inventory.owner(Target("table", "sales", "orders")) == "owner"
    assert inventory.owner(Target("table", "sales", "nothing")) is None
    assert list(inventory.names("table", "nowhere")) == []


@pytest.mark.real_server
async def test_every_role_that_exists_gets_an_answer(postgres: TestServer, prefix: str) -> None:
    async with await log_in(postgres.address) as admin:
        await admin.execute(f'CREATE ROLE "{prefix}"'.encode())
    session = await PostgresConnect(InlineOffload())(postgres.address, None)
    for read in (read_inside, read_large_objects, read_on_server):
        by_name = await read(session, [prefix, f"{prefix} nobody"])
        assert set(by_name) == {prefix} and by_name[prefix].held == frozenset()
        everything = await read(session, None)
        assert prefix in everything and not any(name.startswith("pg_") for name in everything)
    await session.close()


@pytest.mark.real_server
async def test_parameters_are_known_and_those_that_somebody_has_been_granted_are_told_apart(
    postgres: TestServer, prefix: str
) -> None:
    place = Place("parameter", "")
    session = await PostgresConnect(InlineOffload())(postgres.address, None)
    if session.server_version < PARAMETERS_SINCE:
        pytest.skip("before PostgreSQL 15 parameters cannot be granted")
    async with await log_in(postgres.address) as admin:
        await admin.execute(f'CREATE ROLE "{prefix}"'.encode())
        for granted in ("log_planner_stats", "other.not_known_to_anybody"):
            await admin.execute(f'GRANT SET ON PARAMETER "{granted}" TO "{prefix}"'.encode())
    for _ in range(2):
        seen = (await read_on_server(session, [prefix]))[prefix]
        assert {entry.target.name for entry in seen.held} == {"log_planner_stats", "other.not_known_to_anybody"}
        assert {"work_mem", "log_planner_stats", "other.not_known_to_anybody"} <= set(seen.inventory.names(*place))
        assert (place, "work_mem") in seen.inventory.untouched
        assert (place, "log_planner_stats") not in seen.inventory.untouched
        assert seen.inventory.owner(Target("parameter", name="work_mem")) is not None
        assert seen.inventory.owner(Target("parameter", name="server_version")) is None, "nobody can set it"
    await session.close()


@pytest.mark.real_server
async def test_members_of_an_owner_count_as_the_owner(postgres: TestServer, prefix: str) -> None:
    owner, member, friend = (f"{prefix}-{name}" for name in ("owner", "member", "friend"))
    async with await log_in(postgres.address) as admin:
        for statement in (f'CREATE ROLE "{owner}"', f'CREATE ROLE "{member}" IN ROLE "{owner}"',
                          f'CREATE ROLE "{friend}" IN ROLE "{member}"',
                          f'CREATE DATABASE "{prefix}" OWNER "{owner}"'):  # fmt: skip
            await admin.execute(statement.encode())
    session = await PostgresConnect(InlineOffload())(postgres.address, None)
    inventory = (await read_on_server(session, [owner]))[owner].inventory
    await session.close()
    assert inventory.acts_as(member, owner) and inventory.acts_as(friend, owner)
    assert not inventory.acts_as(owner, member)


@pytest.mark.real_server
async def test_what_a_third_party_gave_on_is_told_apart(postgres: TestServer, prefix: str) -> None:
    """It cannot be taken back as what the owner gave, so it must not look as if it could."""
    owner, friend, guest = (f"{prefix}-{name}" for name in ("owner", "friend", "guest"))
    async with await log_in(postgres.address) as admin:
        for statement in (f'CREATE ROLE "{owner}"', f'CREATE ROLE "{friend}"', f'CREATE ROLE "{guest}"',
                          f'CREATE SCHEMA "{prefix}" AUTHORIZATION "{owner}"',
                          f'GRANT USAGE ON SCHEMA "{prefix}" TO "{friend}" WITH GRANT OPTION', f'SET ROLE "{friend}"',
                          f'GRANT USAGE ON SCHEMA "{prefix}" TO "{guest}"'):  # fmt: skip
            await admin.execute(statement.encode())
    session = await PostgresConnect(InlineOffload())(postgres.address, None)
    seen = await read_inside(session, [owner, friend, guest])
    await session.close()
    usage = Entry(Target("schema", name=prefix), "USAGE")
    assert seen[friend].held == {usage, Entry(usage.target, "USAGE", grantable=True)}
    assert seen[guest].held == {Entry(replace(usage.target, grantor=friend), "USAGE")}
    assert seen[owner].held == frozenset()
    assert seen[guest].inventory.may_give(usage.target, "USAGE") == {friend}
    assert seen[guest].inventory.owner(usage.target) == owner
