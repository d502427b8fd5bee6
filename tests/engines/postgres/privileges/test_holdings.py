"""What the catalogue says of privileges."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbaas.core.offload import InlineOffload
from dbaas.engines.postgres.privileges.entries import Entry, Target
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
