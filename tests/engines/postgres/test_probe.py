"""What a server says of itself and of our login."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbaas.core.offload import InlineOffload
from dbaas.core.secrets import Secret
from dbaas.engines.postgres.probe import probe
from dbaas.engines.postgres.session import PostgresConnect
from fixtures.postgres import TestServer, log_in

pytestmark = pytest.mark.real_server
connect = PostgresConnect(InlineOffload())


async def test_a_superuser_sees_all(postgres: TestServer) -> None:
    session = await connect(postgres.address, None)
    facts = await probe(session)
    await session.close()
    assert facts.version.startswith(f"{postgres.version}.") and facts.version_number // 10000 == int(postgres.version)
    assert facts.login == "postgres" and facts.memberships == frozenset()
    assert facts.capabilities == {"superuser", "createdb", "createrole", "replication"}


async def test_every_login_sees_the_same_identity(postgres: TestServer, prefix: str) -> None:
    async with await log_in(postgres.address) as admin:
        for statement in (f'CREATE ROLE "{prefix}" LOGIN CREATEDB PASSWORD \'x\'', f'CREATE ROLE "{prefix}-group"',
                          f'GRANT "{prefix}-group" TO "{prefix}"'):  # fmt: skip
            await admin.execute(statement.encode())
    ours, theirs = await connect(postgres.address, None), await connect(
        replace(postgres.address, username=prefix, password=Secret("x")), None
    )  # fmt: skip
    facts, other = await probe(ours), await probe(theirs)
    await ours.close()
    await theirs.close()
    assert facts.identity == other.identity and facts.identity.isdigit()
    assert other.capabilities == {"createdb"} and other.memberships == {f"{prefix}-group"}


async def test_an_identity_that_may_not_be_read_is_the_address(postgres_18: TestServer, prefix: str) -> None:
    async with await log_in(postgres_18.address) as admin:
        await admin.execute(f'CREATE DATABASE "{prefix}"'.encode())
        await admin.execute(f"CREATE ROLE \"{prefix}\" LOGIN PASSWORD 'x'".encode())
    async with await log_in(postgres_18.address, prefix) as admin:
        await admin.execute("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC")
    session = await connect(replace(postgres_18.address, username=prefix, password=Secret("x")), prefix)
    facts = await probe(session)
    await session.close()
    assert facts.identity == f"127.0.0.1:{postgres_18.port}"
