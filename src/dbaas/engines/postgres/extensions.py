"""Extensions of a database.

Who may create or update one: PostgreSQL's manual, CREATE EXTENSION and "Packaging Related Objects into an Extension"
(`superuser`, `trusted`). Scripts of versions that need a superuser run with all rights, so a guest of the server, who
could not run them alone, does not get them by us.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dbaas.contracts.engine import PlanRules
from dbaas.contracts.statement import NOTHING, Change, Plan, Statement
from dbaas.engines.postgres import statements
from dbaas.engines.postgres.catalogue import asked, borrowing, lock_inside
from dbaas.engines.postgres.queries import Query
from dbaas.engines.postgres.session import PostgresSession

_QUERY = """
    SELECT e.extname, n.nspname, e.extversion, pg_get_userbyid(e.extowner), e.extrelocatable
    FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
    WHERE %(all)s OR e.extname = ANY(%(names)s)
"""
_AVAILABLE = """
    SELECT v.name, a.default_version, array_agg(v.version) FILTER (WHERE v.trusted OR NOT v.superuser)
    FROM pg_available_extension_versions v JOIN pg_available_extensions a ON a.name = v.name
    WHERE v.name = ANY(%(names)s) GROUP BY v.name, a.default_version
"""

NOT_RELOCATABLE = "this extension cannot leave its schema: say that one, or take the extension out and put it in again"


@dataclass(frozen=True)
class DesiredExtension:
    """`schema` and `version` None: whatever it has; it is made in `public` and in the newest version."""

    database: str
    name: str
    schema: str | None = None
    version: str | None = None
    database_owner: str | None = None


@dataclass(frozen=True)
class ObservedExtension:
    """What `pg_extension` says. Its author decides whether its schema can be changed (`is_relocatable`).

    `trusted` are the versions that need no superuser; empty where all extensions of a database are looked at.
    """

    database: str
    name: str
    schema: str
    version: str
    owner: str
    is_relocatable: bool = True
    trusted: frozenset[str] = field(default=frozenset(), compare=False)  # only where it was asked for by name


@dataclass(frozen=True)
class AvailableExtension:
    """One that the database does not have and could get. `trusted` are the versions that need no superuser."""

    name: str
    default_version: str
    trusted: frozenset[str] = frozenset()

    def is_trusted(self, version: str | None) -> bool:
        return (version or self.default_version) in self.trusted


Observed = ObservedExtension | AvailableExtension


class Extensions:
    """Implements `contracts.engine.Managed` in one database; keyed by the extension's name."""

    async def observe(self, session: PostgresSession, names: Collection[str] | None) -> Mapping[str, Observed]:
        rows = await session.fetch(_QUERY, asked(names))
        found = {row[0]: ObservedExtension(session.database, *row) for row in rows}
        if not names:
            return found
        missing, unread = set(names) - found.keys(), found.keys() - session.trusted.keys()
        offers = await _read_offers(session, sorted(missing | unread)) if missing or unread else {}
        session.trusted.update((name, offers[name].trusted if name in offers else frozenset()) for name in unread)
        known = {name: replace(each, trusted=session.trusted[name]) for name, each in found.items()}
        return {name: offer for name, offer in offers.items() if name in missing} | known

    def plan(
        self, desired: DesiredExtension | None, observed: Observed | None, owned: frozenset[str],
        claims: frozenset[str], rules: PlanRules,
    ) -> Plan:  # fmt: skip
        if isinstance(observed, ObservedExtension):
            if desired is None:
                return _drop(observed, rules) if owned - claims else NOTHING
            return Plan(tuple(_compare(desired, observed, rules)))
        return Plan((_create(desired, observed, rules),)) if desired is not None else NOTHING

    def keys(self, desired: DesiredExtension) -> frozenset[str]:
        """The extension itself: one that leaves the manifest is dropped, if nothing depends on it."""
        return frozenset({desired.name})


async def _read_offers(session: PostgresSession, names: Sequence[str]) -> Mapping[str, AvailableExtension]:
    """The server reads all its files for that: 10 ms where it has the usual ones."""
    rows = await session.fetch(_AVAILABLE, {"names": names})
    return {name: AvailableExtension(name, given, frozenset(safe or ())) for name, given, safe in rows}


def _create(desired: DesiredExtension, available: AvailableExtension | None, rules: PlanRules) -> Change:
    if rules.is_guest and available is not None and not available.is_trusted(desired.version):
        return Change(_field(desired.name), desired.name, None, immutable=True, why=_untrusted(desired, "create"))
    query = statements.create_extension(desired.name, desired.schema or "public", desired.version)
    run = _run(query, desired.database, desired.name, [desired.database_owner], rules)
    return Change(_field(desired.name), desired.name, None, run)


def _compare(desired: DesiredExtension, observed: ObservedExtension, rules: PlanRules) -> list[Change]:
    changes = []
    if desired.schema not in (None, observed.schema) and not observed.is_relocatable:
        field = f"{_field(desired.name)}.schema"
        changes.append(Change(field, desired.schema, observed.schema, immutable=True, why=NOT_RELOCATABLE))
    elif desired.schema not in (None, observed.schema):
        query = statements.move_extension(desired.name, desired.schema or "")
        run = _run(query, desired.database, desired.name, [observed.owner], rules)
        changes.append(Change(f"{_field(desired.name)}.schema", desired.schema, observed.schema, run))
    if desired.version not in (None, observed.version) and rules.is_guest and desired.version not in observed.trusted:
        field = f"{_field(desired.name)}.version"
        why = _untrusted(desired, "update")
        changes.append(Change(field, desired.version, observed.version, immutable=True, why=why))
    elif desired.version not in (None, observed.version):
        query = statements.update_extension(desired.name, desired.version or "")
        run = _run(query, desired.database, desired.name, [observed.owner], rules)
        changes.append(Change(f"{_field(desired.name)}.version", desired.version, observed.version, run))
    return changes


def _untrusted(desired: DesiredExtension, verb: str) -> str:
    version = f" {desired.version}" if desired.version else ""
    return (
        f"extension {desired.name!r}{version} is not marked as trusted, so whoever may {verb} it could take the whole "
        f"server, which belongs to another namespace: let its owner {verb} it in database {desired.database!r}, or set "
        "spec.tenancy.privilegedAttributes of the server to true"
    )


def _drop(observed: ObservedExtension, rules: PlanRules) -> Plan:
    """What it brought goes with it, and that may be data."""
    query = statements.drop_extension(observed.name, cascade=rules.cascade)
    run = _run(query, observed.database, observed.name, [observed.owner], rules)
    return Plan((Change(_field(observed.name), None, observed.name, run, destructive=True),))


def _run(query: Query, database: str, name: str, roles: list[str | None], rules: PlanRules) -> tuple[Statement, ...]:
    return borrowing(roles, [query], rules, database, lock_inside(database, f"extension {name}"))


def _field(name: str) -> str:
    return f"postgres.extensions[{name}]"
