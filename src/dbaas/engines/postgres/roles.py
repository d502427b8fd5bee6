"""Roles with their attributes and passwords. A user is a role that may log in."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from dbaas.contracts.engine import Login, PlanRules
from dbaas.contracts.statement import NOTHING, UNKNOWN, Change, Plan, Statement, Unknown
from dbaas.core.clock import format_time, parse_time
from dbaas.core.secrets import Secret
from dbaas.engines.postgres import passwords, statements
from dbaas.engines.postgres.catalogue import asked, lock_role, refuse_own_login
from dbaas.engines.postgres.queries import Query
from dbaas.engines.postgres.session import PostgresSession

NEVER = "infinity"
NO_LIMIT = -1
CONNECTION_LIMIT = "postgres.connectionLimit"
VALID_UNTIL = "postgres.validUntil"
INHERIT = "postgres.inherit"
LOGIN = "postgres.login"

_MAY_READ_VERIFIERS = "SELECT has_column_privilege('pg_catalog.pg_authid', 'rolpassword', 'SELECT')"
_COLUMNS = """
    SELECT rolname, rolcanlogin, rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls, rolinherit,
           rolconnlimit,
           CASE WHEN rolvaliduntil IS NULL OR NOT isfinite(rolvaliduntil) THEN 'infinity'
                ELSE to_char(rolvaliduntil AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') END,
"""
_CHOSEN = "WHERE (%(all)s AND rolname !~ '^pg_') OR rolname = ANY(%(names)s)"
_WITH_VERIFIER = _COLUMNS + "rolpassword FROM pg_authid " + _CHOSEN
_WITHOUT_VERIFIER = _COLUMNS + "NULL FROM pg_roles " + _CHOSEN


@dataclass(frozen=True)
class Attributes:
    """The truth values of a role; None is not said and left as it is."""

    login: bool | None = None
    superuser: bool | None = None
    create_db: bool | None = None
    create_role: bool | None = None
    replication: bool | None = None
    bypass_rls: bool | None = None
    inherit: bool | None = None


@dataclass(frozen=True)
class DesiredRole:
    """`valid_until` is RFC 3339; None of the optional values is not said and left as it is.

    `always_logs_in`: its `login` attribute is always said, so nobody need remember that it was.
    """

    name: str
    attributes: Attributes = Attributes()
    connection_limit: int | None = None
    valid_until: str | None = None
    login: Login | None = None
    always_logs_in: bool = False


@dataclass(frozen=True)
class ObservedRole:
    """What the catalogue says. `verifier` is what is stored for the password: None where there is none."""

    name: str
    attributes: Attributes
    connection_limit: int
    valid_until: str
    verifier: Secret | Unknown | None


@dataclass(frozen=True)
class _Flag:
    """An attribute that is on or off: its field in the manifest, and the words of CREATE ROLE for both."""

    name: str
    field: str
    on: LiteralString
    off: LiteralString

    @property
    def default(self) -> bool:
        """What PostgreSQL gives a new role."""
        return self.field == INHERIT


_FLAGS = (
    _Flag("login", LOGIN, "LOGIN", "NOLOGIN"),
    _Flag("superuser", "postgres.superuser", "SUPERUSER", "NOSUPERUSER"),
    _Flag("create_db", "postgres.createDB", "CREATEDB", "NOCREATEDB"),
    _Flag("create_role", "postgres.createRole", "CREATEROLE", "NOCREATEROLE"),
    _Flag("replication", "postgres.replication", "REPLICATION", "NOREPLICATION"),
    _Flag("bypass_rls", "postgres.bypassRLS", "BYPASSRLS", "NOBYPASSRLS"),
    _Flag("inherit", INHERIT, "INHERIT", "NOINHERIT"),
)
# The words of CREATE ROLE, as the names and values of `Attributes`.
WORDS: Mapping[str, tuple[str, bool]] = {
    word: (flag.name, value) for flag in _FLAGS for word, value in ((flag.on, True), (flag.off, False))
}
_POWERS = frozenset({"superuser", "create_db", "create_role", "replication", "bypass_rls"})


class Roles:
    """Implements `contracts.engine.Managed`; keyed by name."""

    async def observe(self, session: PostgresSession, names: Collection[str] | None) -> Mapping[str, ObservedRole]:
        if session.can_read_verifiers is None:
            session.can_read_verifiers = bool((await session.fetch(_MAY_READ_VERIFIERS))[0][0])
        shown = session.can_read_verifiers
        rows = await session.fetch(_WITH_VERIFIER if shown else _WITHOUT_VERIFIER, asked(names))
        return {row[0]: _read_row(row, shown) for row in rows}

    def plan(
        self, desired: DesiredRole | None, observed: ObservedRole | None, owned: frozenset[str],
        claims: frozenset[str], rules: PlanRules,
    ) -> Plan:  # fmt: skip
        if desired is None:
            return NOTHING if observed is None else _drop(observed, rules)
        refuse_own_login(desired.name, rules)
        if observed is None:
            return Plan((_create(desired),))
        return Plan(tuple(_compare(desired, observed, owned)))

    def keys(self, desired: DesiredRole) -> frozenset[str]:
        """The optional fields that are stated: one that is no longer stated goes back to its default."""
        stated: dict[str, object] = {flag.field: getattr(desired.attributes, flag.name) for flag in _FLAGS}
        stated |= {CONNECTION_LIMIT: desired.connection_limit, VALID_UNTIL: desired.valid_until}
        if desired.always_logs_in:
            del stated[LOGIN]
        return frozenset(key for key, value in stated.items() if value is not None)


def proof_of(observed: ObservedRole, login: Login) -> str | None:
    """What to record once the password is known to be right; None where it is wrong.

    Where the verifier is hidden, the Secret's version is all there is to remember, and a login must prove the rest.
    """
    match observed.verifier:
        case Unknown():
            return passwords.digest("", login.version)
        case Secret() as verifier if passwords.fits(login.password.reveal(), verifier.reveal()):
            return passwords.digest(verifier.reveal(), login.version)
    return None


def bar_of(observed: ObservedRole, now: datetime) -> str:
    """Why it cannot log in now, whatever its password; empty where it can."""
    if not observed.attributes.login:
        return "it may not log in"
    if observed.valid_until != NEVER and parse_time(observed.valid_until) <= now:
        return f"its password has not been valid since {observed.valid_until}"
    return ""


def _read_row(row: Sequence[object], shown: bool) -> ObservedRole:
    name, *flags, limit, until, verifier = row
    attributes = Attributes(**{flag.name: bool(value) for flag, value in zip(_FLAGS, flags, strict=True)})
    stored = (None if verifier is None else Secret(str(verifier))) if shown else UNKNOWN
    return ObservedRole(str(name), attributes, int(str(limit)), str(until), stored)


def _create(desired: DesiredRole) -> Change:
    options = [
        statements.attribute(flag.on if value else flag.off)
        for flag in _FLAGS
        if (value := getattr(desired.attributes, flag.name)) is not None and value is not flag.default
    ]
    if desired.connection_limit is not None:
        options.append(statements.connection_limit(desired.connection_limit))
    if desired.valid_until is not None:
        options.append(statements.valid_until(_normalise(desired.valid_until)))
    if desired.login is not None:
        options.append(statements.password(desired.name, desired.login.password))
    query = statements.create_role(desired.name, options)
    return Change("username", desired.name, None, (Statement(query, locks=lock_role(desired.name)),))


def _compare(desired: DesiredRole, observed: ObservedRole, owned: frozenset[str]) -> Iterator[Change]:
    name = desired.name
    for flag in _FLAGS:
        expected, actual = getattr(desired.attributes, flag.name), getattr(observed.attributes, flag.name)
        if expected is None and flag.field in owned:
            expected = flag.default
        if expected is not None and expected != actual:
            option = statements.attribute(flag.on if expected else flag.off)
            yield _alter(name, flag.field, expected, actual, option, destructive=flag.name in _POWERS and actual)
    limit = NO_LIMIT if desired.connection_limit is None and CONNECTION_LIMIT in owned else desired.connection_limit
    if limit not in (None, observed.connection_limit):
        option = statements.connection_limit(limit)
        yield _alter(name, CONNECTION_LIMIT, limit, observed.connection_limit, option)
    until = _normalise(desired.valid_until) if desired.valid_until else NEVER if VALID_UNTIL in owned else None
    if until not in (None, observed.valid_until):
        yield _alter(name, VALID_UNTIL, until, observed.valid_until, statements.valid_until(until))
    if desired.login is not None and not _is_proven(observed, desired.login):
        option = statements.password(name, desired.login.password)
        yield _alter(name, "password", "the Secret's password, as SCRAM-SHA-256", _describe(observed), option)


def _alter(
    name: str, field: str, expected: object, actual: object, option: Query, *, destructive: bool = False
) -> Change:
    run = (Statement(statements.alter_role(name, option), locks=lock_role(name)),)
    return Change(field, expected, actual, run, destructive=destructive)


def _is_proven(observed: ObservedRole, login: Login) -> bool:
    """What was proven before holds while neither the Secret nor the stored verifier changed."""
    stored = observed.verifier
    if stored is None:
        return False
    known = "" if isinstance(stored, Unknown) else stored.reveal()
    if login.proof == passwords.digest(known, login.version):
        return True
    return not isinstance(stored, Unknown) and proof_of(observed, login) is not None


def _describe(observed: ObservedRole) -> str:
    match observed.verifier:
        case None:
            return "no password"
        case Unknown():
            return "not shown to our login, and the Secret is new"
        case Secret() as verifier if verifier.reveal().startswith("SCRAM-SHA-256$"):
            return "another password"
    return "a password that is not stored as SCRAM-SHA-256"


def _normalise(moment: str) -> str:
    """To the second and in UTC, as observed."""
    return format_time(parse_time(moment))


def _drop(observed: ObservedRole, rules: PlanRules) -> Plan:
    refuse_own_login(observed.name, rules)
    run = (Statement(statements.drop_role(observed.name), locks=lock_role(observed.name)),)
    return Plan((Change("username", None, observed.name, run, destructive=True),))
