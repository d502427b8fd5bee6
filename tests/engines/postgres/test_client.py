"""Clients and connection strings, with every character that could break one."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import psycopg
import pytest

from dbaas.contracts.engine import Address, ClientLogin
from dbaas.contracts.statement import Statement
from dbaas.core.offload import InlineOffload
from dbaas.core.secrets import Secret
from dbaas.engines.postgres import statements
from dbaas.engines.postgres.client import publish, start_client
from dbaas.engines.postgres.session import PostgresConnect
from fixtures.postgres import TestServer

HOSTILE = "a b/c?d=e&f#g%h@i:j'k\"l\\ü"
LOGIN = ClientLogin(Address("::1", 5433, HOSTILE, Secret(HOSTILE), options={"sslMode": "require"}), HOSTILE)


def test_connection_strings_are_encoded() -> None:
    keys = publish(LOGIN)
    encoded = "a%20b%2Fc%3Fd%3De%26f%23g%25h%40i%3Aj%27k%22l%5C%C3%BC"
    assert keys["uri"] == f"postgresql://{encoded}:{encoded}@[::1]:5433/{encoded}?sslmode=require"
    query = f"user={encoded}&password={encoded}&sslmode=require"
    assert keys["jdbcUri"] == f"jdbc:postgresql://[::1]:5433/{encoded}?{query}"
    assert keys["sslmode"] == "require"


def test_the_password_is_in_the_environment_and_not_in_the_command() -> None:
    command = start_client(LOGIN)
    assert command.env["PGPASSWORD"] == HOSTILE and command.env["PGDATABASE"] == HOSTILE
    assert len(command.argv) == 1 and command.argv[0].endswith("psql")


@pytest.mark.real_server
async def test_psql_and_the_uri_get_in(postgres: TestServer, prefix: str) -> None:
    name, password = f"{prefix}{HOSTILE}", Secret(HOSTILE)
    session = await PostgresConnect(InlineOffload())(postgres.address, None)
    options = [statements.attribute("LOGIN"), statements.password(name, password)]
    made = statements.create_database(name, statements.DatabaseOptions(owner=name), session.server_version)
    await session.execute([Statement(statements.create_role(name, options))])
    await session.execute([Statement(made, transactional=False)])
    await session.execute([Statement(statements.set_allow_connections(name, True))])
    await session.close()
    login = ClientLogin(replace(postgres.address, username=name, password=password), name)
    async with await psycopg.AsyncConnection.connect(publish(login)["uri"]) as connection:
        assert (connection.info.user, connection.info.dbname) == (name, name)
    command = start_client(login)
    asked = [*command.argv, "-XAtc", "SELECT current_user || current_database()"]
    answer = subprocess.run(asked, env=dict(command.env), capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == name + name
