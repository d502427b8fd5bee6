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
from dbaas.engines.postgres.engine import build_engine
from dbaas.engines.postgres.session import PostgresConnect
from fixtures.postgres import TestServer

pytestmark = pytest.mark.real_server
SERVER = {"kind": "DatabaseInstance", "name": "main"}
EXTENSIONS = {"15": "citext"}  # of those that come with the server
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
        return [*users(name), *database(name, EXTENSIONS.get(postgres.version, "vector")), *grants(name)]


def users(name: str) -> list[Item]:
    block = {"connectionLimit": 7, "validUntil": "2031-05-06T07:08:09Z", "createDB": True}
    owner = DatabaseUserSpec.model_validate({"instanceRef": SERVER, "username": f"{name}-o", "postgres": block})
    app = DatabaseUserSpec.model_validate(
        {"instanceRef": SERVER, "username": f"{name}-a", "postgres": {"inherit": False}}
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


def grants(name: str) -> list[Item]:
    privileges = [
        {"on": "database", "privileges": ["CONNECT", "TEMP"]},
        {"on": "schema", "schema": name, "privileges": ["USAGE"], "withGrantOption": True},
        {"on": "schema", "names": [f"{name}-2", "public"], "privileges": ["ALL"]},
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


class TestPostgresWithoutSuperuser(TestPostgres):
    """As on a managed cloud: our login may make roles and databases, and nothing else."""

    @pytest.fixture
    def name(self, prefix: str) -> str:
        return f"{prefix}shop"

    @pytest.fixture
    def items(self, name: str, postgres: TestServer) -> Sequence[Item]:
        """Extensions need more, unless their author trusts them to everybody."""
        return [item for item in (*users(name), *database(name, "none"), *grants(name)) if item.part != "extensions"]

    @pytest.fixture
    async def address(self, postgres: TestServer, prefix: str) -> Address:  # type: ignore[override]
        login, password = f"{prefix}-admin", Secret("admin")
        options = [statements.attribute(words) for words in ("LOGIN", "CREATEDB", "CREATEROLE")]
        session = await PostgresConnect(InlineOffload())(postgres.address, None)
        query = statements.create_role(login, [*options, statements.password(login, password)])
        await session.execute([Statement(query)])
        await session.close()
        return replace(postgres.address, username=login, password=password)
