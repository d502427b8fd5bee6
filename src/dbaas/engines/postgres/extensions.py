"""Extensions of a database."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

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
    """What `pg_extension` says. Its author decides whether its schema can be changed (`is_relocatable`)."""

    database: str
    name: str
    schema: str
    version: str
    owner: str
    is_relocatable: bool = True


class Extensions:
    """Implements `contracts.engine.Managed` in one database; keyed by the extension's name."""

    async def observe(self, session: PostgresSession, names: Collection[str] | None) -> Mapping[str, ObservedExtension]:
        rows = await session.fetch(_QUERY, asked(names))
        return {row[0]: ObservedExtension(session.database, *row) for row in rows}

    def plan(
        self, desired: DesiredExtension | None, observed: ObservedExtension | None, owned: frozenset[str],
        claims: frozenset[str], rules: PlanRules,
    ) -> Plan:  # fmt: skip
        if desired is None:
            return _drop(observed, rules) if observed is not None and owned - claims else NOTHING
        if observed is None:
            query = statements.create_extension(desired.name, desired.schema or "public", desired.version)
            run = _run(query, desired.database, desired.name, [desired.database_owner], rules)
            return Plan((Change(_field(desired.name), desired.name, None, run),))
        return Plan(tuple(_compare(desired, observed, rules)))

    def keys(self, desired: DesiredExtension) -> frozenset[str]:
        """The extension itself: one that leaves the manifest is dropped, if nothing depends on it."""
        return frozenset({desired.name})


def _compare(desired: DesiredExtension, observed: ObservedExtension, rules: PlanRules) -> list[Change]:
    changes = []
    if desired.schema not in (None, observed.schema) and not observed.is_relocatable:
        field = f"{_field(desired.name)}.schema"
        changes.append(Change(field, desired.schema, observed.schema, immutable=True, why=NOT_RELOCATABLE))
    elif desired.schema not in (None, observed.schema):
        query = statements.move_extension(desired.name, desired.schema or "")
        run = _run(query, desired.database, desired.name, [observed.owner], rules)
        changes.append(Change(f"{_field(desired.name)}.schema", desired.schema, observed.schema, run))
    if desired.version not in (None, observed.version):
        query = statements.update_extension(desired.name, desired.version or "")
        run = _run(query, desired.database, desired.name, [observed.owner], rules)
        changes.append(Change(f"{_field(desired.name)}.version", desired.version, observed.version, run))
    return changes


def _drop(observed: ObservedExtension, rules: PlanRules) -> Plan:
    """What it brought goes with it, and that may be data."""
    query = statements.drop_extension(observed.name, cascade=rules.cascade)
    run = _run(query, observed.database, observed.name, [observed.owner], rules)
    return Plan((Change(_field(observed.name), None, observed.name, run, destructive=True),))


def _run(query: Query, database: str, name: str, roles: list[str | None], rules: PlanRules) -> tuple[Statement, ...]:
    return borrowing(roles, [query], rules, database, lock_inside(database, f"extension {name}"))


def _field(name: str) -> str:
    return f"postgres.extensions[{name}]"
