"""Databases: made closed and opened when they are finished, so that nobody gets in before PUBLIC is kept out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from dbaas.contracts.engine import PlanRules, ServerFacts
from dbaas.contracts.statement import NOTHING, Change, Plan, Statement
from dbaas.engines.postgres import statements
from dbaas.engines.postgres.catalogue import asked, borrowing, lock_database
from dbaas.engines.postgres.names import MOST_BYTES
from dbaas.engines.postgres.queries import Query
from dbaas.engines.postgres.session import PostgresSession
from dbaas.engines.postgres.statements import LOCALE_PROVIDER_SINCE, DatabaseOptions

NO_LIMIT = -1
PUBLIC_IS_CLOSED_SINCE = 150_000
CONNECTION_LIMIT = "postgres.connectionLimit"
IS_TEMPLATE = "postgres.isTemplate"
ALLOW_CONNECTIONS = "postgres.allowConnections"

_COLUMNS = """
    SELECT d.datname, pg_get_userbyid(d.datdba), pg_encoding_to_char(d.encoding), d.datcollate, d.datctype,
           d.datistemplate, d.datallowconn, d.datconnlimit, has_database_privilege('public', d.oid, 'CONNECT'),
           has_database_privilege(d.oid, 'CONNECT'), t.spcname,
"""
_CHOSEN = (
    "FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace WHERE %(all)s OR d.datname = ANY(%(names)s)"
)
_PROVIDERS = {"c": "libc", "i": "icu", "b": "builtin"}


@dataclass(frozen=True)
class DesiredDatabase:
    """What a manifest says of a database; None is not said and left as it is."""

    name: str
    owner: str | None = None
    options: DatabaseOptions = field(default_factory=DatabaseOptions)
    connection_limit: int | None = None
    is_template: bool | None = None
    allow_connections: bool | None = None
    revoke_public: bool = False


@dataclass(frozen=True)
class ObservedDatabase:
    """What `pg_database` says. `provider` is where its collation comes from: libc, icu or builtin."""

    name: str
    owner: str
    encoding: str
    lc_collate: str
    lc_ctype: str
    is_template: bool
    allow_connections: bool
    connection_limit: int
    public_may_connect: bool
    we_may_connect: bool
    provider: str
    tablespace: str = "pg_default"


class Databases:
    """Implements `contracts.engine.Managed`; keyed by name."""

    async def observe(self, session: PostgresSession, names: Collection[str] | None) -> Mapping[str, ObservedDatabase]:
        if session.server_version >= LOCALE_PROVIDER_SINCE:
            rows = await session.fetch(_COLUMNS + "d.datlocprovider::text " + _CHOSEN, asked(names))
        else:
            rows = await session.fetch(_COLUMNS + "'c' " + _CHOSEN, asked(names))
        return {name: _read_row(name, *row) for name, *row in rows}

    def plan(
        self, desired: DesiredDatabase | None, observed: ObservedDatabase | None, owned: frozenset[str],
        claims: frozenset[str], rules: PlanRules,
    ) -> Plan:  # fmt: skip
        if desired is None:
            return NOTHING if observed is None else _drop(observed, rules)
        if observed is None:
            return Plan((_create(desired, rules),))
        wanted = _with_defaults(desired, owned)
        return Plan((*_compare_fixed(desired, observed), *_compare(wanted, observed, rules)))

    def keys(self, desired: DesiredDatabase) -> frozenset[str]:
        """The optional fields that are stated: one that is no longer stated goes back to its default."""
        stated = {
            CONNECTION_LIMIT: desired.connection_limit,
            IS_TEMPLATE: desired.is_template,
            ALLOW_CONNECTIONS: desired.allow_connections,
        }
        return frozenset(key for key, value in stated.items() if value is not None)


def is_pristine(made_as: DesiredDatabase, server: ServerFacts) -> bool:
    """Whether a new one holds what the software was shipped with: nobody can be connected to `template0`.

    Since PostgreSQL 15 that lets nobody but the owner make things in `public`.
    """
    return made_as.options.template == "template0" and server.version_number >= PUBLIC_IS_CLOSED_SINCE


def _read_row(name: str, *row: Any) -> ObservedDatabase:
    *columns, tablespace, provider = row
    return ObservedDatabase(*(name, *columns, _PROVIDERS.get(provider, provider), tablespace))


def _create(desired: DesiredDatabase, rules: PlanRules) -> Change:
    """Only CREATE DATABASE is outside a transaction. Where we may not give it away at once, its owner comes after."""
    name, locks = desired.name, lock_database(desired.name)
    gives_away = desired.owner is not None and not _is_ours(desired.owner, rules)
    options = DatabaseOptions(**{**vars(desired.options), "owner": None if gives_away else desired.owner})
    created = Statement(
        statements.create_database(name, options, rules.server.version_number), transactional=False, locks=locks
    )
    after: list[Query] = []
    if desired.revoke_public:
        after.append(statements.revoke_connect_from_public(name))
    if desired.connection_limit is not None:
        after.append(statements.set_connection_limit(name, desired.connection_limit))
    if desired.is_template:
        after.append(statements.set_is_template(name, True))
    if desired.allow_connections is not False:
        after.append(statements.set_allow_connections(name, True))
    if gives_away and desired.owner is not None:
        after += _hand_over(name, desired.owner, rules)
    borrowed = [desired.owner] if gives_away else []
    return Change("name", name, None, (created, *borrowing(borrowed, after, rules, None, locks)))


def _with_defaults(desired: DesiredDatabase, owned: frozenset[str]) -> DesiredDatabase:
    """What this object stated before and does not state any more goes back to what it was made with."""
    values = dict(vars(desired))
    for key, name, default in (
        (CONNECTION_LIMIT, "connection_limit", NO_LIMIT),
        (IS_TEMPLATE, "is_template", False),
        (ALLOW_CONNECTIONS, "allow_connections", True),
    ):
        if values[name] is None and key in owned:
            values[name] = default
    return DesiredDatabase(**values)


def _compare(desired: DesiredDatabase, observed: ObservedDatabase, rules: PlanRules) -> list[Change]:
    """A database that is still closed was left unfinished: nobody can lose access to it. Given away is it last."""
    is_open = observed.allow_connections
    changes: list[Change] = []

    def differs(field: str, expected: object, actual: object, query: Query, destructive: bool = False) -> None:
        if expected is not None and expected != actual:
            run = borrowing([observed.owner], [query], rules, None, lock_database(desired.name))
            changes.append(Change(field, expected, actual, run, destructive=destructive))

    name, limit = desired.name, desired.connection_limit
    if desired.revoke_public:
        closed = statements.revoke_connect_from_public(name)
        differs("revokePublic", True, not observed.public_may_connect, closed, destructive=is_open)
        depends = observed.public_may_connect and not _is_ours(observed.owner, rules)
        ours = statements.grant_connect(name, rules.server.login)
        differs("access of our login", True, observed.we_may_connect and not depends, ours)
    if limit is not None:
        differs(CONNECTION_LIMIT, limit, observed.connection_limit, statements.set_connection_limit(name, limit))
    if desired.is_template is not None:
        template = statements.set_is_template(name, desired.is_template)
        differs(IS_TEMPLATE, desired.is_template, observed.is_template, template)
    allow = desired.allow_connections is not False if not is_open else desired.allow_connections
    if allow is not None:
        differs(ALLOW_CONNECTIONS, allow, is_open, statements.set_allow_connections(name, allow), destructive=not allow)
    if desired.owner is not None and desired.owner != observed.owner:
        changes.append(_give_away(desired.name, desired.owner, observed, rules))
    return changes


def _give_away(name: str, owner: str, observed: ObservedDatabase, rules: PlanRules) -> Change:
    """The old owner loses access, unless that is ourselves."""
    run = borrowing([observed.owner, owner], _hand_over(name, owner, rules), rules, None, lock_database(name))
    loses = observed.allow_connections and observed.owner != rules.server.login
    return Change("owner", owner, observed.owner, run, destructive=loses)


def _hand_over(name: str, owner: str, rules: PlanRules) -> list[Query]:
    """Our own way in must not be lost with the ownership, and could not be granted before."""
    handed = [statements.set_database_owner(name, owner)]
    if not _is_ours(owner, rules):
        handed.append(statements.grant_connect(name, rules.server.login))
    return handed


def _compare_fixed(desired: DesiredDatabase, observed: ObservedDatabase) -> list[Change]:
    """What is settled at creation. Where a locale is asked for, libc must be what sorts.

    PostgreSQL can move a database to another tablespace, but copies all of it while nobody may be connected.
    """
    options = desired.options
    foreign = "" if observed.provider == "libc" else f" (by provider {observed.provider})"
    pairs = (
        ("postgres.encoding", options.encoding, observed.encoding),
        ("postgres.lcCollate", options.lc_collate, observed.lc_collate + foreign),
        ("postgres.lcCtype", options.lc_ctype, observed.lc_ctype + foreign),
        ("postgres.tablespace", options.tablespace, observed.tablespace),
    )
    return [
        Change(field, expected, actual, immutable=True)
        for field, expected, actual in pairs
        if expected is not None and expected != actual
    ]


def _drop(observed: ObservedDatabase, rules: PlanRules) -> Plan:
    """Only its owner may drop it, so where we may not act as the owner, it is made ours first."""
    name, owner, login = observed.name, observed.owner, rules.server.login
    locks = lock_database(name)
    before: list[Query] = []
    if observed.is_template:
        before.append(statements.set_is_template(name, False))
    if not _is_ours(owner, rules):
        before.append(statements.set_database_owner(name, login))
    run = (
        *borrowing([owner], before, rules, None, locks),
        Statement(statements.drop_database(name), transactional=False, locks=locks, vacates=name),
    )
    return Plan((Change("name", None, name, run, destructive=True),))


class DatabaseQuarantine:
    """Implements `contracts.companions.Quarantine`."""

    def rename(self, name: str, stamp: str) -> str:
        """As much of the old name as there is room for."""
        suffix = f"-quarantine-{stamp}"
        room = MOST_BYTES - len(suffix)
        return name.encode()[:room].decode(errors="ignore") + suffix

    def enclose(self, observed: ObservedDatabase, name: str, rules: PlanRules) -> Change:
        """Closed for good before sessions are ended, so that nobody comes back in between."""
        locks = lock_database(observed.name)
        closing = [statements.set_allow_connections(observed.name, False)]
        renaming = [statements.rename_database(observed.name, name)]
        ending = statements.end_sessions_in(observed.name)
        run = (
            *borrowing([observed.owner], closing, rules, None, locks),
            Statement(ending, transactional=False, locks=locks, vacates=observed.name),
            *borrowing([observed.owner], renaming, rules, None, locks),
        )
        return Change("quarantine", name, observed.name, run, destructive=True)


def _is_ours(owner: str, rules: PlanRules) -> bool:
    """Whether what `owner` owns is open to our login anyway."""
    server = rules.server
    return "superuser" in server.capabilities or owner == server.login or owner in server.memberships
