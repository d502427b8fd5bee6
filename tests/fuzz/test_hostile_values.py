"""Hostile names, passwords, comments, parameters on real servers: nothing is executed but what is planned.

`DBAAS_HOSTILE_VALUES` says how many are tried on each server.
"""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from dbaas.api.grant import DatabaseGrantSpec
from dbaas.api.user import DatabaseUserSpec
from dbaas.contracts.engine import Engine, Item, Login, PlanRules, References
from dbaas.contracts.statement import Statement
from dbaas.core.offload import InlineOffload
from dbaas.core.secrets import Secret
from dbaas.engines.postgres.blueprints.grants import describe_grant
from dbaas.engines.postgres.blueprints.users import describe_user
from dbaas.engines.postgres.comments import DesiredComment
from dbaas.engines.postgres.engine import build_engine
from dbaas.engines.postgres.names import MOST_BYTES
from dbaas.engines.postgres.queries import Query, encode
from dbaas.engines.postgres.schemas import DesiredSchema
from dbaas.lanes.lane import ServerLane
from dbaas.lanes.lanes import ServerLanes
from fixtures.postgres import TestServer, log_in, named, own_server

IN_ONE = 20  # users that are made together
EACH = 5  # hostile values of one user: its name, password, comment, parameter and schema
VALUES = int(os.environ.get("DBAAS_HOSTILE_VALUES", "1000"))
ROUNDS = max(1, VALUES // (IN_ONE * EACH))
pytestmark = [pytest.mark.real_server, pytest.mark.slow, pytest.mark.timeout(120 + 20 * ROUNDS)]
HERE = {"instanceRef": {"name": "main"}}
APPLICATION = "fuzz"
PLACE = "fuzz"
MARK = "clear-password"
CANARY = "canary"
PIECES = (
    "'", '"', "''", '""', "\\", "\\'", '\\"', "$$", "$1", "$x$", "%", "%s", "%(names)s", "%%", "{", "}", "{0}",
    ";", "--", "/*", "*/", "#", "\n", "\r", "\t", "\x01", "\x7f", "\x1b[2J", "\u0080", "\u00a0", "\u200b", "\u202e",
    "\ufeff", "\uff07", "\u02bc", "\u2019", "\u0430", "e\u0301", "é", "ß", "İ", "日本語", "🐘", "\U0010ffff", "\ufffd",
    "E''", "E'\\''", 'U&"\\0022"', "U&''", "B''", "::", ":name", "?", "@", "`", "|", "&", "..", "/", "~", "=", ",",
    "()", "{name}", "NULL", "DEFAULT", "public", "none", "PUBLIC", "current_user", "select", "template1",
    "pg_", "postgres", "x" * 62,
    f"'; DROP TABLE {CANARY}; --", f'"; DROP TABLE {CANARY}; --', f"\\'; DROP TABLE {CANARY}; --",
    f"$$; DROP TABLE {CANARY}; $$", f"*/ DROP TABLE {CANARY}; /*", f"\n; DROP TABLE {CANARY};\n",
    "' SUPERUSER '", '" SUPERUSER; --', "'; ALTER ROLE PUBLIC SUPERUSER; --", "' || pg_sleep(10) || '",
)  # fmt: skip
LETTERS = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
VALUE = st.lists(st.sampled_from(PIECES) | LETTERS, min_size=1, max_size=4).map("".join)
_ENTRY = re.compile(r"^([^|\n\t]*)\|([A-Z]+):  ", re.MULTILINE)
_SAID = re.compile(r"(?:statement|execute <unnamed>): ")
_VERIFIER = re.compile(r"SCRAM-SHA-256\$[^']*")
NOBODY: frozenset[str] = frozenset()


@dataclass
class Site:
    """A database on a server, a lane to it, and somebody who looks at both."""

    engine: Engine
    lane: ServerLane
    admin: psycopg.AsyncConnection
    server: TestServer
    questions: frozenset[str] = frozenset()
    numbers: Iterator[int] = field(default_factory=count)

    async def apply(self, items: Sequence[Item], *, gone: bool = False) -> None:
        """All in one, then once more: nothing is left to do. The server's log has the plan, word for word."""
        before = self._log.stat().st_size
        plan = await self._plan(items, gone=gone)
        await self.lane.execute(plan)
        assert await self._plan(items, gone=gone) == []
        said = self._read_log(before)
        texts = [text for text in said if text not in ("BEGIN", "COMMIT")]
        assert [text for text in texts if text not in self.questions] == [self._wording(each) for each in plan]

    async def learn_questions(self, items: Sequence[Item]) -> None:
        """What is asked of the catalogue; it is the same whatever the names are, since those are bound."""
        before = self._log.stat().st_size
        await self._plan(items)
        self.questions |= frozenset(self._read_log(before))

    async def ask(self, query: str) -> list[object]:
        return [row[0] for row in await (await self.admin.execute(query.encode())).fetchall()]

    async def _plan(self, items: Sequence[Item], *, gone: bool = False) -> list[Statement]:
        rules = PlanRules(await self.lane.facts())
        asked: dict[tuple[str, str | None], list[str]] = {}
        for item in items:
            asked.setdefault((item.part, item.database), []).append(item.name)
        seen = {place: await self.lane.observe(*place, names) for place, names in asked.items()}
        found: list[Statement] = []
        for item in items:
            part, observed = self.engine.parts[item.part], seen[item.part, item.database].get(item.name)
            owned = part.keys(item.desired)
            found.extend(part.plan(None if gone else item.desired, observed, owned, NOBODY, rules).statements)
        return found

    def _wording(self, statement: Statement) -> str:
        assert isinstance(statement.sql, Query)
        return encode(statement.sql, self.admin, lambda verifier: "SCRAM-SHA-256$").decode().strip()

    def _read_log(self, since: int) -> list[str]:
        """What our login has sent; the server puts a tab before each further line. No line has a password."""
        with self._log.open("rb") as log:
            log.seek(since)
            text = log.read().decode()
        assert MARK not in text
        pieces = _ENTRY.split(text)
        entries = zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True)
        said = [text for name, level, text in entries if name == APPLICATION and level == "LOG"]
        texts = [_SAID.sub("", text, count=1).removesuffix("\n").replace("\n\t", "\n") for text in said]
        return [_VERIFIER.sub("SCRAM-SHA-256$", text).strip() for text in texts]

    @property
    def _log(self) -> Path:
        return Path(self.server.folder) / "log"


@dataclass(frozen=True)
class User:
    """A user, with everything that can be said of it in words of its own."""

    name: str
    password: str
    comment: str
    parameter: str
    schema: str

    @property
    def first(self) -> list[Item]:
        options = {"configParameters": {"fuzz.value": self.parameter}}
        spec = DatabaseUserSpec.model_validate({**HERE, "username": self.name, "postgres": options})
        login = Login(Secret(self.password), "1")
        return [
            *describe_user(spec, References(login=login)),
            Item("roleComments", None, self.name, DesiredComment(self.name, self.comment)),
            Item("schemas", PLACE, self.schema, DesiredSchema(PLACE, self.schema)),
        ]

    @property
    def second(self) -> list[Item]:
        entry = {"on": "schema", "schema": self.schema, "privileges": ["USAGE", "CREATE"]}
        spec = DatabaseGrantSpec.model_validate(
            {"userRef": {"name": "a"}, "databaseRef": {"name": "b"}, "privileges": [entry]}
        )
        return list(describe_grant(spec, References(database=PLACE, principal=self.name)))


def users(values: Sequence[Sequence[str]], numbers: Iterator[int]) -> list[User]:
    return [User(_name(a, next(numbers)), f"{MARK}{b}", c, d, _name(e, next(numbers))) for a, b, c, d, e in values]


def _name(value: str, number: int) -> str:
    """One of its own that the server can hold; those that it keeps for itself are refused long before."""
    mark = f"{number:x}"
    cut = value.encode()[: MOST_BYTES - len(mark)].decode(errors="ignore")
    return f"{mark}{cut}" if number % 2 or cut.startswith("pg_") else f"{cut}{mark}"


@pytest.fixture(scope="module", params=["15", "18"])
def server(request: pytest.FixtureRequest) -> Iterator[TestServer]:
    """One of its own: it is asked what it remembers of all statements, where it can."""
    more = {"15": {"shared_preload_libraries": "pg_stat_statements", "pg_stat_statements.track": "all"}}
    with own_server(request.param, **more.get(request.param, {})) as server:
        yield server


@pytest.fixture
async def site(server: TestServer, lanes: ServerLanes) -> AsyncIterator[Site]:
    engine = build_engine(InlineOffload())
    async with await log_in(server.address) as connection:
        await connection.execute(f"CREATE DATABASE {PLACE}".encode())
    async with await log_in(server.address, PLACE) as admin:
        await admin.execute(f"CREATE TABLE {CANARY} (id int)".encode())
        if server.version == "15":
            await admin.execute(b"CREATE EXTENSION pg_stat_statements")
        lane = lanes.open("fuzz", engine, named(server.address, APPLICATION), 2)
        site = Site(engine, lane, admin, server)
        for user in users([("a", "b", "c", "d", "e")], site.numbers):
            await site.learn_questions([*user.first, *user.second])
        yield site


@settings(
    max_examples=ROUNDS, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(st.lists(st.lists(VALUE, min_size=EACH, max_size=EACH), min_size=IN_ONE, max_size=IN_ONE))
async def test_nothing_is_executed_but_the_plan_and_no_password_is_told(
    site: Site, values: Sequence[Sequence[str]]
) -> None:
    roles = await site.ask("SELECT rolname FROM pg_roles ORDER BY 1")
    made = users(values, site.numbers)
    first = [item for user in made for item in user.first]
    second = [item for user in made for item in user.second]
    await site.apply(first)
    await site.apply(second)
    there = await site.ask("SELECT rolname FROM pg_roles")
    assert set(there) == {*roles, *(user.name for user in made)}
    assert await site.ask("SELECT rolname FROM pg_roles WHERE rolsuper") == ["postgres"]
    assert await site.ask(f"SELECT count(*) FROM {CANARY}") == [0]
    await prove_values(site, made)
    await site.apply(second, gone=True)
    await site.apply(first[::-1], gone=True)
    assert await site.ask("SELECT rolname FROM pg_roles ORDER BY 1") == roles
    if site.server.version == "15":
        assert not [text for text in await site.ask("SELECT query FROM pg_stat_statements") if MARK in str(text)]


async def prove_values(site: Site, made: Sequence[User]) -> None:
    """They arrived as they were written, and the password opens."""
    comments = "SELECT shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = ANY(%s)"
    asked = [[user.name for user in made]]
    rows = await (await site.admin.execute(comments.encode(), asked)).fetchall()
    assert sorted(text for (text,) in rows) == sorted(user.comment for user in made)
    stored = b"SELECT setconfig[1] FROM pg_db_role_setting JOIN pg_roles r ON r.oid = setrole WHERE rolname = ANY(%s)"
    rows = await (await site.admin.execute(stored, asked)).fetchall()
    assert sorted(text for (text,) in rows) == sorted(f"fuzz.value={user.parameter}" for user in made)
    user, address = made[0], site.server.address
    login = await psycopg.AsyncConnection.connect(
        host=address.host, port=address.port, user=user.name, password=user.password, dbname=PLACE
    )
    await login.close()


@given(VALUE)
def test_a_hostile_privilege_is_refused(value: str) -> None:
    """By the schema, or by the rules that know the words."""
    spec: Mapping[str, object] = {
        "userRef": {"name": "a"}, "databaseRef": {"name": "b"},
        "privileges": [{"on": "schema", "schema": "s", "privileges": [value]}],
    }  # fmt: skip
    try:
        parsed = DatabaseGrantSpec.model_validate(spec)
    except ValidationError:
        return
    rules = build_engine(InlineOffload()).rules["DatabaseGrant"]
    assert [violation for rule in rules for violation in rule(parsed)]
