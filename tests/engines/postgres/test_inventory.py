"""What is the server's own is hidden."""

from __future__ import annotations

import pytest

from dbaas.contracts.engine import Inventory
from dbaas.core.offload import InlineOffload
from dbaas.engines.postgres.blueprints.parts import DATABASES, ROLES
from dbaas.engines.postgres.databases import Databases
from dbaas.engines.postgres.inventory import take_inventory
from dbaas.engines.postgres.probe import probe
from dbaas.engines.postgres.roles import Roles
from dbaas.engines.postgres.session import PostgresConnect
from fixtures.postgres import TestServer, log_in

pytestmark = pytest.mark.real_server


async def test_all_is_found_but_the_servers_own(postgres_16: TestServer, prefix: str) -> None:
    person = await log_in(postgres_16.address)
    for statement in (f'CREATE ROLE "{prefix}-r"', f'CREATE ROLE "{prefix}-u" LOGIN', f'CREATE DATABASE "{prefix}-d"'):
        await person.execute(statement.encode())
    await person.close()
    session = await PostgresConnect(InlineOffload())(postgres_16.address, None)
    observed = {DATABASES: await Databases().observe(session, None), ROLES: await Roles().observe(session, None)}
    found = take_inventory(observed, await probe(session))
    await session.close()
    mine = Inventory(*(tuple(n for n in names if n.startswith(prefix)) for names in vars(found).values()))
    assert mine == Inventory((f"{prefix}-d",), (f"{prefix}-u",), (f"{prefix}-r",))
    assert not {"postgres", "template0", "template1"} & {*found.databases, *found.users}
    assert not [name for name in found.roles if name.startswith("pg_")]
