"""The two parts that hold privileges: what is inside a database, and databases themselves."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from dbaas.contracts.engine import PlanRules
from dbaas.contracts.statement import Plan
from dbaas.engines.postgres.privileges.entries import DesiredPrivileges, key_of, with_implied
from dbaas.engines.postgres.privileges.holdings import ObservedPrivileges, read_inside, read_on_databases
from dbaas.engines.postgres.privileges.planning import plan_privileges
from dbaas.engines.postgres.session import PostgresSession


class Privileges:
    """Implements `contracts.engine.Managed` in one database: schemas, tables, sequences; keyed by principal."""

    async def observe(
        self, session: PostgresSession, names: Collection[str] | None
    ) -> Mapping[str, ObservedPrivileges]:
        return await read_inside(session, names)

    def plan(
        self, desired: DesiredPrivileges | None, observed: ObservedPrivileges | None, owned: frozenset[str],
        claims: frozenset[str], rules: PlanRules,
    ) -> Plan:  # fmt: skip
        return plan_privileges(desired, observed, owned, claims, rules)

    def keys(self, desired: DesiredPrivileges) -> frozenset[str]:
        return frozenset(map(key_of, with_implied(desired.entries)))


class DatabasePrivileges(Privileges):
    """The same on databases, seen from the administrative database."""

    async def observe(
        self, session: PostgresSession, names: Collection[str] | None
    ) -> Mapping[str, ObservedPrivileges]:
        return await read_on_databases(session, names)
