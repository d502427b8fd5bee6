"""Schemas of a database, and whether everybody may make things in `public`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from dbaas.contracts.engine import PlanRules, ServerFacts
from dbaas.contracts.statement import NOTHING, Change, Plan
from dbaas.engines.postgres import statements
from dbaas.engines.postgres.catalogue import (
    OWNER_OF_THIS_DATABASE,
    PG_DATABASE_OWNER,
    asked,
    borrowing,
    lock_inside,
    may_act_as,
)
from dbaas.engines.postgres.databases import DesiredDatabase, ObservedDatabase, is_pristine
from dbaas.engines.postgres.session import PostgresSession

_QUERY = f"""
    SELECT n.nspname, pg_get_userbyid(n.nspowner), r.rolname, has_schema_privilege('public', n.oid, 'CREATE'),
           EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid), r.rolsuper
    FROM pg_namespace n JOIN pg_roles r
      ON r.oid = CASE n.nspowner WHEN {PG_DATABASE_OWNER} THEN {OWNER_OF_THIS_DATABASE} ELSE n.nspowner END
    WHERE (%(all)s AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema') OR n.nspname = ANY(%(names)s)
"""


@dataclass(frozen=True)
class DesiredSchema:
    """`is_wanted` False: it need not exist, but where it does, `revoke_public` holds. `database_owner` may be None.

    A new one is made for `default_owner` where no `owner` is said.
    """

    database: str
    name: str
    owner: str | None = None
    database_owner: str | None = None
    default_owner: str | None = None
    is_wanted: bool = True
    revoke_public: bool = False


@dataclass(frozen=True)
class ObservedSchema:
    """`is_used`: there is a table or the like in it. Members of `acting_owner`, a superuser or not, have its rights."""

    database: str
    name: str
    owner: str
    acting_owner: str
    public_may_create: bool
    is_used: bool
    is_of_superuser: bool = field(default=False, compare=False)  # a hint for who may not change it


class Schemas:
    """Implements `contracts.engine.Managed` in one database; keyed by the schema's name."""

    async def observe(self, session: PostgresSession, names: Collection[str] | None) -> Mapping[str, ObservedSchema]:
        rows = await session.fetch(_QUERY, asked(names))
        return {row[0]: ObservedSchema(session.database, *row) for row in rows}

    def foresee(
        self, name: str, made_as: DesiredDatabase, observed: ObservedDatabase, server: ServerFacts
    ) -> ObservedSchema | None:
        """Implements `contracts.looking.Foreseeing`, of `public` alone: it belongs to the owner of the database."""
        if name != "public" or not is_pristine(made_as, server):
            return None
        return ObservedSchema(
            observed.name, name, "pg_database_owner", observed.owner, public_may_create=False, is_used=False
        )

    def plan(
        self, desired: DesiredSchema | None, observed: ObservedSchema | None, owned: frozenset[str],
        claims: frozenset[str], rules: PlanRules,
    ) -> Plan:  # fmt: skip
        if desired is None:
            return _drop(observed, rules) if observed is not None and owned - claims else NOTHING
        if observed is None:
            return Plan((_create(desired, rules),)) if desired.is_wanted else NOTHING
        return Plan((*_compare_owner(desired, observed, rules), *_compare_public(desired, observed, rules)))

    def keys(self, desired: DesiredSchema) -> frozenset[str]:
        """The schema itself, where it is asked for: one that leaves the manifest is dropped, if it is empty."""
        return frozenset({desired.name}) if desired.is_wanted else frozenset()


def _create(desired: DesiredSchema, rules: PlanRules) -> Change:
    owner = desired.owner or desired.default_owner
    run = borrowing(
        [desired.database_owner, owner], [statements.create_schema(desired.name, owner)], rules,
        desired.database, lock_inside(desired.database, desired.name),
    )  # fmt: skip
    return Change(f"postgres.schemas[{desired.name}]", desired.name, None, run)


def _compare_owner(desired: DesiredSchema, observed: ObservedSchema, rules: PlanRules) -> list[Change]:
    if desired.owner in (None, observed.owner):
        return []
    run = borrowing(
        [desired.database_owner, observed.acting_owner, desired.owner],
        [statements.set_schema_owner(desired.name, desired.owner or "")], rules, desired.database,
        lock_inside(desired.database, desired.name),
    )  # fmt: skip
    loses = observed.owner != rules.server.login
    return [Change(f"postgres.schemas[{desired.name}].owner", desired.owner, observed.owner, run, destructive=loses)]


def _compare_public(desired: DesiredSchema, observed: ObservedSchema, rules: PlanRules) -> list[Change]:
    """Before PostgreSQL 15, new databases let everybody create in `public`. In an empty schema nobody misses it."""
    if not desired.revoke_public or not observed.public_may_create:
        return []
    if observed.is_of_superuser and not may_act_as(observed.acting_owner, rules):
        why = (
            f"schema {observed.name} of database {observed.database!r} belongs to {observed.acting_owner}, a "
            "superuser, and our login is none: let a superuser run REVOKE CREATE ON SCHEMA "
            f"{observed.name} FROM PUBLIC there, or set revokePublic to false"
        )
        return [Change("revokePublic", True, "PUBLIC may create in public", immutable=True, why=why)]
    run = borrowing(
        [observed.acting_owner], [statements.revoke_create_from_public(desired.name)], rules, desired.database,
        lock_inside(desired.database, desired.name),
    )  # fmt: skip
    return [Change("revokePublic", True, "PUBLIC may create in public", run, destructive=observed.is_used)]


def _drop(observed: ObservedSchema, rules: PlanRules) -> Plan:
    dropping = statements.drop_schema(observed.name, cascade=rules.cascade)
    locks = lock_inside(observed.database, observed.name)
    run = borrowing([observed.acting_owner], [dropping], rules, observed.database, locks)
    return Plan((Change(f"postgres.schemas[{observed.name}]", None, observed.name, run, destructive=True),))
