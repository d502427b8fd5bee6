"""Tags all the way to real servers, as a superuser and as a login of a managed cloud."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest

from dbaas.api.database import DATABASE
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import Kind
from dbaas.api.role import DATABASE_ROLE
from dbaas.api.user import DATABASE_USER
from dbaas.core.secrets import Secret
from fixtures.grounds import Ground
from fixtures.inhabited import real_world
from fixtures.postgres import TestServer, log_in
from simulation.world import World

pytestmark = pytest.mark.real_server
GUESTS = "guests"


@dataclass
class Place:
    """A control plane with one real server; names of real things begin with `name`."""

    world: World
    server: TestServer
    name: str

    async def settle(self) -> None:
        await self.world.settle(quiet_seconds=0.6, limit_seconds=60.0)

    async def run(self, *statements: str) -> None:
        async with await log_in(self.server.address) as connection:
            for statement in statements:
                await connection.execute(statement.encode())

    async def comments(self) -> list[str | None]:
        """Of the database first, then of the role and of the user."""
        query = f"""
            SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '{self.name}'
            UNION ALL SELECT shobj_description(oid, 'pg_authid') FROM (
                SELECT oid FROM pg_roles WHERE rolname IN ('{self.name}-o', '{self.name}-u') ORDER BY rolname) roles
        """
        async with await log_in(self.server.address) as connection:
            return [row[0] for row in await (await connection.execute(query.encode())).fetchall()]

    def sent(self) -> list[str]:
        """The comments that our login has written to these things."""
        said = self.server.statements("dbaas")
        return [statement for statement in said if "COMMENT ON" in statement and self.name in statement]

    async def make_shop(self, namespace: str = "default") -> None:
        here = {"instanceRef": {"name": "main", "namespace": self.world.named("default")}}
        await self.world.make(DATABASE_ROLE, "owner", {**here, "roleName": f"{self.name}-o"}, namespace)
        await self.world.make(DATABASE_USER, "app", {**here, "username": f"{self.name}-u"}, namespace)
        await self.world.make(DATABASE, "shop", {**here, "name": self.name, "owner": f"{self.name}-o"}, namespace)
        await self.settle()

    async def track(self, **tracking: object) -> None:
        await self.world.change(DATABASE_INSTANCE, "main", {"resourceTracking": tracking})
        await self.settle()

    async def ready(self, namespace: str = "default") -> list[tuple[str, str]]:
        shop: list[tuple[Kind, str]] = [(DATABASE_ROLE, "owner"), (DATABASE_USER, "app"), (DATABASE, "shop")]
        return [await self.world.ready(kind, name, namespace) for kind, name in shop]


@pytest.fixture(params=["superuser", "createrole"])
async def place(
    request: pytest.FixtureRequest, postgres: TestServer, prefix: str, ground: Ground
) -> AsyncIterator[Place]:
    login = postgres.address
    if request.param == "createrole":
        async with await log_in(postgres.address) as admin:
            await admin.execute(f"CREATE ROLE {prefix}admin LOGIN CREATEDB CREATEROLE PASSWORD 'x'".encode())
        login = replace(login, username=f"{prefix}admin", password=Secret("x"))
    async with real_world(ground, GUESTS) as world:
        await world.make_secret("admin", {"username": login.username, "password": login.password.reveal()})
        connection = {"host": login.host, "port": login.port, "secretRef": {"name": "admin"}}
        spec = {"engine": "postgres", "connection": connection, "allowedNamespaces": [world.named(GUESTS)]}
        await world.make(DATABASE_INSTANCE, "main", {**spec, "postgres": {"sslMode": "disable"}})
        yield Place(world, postgres, prefix)


def ours(place: Place, namespace: str = "default") -> list[str]:
    return [
        f"managed by dbaas: {kind} {place.world.named(namespace)}/{name}"
        for kind, name in (("Database", "shop"), ("DatabaseRole", "owner"), ("DatabaseUser", "app"))
    ]


async def test_tags_are_written_changed_and_taken_away_with_the_switch(place: Place) -> None:
    await place.make_shop()
    assert await place.comments() == [None, None, None]
    await place.track(enabled=True)
    assert await place.comments() == ours(place)
    await place.track(enabled=True, commentFormat="{{ .Operator }} has it's \\ {{ .Name | quote }}")
    assert await place.comments() == [f'dbaas has it\'s \\ "{name}"' for name in ("shop", "owner", "app")]
    await place.track(enabled=False)
    assert await place.comments() == [None, None, None]
    assert await place.ready() == [("True", "Applied")] * 3


async def test_new_things_are_tagged_and_the_second_time_nothing_is_sent(place: Place) -> None:
    await place.track(enabled=True)
    await place.make_shop()
    assert await place.comments() == ours(place)
    assert await place.ready() == [("True", "Applied")] * 3
    assert len(place.sent()) == 3
    await place.world.change(DATABASE_INSTANCE, "main", {"maxConnections": 4})
    await place.settle()
    assert len(place.sent()) == 3


async def test_comments_of_others_survive_all_of_it(place: Place) -> None:
    await place.make_shop()
    marked = [f'ON DATABASE "{place.name}"', f'ON ROLE "{place.name}-o"', f'ON ROLE "{place.name}-u"']
    await place.run(*(f"COMMENT {what} IS 'theirs'" for what in marked))
    await place.track(enabled=True)
    assert await place.comments() == ["theirs"] * 3
    await place.track(enabled=False)
    assert await place.comments() == ["theirs"] * 3
    assert await place.ready() == [("True", "Applied")] * 3


async def test_what_is_retained_loses_its_tag(place: Place) -> None:
    await place.track(enabled=True)
    await place.make_shop()
    await place.world.delete(DATABASE, "shop")
    await place.settle()
    assert await place.world.look(DATABASE, "shop") is None
    assert await place.comments() == [None, *ours(place)[1:]]


async def test_things_of_guests_are_tagged_as_well(place: Place) -> None:
    await place.world.make_namespace(GUESTS)
    await place.track(enabled=True)
    await place.make_shop(GUESTS)
    assert await place.ready(GUESTS) == [("True", "Applied")] * 3
    assert await place.comments() == ours(place, GUESTS)
