"""What everybody may do by several objects: a database that gives it to future objects, and a grant to all."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from dbaas.api.database import DATABASE
from dbaas.api.grant import DATABASE_GRANT
from dbaas.api.role import DATABASE_ROLE
from fixtures.grounds import Ground
from fixtures.inhabited import Inhabited, introduce, real_world
from fixtures.postgres import TestServer, named

pytestmark = pytest.mark.real_server
HERE = {"instanceRef": {"name": "main"}}


@pytest.fixture
async def place(postgres_18: TestServer, prefix: str, ground: Ground) -> AsyncIterator[Inhabited]:
    async with real_world(ground) as world:
        options = {"sslMode": "disable", "applicationName": prefix}
        await introduce(world, postgres_18.address, postgres=options)
        yield Inhabited(world, postgres_18, named(postgres_18.address, prefix), prefix)


async def test_what_a_grant_gives_everybody_is_not_taken_away_by_a_database_that_gave_it_too(place: Inhabited) -> None:
    name, world = place.name, place.world
    await world.make(DATABASE_ROLE, "owner", {**HERE, "roleName": f"{name}owner"})
    default = {"role": "public", "schema": "sales", "objectType": "tables", "privileges": ["SELECT"]}
    options = {"schemas": [{"name": "sales"}], "defaultPrivileges": [default]}
    await world.make(DATABASE, "shop", {**HERE, "name": name, "owner": f"{name}owner", "postgres": options})
    entry = {"on": "table", "schema": "sales", "privileges": ["SELECT"], "future": True, "grantor": f"{name}owner"}
    await world.make(DATABASE_GRANT, "all", {"public": True, "databaseRef": {"name": "shop"}, "privileges": [entry]})
    await place.settle(patiently=True)
    assert await world.ready(DATABASE_GRANT, "all") == ("True", "Applied")
    await world.change(DATABASE, "shop", {"postgres": {"defaultPrivileges": []}})
    await place.settle(patiently=True)
    assert await world.ready(DATABASE, "shop") == ("True", "Applied")
    assert await place.ask("SELECT defaclacl::text FROM pg_default_acl", name) == [(f"{{=r/{name}owner}}",)]
    assert not [said for said in place.server.statements(name) if said.startswith("ALTER DEFAULT") and "REVOKE" in said]
