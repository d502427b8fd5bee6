"""Runs a user's SQL as the owner of a database: through a login that is a member of the owner and of nothing else.

RESET ROLE and SET SESSION AUTHORIZATION lead back to that login at most, because it is what has connected. The number
of the transaction is the ticket: the server itself knows later whether it was committed, so nothing of ours is left in
the user's database.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from dbaas.contracts.engine import Address, Denied, EngineError, MaySend, PlanRules, Unreachable
from dbaas.contracts.script import Began, Fate, ScriptEnd, ScriptFrame, ScriptLogin
from dbaas.contracts.statement import Statement
from dbaas.core.secrets import Secret
from dbaas.engines.postgres import statements
from dbaas.engines.postgres.catalogue import borrowing, lock_role
from dbaas.engines.postgres.script_passwords import Disguised, disguise, find_passwords
from dbaas.engines.postgres.script_text import ends_transactions, find_place
from dbaas.engines.postgres.session import PostgresConnect, PostgresSession

if TYPE_CHECKING:
    import psycopg

LOGIN_PREFIX = "dbaas-run-"
MARK = "temporary login of dbaas for one script"
# Not all commands can be in a transaction block, and procedures that end one cannot be called in it.
_NEEDS_NO_TRANSACTION = frozenset({"25001", "2D000"})

_OWNER = """
    SELECT r.rolname, r.rolsuper, r.rolname = session_user, (
               SELECT count(*) > 0 FROM pg_roles a
               WHERE (a.rolsuper OR a.rolname = session_user) AND pg_has_role(r.oid, a.oid, 'MEMBER')
           ), to_char((now() + interval '15 minutes') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
    FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba WHERE d.datname = current_database()
"""
# One that owns something in another database cannot be removed from here: that one's next run does it.
_LEFTOVERS = """
    SELECT r.rolname FROM pg_roles r
    WHERE r.rolname LIKE 'dbaas-run-%%' AND shobj_description(r.oid, 'pg_authid') = %(mark)s
      AND (r.rolname = %(own)s OR r.rolvaliduntil < now())
      AND NOT EXISTS (
          SELECT FROM pg_shdepend s WHERE s.refclassid = 'pg_authid'::regclass AND s.refobjid = r.oid
          AND s.dbid NOT IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
      )
    ORDER BY 1
"""
_FATES: dict[str, Fate] = {"committed": "applied", "aborted": "undone", "in progress": "running"}


class PostgresScripts:
    """Implements `contracts.script.Scripts`."""

    def __init__(self, connect: PostgresConnect) -> None:
        self._connect = connect

    def login_name(self, database: str) -> str:
        return LOGIN_PREFIX + hashlib.sha256(database.encode()).hexdigest()[:20]

    async def frame(self, session: PostgresSession, login: ScriptLogin, rules: PlanRules) -> ScriptFrame:
        owner, is_superuser, is_ours, may_become, until = (await session.fetch(_OWNER))[0]
        if is_superuser or is_ours or may_become:
            raise Denied(
                f"a script runs as the owner of its database, and {owner!r}, who owns {session.database!r}, is an "
                "administrator of the server or can become one: give the database to a role of its own in spec.owner"
            )
        left = await session.fetch(_LEFTOVERS, {"mark": MARK, "own": login.username})
        name, locks = login.username, lock_role(login.username) | lock_role(owner)
        options = [
            statements.attribute("LOGIN"), statements.connection_limit(1), statements.valid_until(until),
            statements.password(name, login.password),
        ]  # fmt: skip
        version = rules.server.version_number
        before = (
            statements.create_role(name, options),
            statements.comment_on_role(name, MARK),
            statements.join_role(owner, name, version),
        )
        return ScriptFrame(
            owner,
            clean=tuple(s for (leftover,) in left for s in _remove(leftover, owner, session.database, rules)),
            before=tuple(Statement(query, locks=locks) for query in before),
            after=_remove(name, owner, session.database, rules),
        )

    async def connect(self, address: Address, owner: str) -> PostgresSession:
        return await self._connect.connect_as(address, owner)

    async def run(
        self, session: PostgresSession, files: Sequence[Secret], began: Began, may_send: MaySend
    ) -> ScriptEnd:
        texts = [await _disguise(session, file.reveal()) for file in files]
        if not any(ends_transactions(each.text) for each in texts):
            end = await _run_together(session, texts, began, may_send)
            if end is not None:
                return end
        return await _run_apart(session, texts, began, may_send)

    async def look_up(self, session: PostgresSession, ticket: str) -> Fate:
        if not ticket.isdecimal():
            return "unknown"
        try:
            rows = await session.fetch("SELECT pg_xact_status(%(ticket)s::text::xid8)", {"ticket": ticket})
        except Unreachable:
            raise
        except EngineError:
            return "unknown"  # the number lies in the future: this is another server, or a copy from before
        return _FATES.get(str(rows[0][0]), "unknown")


def _remove(name: str, owner: str, database: str, rules: PlanRules) -> tuple[Statement, ...]:
    """What it made while it acted as nobody else goes to the owner."""
    owned = [statements.reassign_owned(name, owner), statements.drop_owned(name)]
    locks = lock_role(name) | lock_role(owner)
    dropped = Statement(statements.drop_role(name), database=database, locks=locks)
    return (*borrowing([name, owner], owned, rules, database, locks), dropped)


async def _disguise(session: PostgresSession, text: str) -> Disguised:
    """So that no password of a role is in the server's log, whatever becomes of the statement."""
    passwords = {place.password for place in find_passwords(text)}
    return disguise(text, {password: await session.make_verifier(Secret(password)) for password in passwords})


async def _run_together(
    session: PostgresSession, texts: Sequence[Disguised], began: Began, may_send: MaySend
) -> ScriptEnd | None:
    """None where the text cannot be run in a transaction: then nothing has happened."""
    executed = 0
    await session.send("BEGIN")
    rows = await session.fetch("SELECT pg_current_xact_id()::text")
    await began(rows[0][0])
    for number, text in enumerate(texts, 1):
        may_send()
        count, failure = await session.run_text(text.text)
        executed += count
        if failure is not None:
            await session.send("ROLLBACK")
            if failure.sqlstate in _NEEDS_NO_TRANSACTION:
                return None
            return ScriptEnd(executed, _tell(failure, text, number, len(texts)), undone=True)
        if not session.is_in_transaction:
            return ScriptEnd(executed, f"{_name(number, len(texts))} has ended the transaction that it runs in")
    may_send()
    _, failure = await session.run_text("COMMIT")
    if failure is not None:
        return ScriptEnd(executed, _tell(failure, None, len(texts), len(texts)), undone=True)
    return ScriptEnd(executed)


async def _run_apart(
    session: PostgresSession, texts: Sequence[Disguised], began: Began, may_send: MaySend
) -> ScriptEnd:
    """Each file as the server takes it: several statements are one transaction unless they say otherwise."""
    executed = 0
    await began("")
    for number, text in enumerate(texts, 1):
        may_send()
        count, failure = await session.run_text(text.text)
        executed += count
        error = _tell(failure, text, number, len(texts)) if failure is not None else ""
        if session.is_in_transaction:
            await session.send("ROLLBACK")
            error = error or f"{_name(number, len(texts))} leaves a transaction open, which has been rolled back"
        if error:
            return ScriptEnd(executed, error)
    return ScriptEnd(executed)


def _name(number: int, files: int) -> str:
    return f"file {number} of {files}" if files > 1 else "the script"


def _tell(failure: psycopg.Error, text: Disguised | None, number: int, files: int) -> str:
    """By the error's name alone: the server's message may quote the text."""
    position = failure.diag.statement_position
    where = ""
    if position and text is not None:
        where = f", {find_place(text.source, text.find_position(int(position)))}"
    code = f" ({failure.sqlstate})" if failure.sqlstate else ""
    return f"{_name(number, files)}{where}: {type(failure).__name__}{code}"
