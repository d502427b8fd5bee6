"""The conformance suite on real servers, with plain names and with hostile ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from conformance.engine import EngineConformance
from dbaas.api.database import DatabaseSpec
from dbaas.api.grant import DatabaseGrantSpec
from dbaas.api.user import DatabaseUserSpec
from dbaas.contracts.engine import Address, Engine, Item, Login, References
from dbaas.contracts.statement import Statement
from dbaas.core.offload import InlineOffload
from dbaas.core.secrets import Secret
from dbaas.engines.postgres import statements
from dbaas.engines.postgres.blueprints.databases import describe_database
from dbaas.engines.postgres.blueprints.grants import describe_grant
from dbaas.engines.postgres.blueprints.users import describe_user
from dbaas.engines.postgres.comments import tag_with_comment
from dbaas.engines.postgres.engine import build_engine
from dbaas.engines.postgres.session import PostgresConnect
from fixtures.engines import Applier
from fixtures.postgres import RARE, VERSIONS, TestServer

pytestmark = pytest.mark.real_server
SERVER = {"kind": "DatabaseInstance", "name": "main"}
EXTENSIONS = {"16": "vector", "18": "vector"}  # of those that come with the server; others have "citext"
HOSTILE = {
    "plain": "shop",
    "quotes": "'a\"b''c\"\"`$$",
    "blanks": " with  blanks\tand\nlines ",
    "capitals": "CamelCase",
    "hyphens": "shop-app-1",
    "longest": "x" * 50,
    "letters": "größe-日本語-🐘",
    "attack": '"; DROP DATABASE postgres; --',
    "format": "{name} %s %(names)s {0}",
    "dots": "a.b.c",
    "keyword": "select",
    "backslash": "\\'; SELECT 1; --",
}


class TestPostgres(EngineConformance):
    @pytest.fixture
    def engine(self) -> Engine:
        return build_engine(InlineOffload())

    @pytest.fixture
    def address(self, postgres: TestServer) -> Address:
        return postgres.address

    @pytest.fixture(params=HOSTILE.values(), ids=HOSTILE.keys())
    def name(self, request: pytest.FixtureRequest, prefix: str) -> str:
        return f"{prefix}{request.param}"

    @pytest.fixture
    def items(self, name: str, postgres: TestServer) -> Sequence[Item]:
        things = [*users(name), *database(name, EXTENSIONS.get(postgres.version, "citext")), *grants(name, "public")]
        return [*things, *tags(things, name)]


def users(name: str) -> list[Item]:
    block = {"connectionLimit": 7, "validUntil": "2031-05-06T07:08:09Z", "createDB": True}
    owner = DatabaseUserSpec.model_validate({"instanceRef": SERVER, "username": f"{name}-o", "postgres": block})
    parameters = {"search_path": f'"{name}", public', "work_mem": "5MB"}
    more = {"inherit": False, "configParameters": parameters, "defaultRole": f"{name}-o"}
    memberships = [{"role": f"{name}-o", "admin": True}]
    app = DatabaseUserSpec.model_validate(
        {"instanceRef": SERVER, "username": f"{name}-a", "memberships": memberships, "postgres": more}
    )
    login = Login(Secret("pass'word \\ %s 日本語"), "1")
    return [*describe_user(owner, References(login=login)), *describe_user(app, References(login=login))]


def database(name: str, extension: str) -> list[Item]:
    block = {
        "encoding": "UTF8", "lcCollate": "C", "lcCtype": "C", "connectionLimit": 9, "isTemplate": True,
        "schemas": [{"name": name}, {"name": f"{name}-2", "owner": f"{name}-a"}],
        "extensions": [{"name": extension, "schema": name}],
    }  # fmt: skip
    body = {"instanceRef": SERVER, "name": name, "owner": f"{name}-o", "postgres": block}
    return list(describe_database(DatabaseSpec.model_validate(body), References()))


def grants(name: str, *schemas: str) -> list[Item]:
    privileges = [
        {"on": "database", "privileges": ["CONNECT", "TEMP"]},
        {"on": "schema", "schema": name, "privileges": ["USAGE"], "withGrantOption": True},
        {"on": "schema", "names": [f"{name}-2", *schemas], "privileges": ["ALL"]},
        {"on": "table", "schema": name, "names": ["*"], "privileges": ["ALL"]},
        {"on": "table", "schema": name, "privileges": ["SELECT", "INSERT"], "future": True},
        {"on": "sequence", "schema": name, "privileges": ["USAGE"], "future": True, "withGrantOption": True},
        {"on": "table", "privileges": ["REFERENCES"], "future": True},
        {"on": "schema", "privileges": ["USAGE"], "future": True},
    ]
    spec = DatabaseGrantSpec.model_validate(
        {"userRef": {"name": "app"}, "databaseRef": {"name": "db"}, "privileges": privileges}
    )
    references = References(database=name, database_owner=f"{name}-o", principal=f"{name}-a")
    return list(describe_grant(spec, references))


def tags(items: Sequence[Item], text: str) -> list[Item]:
    return [tag for item in items if (tag := tag_with_comment(item, text)) is not None]


@pytest.mark.versions(*RARE)
class TestPostgresOnTheOtherVersions(TestPostgres):
    @pytest.fixture
    def name(self, prefix: str) -> str:
        return f"{prefix}{HOSTILE['quotes']}"


@pytest.mark.versions(*VERSIONS)
class TestPostgresWithoutSuperuser(TestPostgres):
    """As on a managed cloud: our login may make roles and databases, and nothing else."""

    @pytest.fixture
    def name(self, prefix: str) -> str:
        return f"{prefix}shop"

    @pytest.fixture
    def items(self, name: str, postgres: TestServer) -> Sequence[Item]:
        """Extensions need more, unless their author trusts them to everybody; so does `public` before version 15."""
        schemas = ["public"] if int(postgres.version) >= 15 else []
        things = [*users(name), *database(name, "none"), *grants(name, *schemas)]
        left_out = {"extensions"} if schemas else {"extensions", "schemas public"}
        all_of_them = (*things, *tags(things, name))
        return [item for item in all_of_them if not left_out & {item.part, f"{item.part} {item.name}"}]

    @pytest.fixture
    async def address(self, postgres: TestServer, prefix: str) -> Address:  # type: ignore[override]
        login, password = f"{prefix}-admin", Secret("admin")
        options = [statements.attribute(words) for words in ("LOGIN", "CREATEDB", "CREATEROLE")]
        session = await PostgresConnect(InlineOffload())(postgres.address, None)
        query = statements.create_role(login, [*options, statements.password(login, password)])
        await session.execute([Statement(query)])
        await session.close()
        return replace(postgres.address, username=login, password=password)

    async def test_what_takes_the_rights_of_a_superuser_is_reported_and_the_rest_is_done(
        self, applier: Applier, address: Address, postgres: TestServer, prefix: str
    ) -> None:
        owner = DatabaseSpec.model_validate({"instanceRef": SERVER, "name": prefix, "owner": address.username})
        refused = []
        for item in describe_database(owner, References()):
            await applier.apply(item)
            refused += (await applier.plan(item)).changes
        is_old = int(postgres.version) < 15
        assert [(change.field, change.immutable) for change in refused] == ([("revokePublic", True)] if is_old else [])
        wanted = [
            {"on": "language", "names": ["plpgsql"], "privileges": ["USAGE"]},
            {"on": "table", "privileges": ["SELECT"], "future": True},
        ]
        spec = DatabaseGrantSpec.model_validate(
            {"userRef": {"name": "app"}, "databaseRef": {"name": "db"}, "privileges": wanted}
        )
        for item in users(prefix):
            await applier.apply(item)
        references = References(database=prefix, database_owner=f"{prefix}-o", principal=f"{prefix}-a")
        for item in describe_grant(spec, references):
            await applier.apply(item)
            left = await applier.plan(item)
            assert not left.statements
            assert [(change.field, change.immutable) for change in left.changes] == [
                ("privileges[language plpgsql]", True)
            ]
            assert "postgres, a superuser" in left.changes[0].why
