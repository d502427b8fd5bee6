"""One real connection: what it pins, what it sends, and what it says when something goes wrong."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from dbaas.contracts.engine import Denied, EngineError, Exists, LoginRefused, Missing, Unreachable
from dbaas.contracts.leadership import NotLeading
from dbaas.contracts.statement import Statement
from dbaas.core.offload import InlineOffload
from dbaas.core.secrets import Secret
from dbaas.engines.postgres import statements
from dbaas.engines.postgres.queries import Query
from dbaas.engines.postgres.resolving import Names
from dbaas.engines.postgres.session import PostgresConnect, PostgresSession
from fixtures.postgres import TestServer, named

pytestmark = pytest.mark.real_server
connect = PostgresConnect(InlineOffload())


@pytest.fixture
async def session(postgres: TestServer) -> AsyncIterator[PostgresSession]:
    session = await connect(postgres.address, None)
    yield session
    await session.close()


def together(*queries: Query) -> list[Statement]:
    return [Statement(query) for query in queries]


async def roles(session: PostgresSession, prefix: str) -> list[str]:
    rows = await session.fetch(
        "SELECT rolname FROM pg_roles WHERE starts_with(rolname, %(p)s) ORDER BY 1", {"p": prefix}
    )
    return [name for (name,) in rows]


async def test_everything_that_matters_is_pinned(session: PostgresSession) -> None:
    settings = ("search_path", "statement_timeout", "lock_timeout", "application_name", "client_encoding")
    seen = await session.fetch(
        "SELECT setting FROM unnest(%(n)s::text[]) AS n, current_setting(n) AS setting", {"n": list(settings)}
    )
    assert [value for (value,) in seen] == ["pg_catalog", "1min", "10s", "dbaas", "UTF8"]


async def test_statements_together_are_one_transaction(session: PostgresSession, prefix: str) -> None:
    with pytest.raises(Missing, match=r"cannot run DROP ROLE .*nobody"):
        await session.execute(together(statements.create_role(prefix, []), statements.drop_role(f"{prefix}-nobody")))
    assert await roles(session, prefix) == []
    await session.execute(together(statements.create_role(prefix, []), statements.create_role(f"{prefix}-2", [])))
    assert await roles(session, prefix) == [prefix, f"{prefix}-2"]


async def test_the_failing_statement_is_named(session: PostgresSession, prefix: str) -> None:
    queries = [statements.create_role(f"{prefix}-{number}", []) for number in (1, 2, 1, 3)]
    with pytest.raises(Exists, match=f'CREATE ROLE "{prefix}-1": role "{prefix}-1" already exists'):
        await session.execute(together(*queries))


async def test_a_password_reaches_the_server_only_as_a_verifier(postgres: TestServer, prefix: str) -> None:
    session = await connect(named(postgres.address, prefix), None)
    option = statements.password(prefix, Secret("open sesame"))
    await session.execute(together(statements.create_role(prefix, [statements.attribute("LOGIN"), option])))
    await session.close()
    (sent,) = [line for line in postgres.statements(prefix) if "CREATE ROLE" in line]
    assert "SCRAM-SHA-256$4096:" in sent and "sesame" not in sent
    login = replace(postgres.address, username=prefix, password=Secret("open sesame"))
    await (await connect(login, None)).close()


async def test_verifiers_have_a_salt_of_their_own_and_as_many_iterations_as_the_server_wants(
    session: PostgresSession, prefix: str
) -> None:
    says_so = session.server_version >= 160_000
    if says_so:
        await session.send("SET scram_iterations = 5000")
    names = [prefix, f"{prefix}-2"]
    options = [statements.password(name, Secret("open sesame")) for name in names]
    await session.execute(
        together(*(statements.create_role(n, [option]) for n, option in zip(names, options, strict=True)))
    )
    stored = await session.fetch("SELECT rolpassword FROM pg_authid WHERE rolname = ANY(%(n)s)", {"n": names})
    salts = {verifier.split("$")[1] for (verifier,) in stored}
    assert len(salts) == 2
    assert all(salt.startswith("5000:" if says_so else "4096:") for salt in salts)


async def test_an_error_about_a_password_shows_neither_it_nor_its_verifier(
    session: PostgresSession, prefix: str
) -> None:
    query = statements.create_role(prefix, [statements.password(prefix, Secret("open sesame"))])
    await session.execute(together(query))
    with pytest.raises(Exists) as caught:
        await session.execute(together(query))
    assert "PASSWORD '********'" in caught.value.message
    assert caught.value.__cause__ is None and caught.value.__suppress_context__


async def test_run_as_holds_for_its_transaction_alone(session: PostgresSession, prefix: str) -> None:
    await session.execute(together(statements.create_role(prefix, [])))
    with pytest.raises(Denied):
        await session.execute([Statement(statements.create_role(f"{prefix}-2", []), run_as=prefix)])
    assert await session.fetch("SELECT current_user::text") == [("postgres",)]


async def test_a_session_is_usable_after_an_error(session: PostgresSession, prefix: str) -> None:
    with pytest.raises(Missing):
        await session.execute([Statement(statements.drop_database(prefix), transactional=False)])
    with pytest.raises(EngineError):
        await session.fetch("SELECT 1 / 0")
    assert await session.fetch("SELECT 1") == [(1,)]


async def test_a_database_may_take_its_time_to_go_and_the_rest_may_not(postgres: TestServer, prefix: str) -> None:
    """Before it goes, the server writes everything that is new to its disk."""
    address = named(postgres.address, prefix)
    session = await connect(replace(address, options={**address.options, "statementTimeout": "7s"}), None)
    drop = Statement(statements.drop_database(prefix), transactional=False, vacates=prefix)
    with pytest.raises(Missing):
        await session.execute([drop])
    await session.fetch("SELECT 1")
    assert await session.fetch("SELECT current_setting('statement_timeout')") == [("7s",)]
    await session.close()
    sent = [line for line in postgres.statements(prefix) if "statement_timeout" in line or "DROP" in line]
    assert "SET statement_timeout = '100s'" in sent[0] and "DROP DATABASE" in sent[1]


async def test_a_closed_port_is_unreachable(postgres: TestServer) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = replace(postgres.address, port=free.getsockname()[1])
        with pytest.raises(
            Unreachable, match=r"cannot connect to database 'postgres' at .* as 'postgres': Connection refused$"
        ):
            await connect(address, None)


_WITHOUT_LOGS = """
import asyncio, logging
from dbaas.contracts.engine import Address, Unreachable
from dbaas.core.offload import InlineOffload
from dbaas.core.secrets import Secret
from dbaas.engines.postgres.resolving import Names
from dbaas.engines.postgres.session import PostgresConnect
try:
    asyncio.run(PostgresConnect(InlineOffload())(Address("127.0.0.1", 1, "nobody", Secret("")), None))
except Unreachable:
    logging.getLogger("psycopg").warning("query cancellation failed")
"""


def test_what_the_driver_warns_of_does_not_reach_a_terminal() -> None:
    """In a process of its own: pytest listens to all that is logged. Without a password a file would be asked."""
    done = subprocess.run([sys.executable, "-c", _WITHOUT_LOGS], check=True, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("", "")


async def test_of_the_addresses_of_a_name_the_first_that_answers_is_taken(postgres: TestServer) -> None:
    names = Names(InlineOffload(), lambda host: ["127.0.0.2", postgres.address.host])
    address = replace(postgres.address, host="two.test")
    session = await PostgresConnect(InlineOffload(), names=names)(address, None)
    assert await session.fetch("SELECT 1") == [(1,)]
    await session.close()


async def test_a_name_that_leads_nowhere_is_told_with_what_was_wanted(postgres: TestServer) -> None:
    def find(host: str) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    connect = PostgresConnect(InlineOffload(), names=Names(InlineOffload(), find))
    told = (
        r"^cannot connect to database 'postgres' at no\.test:\d+ as 'postgres': failed to resolve host 'no\.test': Name"
    )
    with pytest.raises(Unreachable, match=told):
        await connect(replace(postgres.address, host="no.test"), None)


async def test_a_silent_server_is_unreachable_after_the_timeout(postgres: TestServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        options = {"connectTimeout": 1, "sslMode": "disable"}
        address = replace(postgres.address, port=silent.getsockname()[1], options=options)
        with pytest.raises(Unreachable, match="timeout"):
            await connect(address, None)


@pytest.mark.parametrize("wrong", [{"password": Secret("wrong")}, {"username": "no such role"}])
async def test_a_wrong_login_is_refused(postgres: TestServer, wrong: dict[str, object]) -> None:
    with pytest.raises(LoginRefused, match="password authentication failed"):
        await connect(replace(postgres.address, **wrong), None)  # type: ignore[arg-type]


async def test_a_missing_database_is_missing(postgres: TestServer, prefix: str) -> None:
    with pytest.raises(Missing, match="does not exist"):
        await connect(postgres.address, prefix)


async def test_a_session_that_the_server_ended_is_unreachable(postgres: TestServer, session: PostgresSession) -> None:
    other = await connect(postgres.address, None)
    ((pid,),) = await other.fetch("SELECT pg_backend_pid()")
    await session.fetch("SELECT pg_terminate_backend(%(pid)s)", {"pid": pid})
    while await session.fetch("SELECT FROM pg_stat_activity WHERE pid = %(pid)s", {"pid": pid}):
        pass
    with pytest.raises(Unreachable):
        await other.fetch("SELECT 1")
    await other.close()


async def test_encryption_that_the_server_does_not_have_is_unreachable(postgres: TestServer) -> None:
    with pytest.raises(Unreachable, match="the server offers no encryption"):
        await connect(replace(postgres.address, options={"sslMode": "require"}), None)


@pytest.mark.parametrize("allowed", [0, 1, 2])
async def test_what_may_not_be_sent_any_more_takes_its_transaction_along(
    session: PostgresSession, prefix: str, allowed: int
) -> None:
    """The last question comes before the end of the transaction."""
    asked = 0

    def may_send() -> None:
        nonlocal asked
        asked += 1
        if asked > allowed:
            raise NotLeading("another")

    queries = together(statements.create_role(prefix, []), statements.create_role(f"{prefix}-2", []))
    with pytest.raises(NotLeading):
        await session.execute(queries, may_send)
    assert await roles(session, prefix) == []


async def test_a_statement_that_is_sent_alone_is_asked_for_too(postgres: TestServer, prefix: str) -> None:
    def may_send() -> None:
        raise NotLeading("another")

    session = await connect(named(postgres.address, prefix), None)
    drop = statements.drop_database(prefix)
    for vacates in (None, prefix):
        with pytest.raises(NotLeading):
            await session.execute([Statement(drop, transactional=False, vacates=vacates)], may_send)
    assert not any("DROP" in sent for sent in postgres.statements(prefix))
    await session.close()
