"""Users' SQL on real servers: as the owner and as nobody else, in one transaction where that is possible."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from dbaas.contracts.engine import Address, Denied, MaySend, PlanRules, may_always_send
from dbaas.contracts.leadership import NotLeading
from dbaas.contracts.script import ScriptEnd, ScriptLogin
from dbaas.contracts.statement import Statement
from dbaas.core.offload import InlineOffload
from dbaas.core.secrets import Secret
from dbaas.engines.postgres import statements
from dbaas.engines.postgres.engine import build_engine
from dbaas.engines.postgres.passwords import fits
from dbaas.engines.postgres.scripts import MARK, PostgresScripts
from dbaas.engines.postgres.session import PostgresConnect, PostgresSession
from dbaas.lanes.lanes import ServerLanes
from fixtures.postgres import TestServer, log_in

pytestmark = pytest.mark.real_server
CONNECT = PostgresConnect(InlineOffload())
SCRIPTS = PostgresScripts(CONNECT)
ESCAPES = """
    RESET ROLE; RESET SESSION AUTHORIZATION;
    DO $$ BEGIN EXECUTE 'SET SESSION AUTHORIZATION postgres'; EXCEPTION WHEN OTHERS THEN NULL; END $$;
    DO $$ BEGIN EXECUTE 'SET ROLE postgres'; EXCEPTION WHEN OTHERS THEN NULL; END $$;
    SET ROLE NONE;
    SELECT set_config('x.who', session_user, false), set_config('x.super', current_setting('is_superuser'), false);
    RESET ROLE;
"""

ATTACKS = (
    "SET SESSION AUTHORIZATION postgres", "SET ROLE postgres", "ALTER ROLE CURRENT_USER SUPERUSER",
    "CREATE ROLE mine", "ALTER SYSTEM SET work_mem = '1GB'", "COPY (SELECT 1) TO PROGRAM 'true'",
)  # fmt: skip


@dataclass
class Place:
    """A database with an owner that cannot log in, and a lane of ours to its server."""

    lanes: ServerLanes
    address: Address
    superuser: Address
    name: str
    tickets: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lane = self.lanes.open(self.name, build_engine(InlineOffload()), self.address, 3)

    async def began(self, ticket: str) -> None:
        self.tickets.append(ticket)

    async def run(self, *files: str, may_send: MaySend = may_always_send) -> ScriptEnd:
        login = ScriptLogin(SCRIPTS.login_name(self.name), Secret("one time"))
        rules = PlanRules(await self.lane.facts())
        frame = await self.lane.visit(self.name, lambda session, may: SCRIPTS.frame(session, login, rules))
        await self.lane.execute((*frame.clean, *frame.before))
        address = replace(
            self.address, username=login.username, password=login.password, database=self.name
        )  # fmt: skip
        try:
            return await self.lane.visit(
                self.name,
                lambda session, may: SCRIPTS.run(session, list(map(Secret, files)), self.began, may_send),
                lambda: SCRIPTS.connect(address, frame.owner),
            )
        finally:
            await self.lane.execute(frame.after)

    async def ask(self, query: str) -> list[tuple[Any, ...]]:
        connection = await log_in(self.superuser, self.name)
        async with connection:
            return await (await connection.execute(query.encode())).fetchall()

    async def fate(self) -> str:
        return await self.lane.visit(self.name, lambda session, may: SCRIPTS.look_up(session, self.tickets[-1]))


async def send(session: PostgresSession, *queries: statements.Query) -> None:
    await session.execute([Statement(query, transactional=False) for query in queries])


@pytest.fixture(params=["superuser", "creator"])
async def place(
    request: pytest.FixtureRequest, postgres: TestServer, prefix: str, lanes: ServerLanes
) -> AsyncIterator[Place]:
    """Once with a superuser's login, once with one that may only make roles and databases."""
    ours, owner, superuser = postgres.address, f"{prefix} Owner\\'s", postgres.address
    session = await CONNECT(superuser, None)
    if request.param == "creator":
        ours = replace(superuser, username=f"{prefix}-us", password=Secret("us"))
        options = [statements.attribute(words) for words in ("LOGIN", "CREATEDB", "CREATEROLE")]
        await send(
            session,
            statements.create_role(ours.username, [*options, statements.password(ours.username, ours.password)]),
        )
    await session.close()
    session = await CONNECT(ours, None)
    await send(
        session, statements.create_role(owner, []), statements.create_database(prefix, statements.DatabaseOptions(), 0)
    )
    await send(session, statements.set_allow_connections(prefix, True), statements.revoke_connect_from_public(prefix))
    await session.close()
    session = await CONNECT(superuser, None)
    await send(session, statements.set_database_owner(prefix, owner), statements.grant_connect(prefix, ours.username))
    await session.close()
    yield Place(lanes, ours, superuser, prefix)


async def leftovers(place: Place) -> Sequence[tuple[Any, ...]]:
    return await place.ask(f"SELECT 1 FROM pg_roles WHERE rolname = '{SCRIPTS.login_name(place.name)}'")


async def test_it_runs_as_the_owner_and_the_login_is_gone_afterwards(place: Place) -> None:
    await place.ask("SELECT 1")
    end = await place.run("CREATE SCHEMA s; CREATE TABLE s.t (id int)", "INSERT INTO s.t VALUES (1); SELECT * FROM s.t")
    assert end == ScriptEnd(4)
    assert await place.ask("SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relname = 't'") == [
        (f"{place.name} Owner\\'s",)
    ]
    assert await leftovers(place) == []
    assert await place.fate() == "applied"


async def test_no_way_leads_back_to_an_administrator(place: Place) -> None:
    end = await place.run(
        "CREATE SCHEMA s; CREATE TABLE s.found (who text, super text)",
        ESCAPES + "INSERT INTO s.found VALUES (current_setting('x.who'), current_setting('x.super'))",
    )
    assert end.error == ""
    (found,) = await place.ask("SELECT who, super FROM s.found")
    assert found == (SCRIPTS.login_name(place.name), "off")


async def test_what_only_administrators_may_do_fails(place: Place) -> None:
    for attack in ATTACKS:
        end = await place.run("RESET ROLE; RESET SESSION AUTHORIZATION", attack)
        assert "InsufficientPrivilege" in end.error or "InvalidParameterValue" in end.error, attack
    assert await leftovers(place) == []


async def test_what_fails_leaves_nothing_and_is_told_by_position_alone(place: Place) -> None:
    end = await place.run("CREATE SCHEMA s", "SELECT 1;\nSELECT sesame FROM nowhere")
    assert end.undone and end.error == "file 2 of 2, line 2, column 20: UndefinedTable (42P01)"
    assert await place.ask("SELECT 1 FROM pg_namespace WHERE nspname = 's'") == []
    assert await place.fate() == "undone"


async def test_a_password_in_it_is_nowhere_in_the_servers_log_and_works(place: Place, postgres: TestServer) -> None:
    password, since = f"{place.name}-sesame", postgres.log_size()
    change = f"ALTER ROLE CURRENT_USER PASSWORD '{password}'"
    assert (await place.run(change)).error == ""
    (stored,) = await place.ask(f"SELECT rolpassword FROM pg_authid WHERE rolname LIKE '{place.name} Owner%'")
    assert fits(password, stored[0])
    end = await place.run(f"CREATE ROLE other PASSWORD '{password}'", f"{change}; SELECT sesame FROM nowhere")
    assert end.error == "file 1 of 2: InsufficientPrivilege (42501)"
    end = await place.run(f"{change}; SELECT sesame FROM nowhere")
    assert end.error == f"the script, line 1, column {len(change) + 22}: UndefinedTable (42P01)"
    log = (Path(postgres.folder) / "log").read_bytes()[since:].decode()
    assert "ALTER ROLE CURRENT_USER PASSWORD 'SCRAM-SHA-256$" in log and password not in log


async def test_what_cannot_be_in_a_transaction_runs_without_one(place: Place) -> None:
    index = "CREATE INDEX CONCURRENTLY ON s.t (id)"
    end = await place.run("CREATE SCHEMA s; CREATE TABLE s.t (id int)", index, "VACUUM s.t")
    assert end == ScriptEnd(4)
    assert place.tickets[-1] == ""


async def test_a_text_that_commits_by_itself_is_not_wrapped(place: Place) -> None:
    end = await place.run("BEGIN; CREATE SCHEMA s; COMMIT", "BEGIN; CREATE SCHEMA left_open")
    assert end.error == "file 2 of 2 leaves a transaction open, which has been rolled back" and not end.undone
    assert place.tickets == [""]
    assert await place.ask("SELECT nspname FROM pg_namespace WHERE nspname IN ('s', 'left_open')") == [("s",)]


async def test_nothing_is_kept_once_another_process_leads(place: Place) -> None:
    asked: list[int] = []

    def may_send() -> None:
        asked.append(1)
        if len(asked) == 2:
            raise NotLeading("not any more")

    with pytest.raises(NotLeading):
        await place.run("CREATE SCHEMA s", may_send=may_send)
    assert await place.ask("SELECT 1 FROM pg_namespace WHERE nspname = 's'") == []


async def test_what_a_crash_has_left_is_removed_by_the_next_run(place: Place) -> None:
    name = SCRIPTS.login_name(place.name)
    session = await CONNECT(place.address, None)
    await send(session, statements.create_role(name, []), statements.comment_on_role(name, MARK))
    await session.close()
    assert (await place.run("SELECT 1")).error == ""
    assert await leftovers(place) == []


async def test_what_is_made_while_acting_as_nobody_goes_to_the_owner(place: Place) -> None:
    end = await place.run("CREATE SCHEMA s; GRANT ALL ON SCHEMA s TO PUBLIC; SET ROLE NONE; CREATE TABLE s.t ()")
    assert end.error == ""
    assert await place.ask("SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relname = 't'") == [
        (f"{place.name} Owner\\'s",)
    ]


async def test_an_owner_that_is_an_administrator_is_refused(place: Place) -> None:
    for owner in (place.superuser.username, place.address.username):
        session = await CONNECT(place.superuser, None)
        await send(session, statements.set_database_owner(place.name, owner))
        await session.close()
        with pytest.raises(Denied, match="administrator"):
            await place.run("SELECT 1")


async def test_a_ticket_of_another_server_tells_nothing(place: Place) -> None:
    for ticket in (str(2**60), "", "x"):
        place.tickets.append(ticket)
        assert await place.fate() == "unknown"
