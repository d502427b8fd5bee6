"""The parts that hold privileges: what is inside a database, large objects, and what is outside of databases."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from dbaas.contracts.engine import PlanRules
from dbaas.contracts.statement import Plan
from dbaas.engines.postgres.privileges.entries import DesiredPrivileges, key_of, with_implied
from dbaas.engines.postgres.privileges.holdings import (
    ObservedPrivileges,
    read_inside,
    read_large_objects,
    read_on_server,
)
from dbaas.engines.postgres.privileges.planning import plan_privileges
from dbaas.engines.postgres.session import PostgresSession


class Privileges:
    """Implements `contracts.engine.Managed` in one database, for all but large objects; keyed by principal."""

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


class LargeObjectPrivileges(Privileges):
    """The same on large objects."""

    async def observe(
        self, session: PostgresSession, names: Collection[str] | None
    ) -> Mapping[str, ObservedPrivileges]:
        return await read_large_objects(session, names)


class DatabasePrivileges(Privileges):
    """The same on databases, tablespaces and parameters, seen from the administrative database."""

    async def observe(
        self, session: PostgresSession, names: Collection[str] | None
    ) -> Mapping[str, ObservedPrivileges]:
        return await read_on_server(session, names)
