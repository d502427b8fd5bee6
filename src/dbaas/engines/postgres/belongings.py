"""What a role has on a server: what it owns, what it may do there, and its sessions.

`pg_shdepend` tells for all databases at once where anything is; what that is called is known only inside each one
(PostgreSQL's manual, "System Catalogs").
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from dbaas.contracts.engine import PlanRules
from dbaas.contracts.parting import MOST_NAMED, Belonging
from dbaas.contracts.statement import NOTHING, Plan
from dbaas.engines.postgres.catalogue import asked
from dbaas.engines.postgres.session import PostgresSession

_CHOSEN = "((%(all)s AND r.rolname !~ '^pg_') OR r.rolname = ANY(%(names)s))"
_OF_ROLES = "s.refclassid = 'pg_authid'::regclass AND s.classid <> 'pg_auth_members'::regclass AND " + _CHOSEN
_PLACES = (
    """
    SELECT r.rolname, coalesce(d.datname, ''), count(*) FILTER (WHERE s.deptype = 'o'),
           count(*) FILTER (WHERE s.deptype <> 'o')
    FROM pg_shdepend s JOIN pg_roles r ON r.oid = s.refobjid LEFT JOIN pg_database d ON d.oid = s.dbid
    WHERE """
    + _OF_ROLES
    + " GROUP BY 1, 2 ORDER BY 1, 2"
)
_OWNED_HERE = (
    """
    SELECT rolname, place, coalesce(o.schema, ''), coalesce(o.name, o.identity), o.type
    FROM (
        SELECT r.rolname, s.*, CASE WHEN s.dbid = 0 THEN '' ELSE current_database() END AS place,
               row_number() OVER (PARTITION BY r.oid ORDER BY s.dbid, s.classid, s.objid) AS number
        FROM pg_shdepend s JOIN pg_roles r ON r.oid = s.refobjid
        WHERE s.deptype = 'o' AND (
            s.dbid = 0 OR s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
        ) AND """
    + _OF_ROLES
    + """
    ) owned, pg_identify_object(classid, objid, objsubid) o
    WHERE number <= %(most)s ORDER BY rolname, number
"""
)
_SESSIONS = """
    SELECT usename, count(*) FROM pg_stat_activity
    WHERE pid <> pg_backend_pid() AND (%(all)s OR usename = ANY(%(names)s)) AND usename IS NOT NULL GROUP BY 1
"""


@dataclass(frozen=True)
class Place:
    """How much a role has in one database; `database` is empty for what all of them share."""

    database: str
    owned: int
    granted: int


@dataclass(frozen=True)
class ObservedBelongings:
    """`owned` are the first things of this database and of what all of them share."""

    role: str
    places: tuple[Place, ...] = ()
    owned: tuple[Belonging, ...] = ()
    sessions: int = 0


class Belongings:
    """Implements `contracts.engine.Managed` in any database, to be looked at alone; keyed by role."""

    async def observe(
        self, session: PostgresSession, names: Collection[str] | None
    ) -> Mapping[str, ObservedBelongings]:
        arguments = {**asked(names), "most": MOST_NAMED}
        places: defaultdict[str, list[Place]] = defaultdict(list)
        for role, *place in await session.fetch(_PLACES, arguments):
            places[role].append(Place(*place))
        owned: defaultdict[str, list[Belonging]] = defaultdict(list)
        for role, *belonging in await session.fetch(_OWNED_HERE, arguments):
            owned[role].append(Belonging(*belonging))
        sessions = dict(await session.fetch(_SESSIONS, arguments))
        return {
            role: ObservedBelongings(role, tuple(places[role]), tuple(owned[role]), sessions.get(role, 0))
            for role in sorted({*places, *owned, *sessions})
        }

    def plan(
        self, desired: object, observed: ObservedBelongings | None, owned: frozenset[str], claims: frozenset[str],
        rules: PlanRules,
    ) -> Plan:  # fmt: skip
        """Nothing of it is wanted or unwanted by itself."""
        return NOTHING

    def keys(self, desired: object) -> frozenset[str]:
        return frozenset()
