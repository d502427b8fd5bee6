"""What the catalogue says of privileges: who holds what, and what there is to hold privileges on.

Only what an object's owner has granted counts, because only that can be taken back by us; and nothing is said of what
owners hold on their own objects, because they hold everything there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, LiteralString

from dbaas.engines.postgres.catalogue import OWNER_OF_THIS_DATABASE, PG_DATABASE_OWNER, asked
from dbaas.engines.postgres.privileges.entries import Entry, Target
from dbaas.engines.postgres.session import PostgresSession

Place = tuple[str, str]  # type and schema
_NOTHING: Mapping[str, str] = {}

_PRINCIPALS = "SELECT rolname FROM pg_roles WHERE (%(all)s AND rolname !~ '^pg_') OR rolname = ANY(%(names)s)"
_USERS_SCHEMA: LiteralString = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
_IS_GRANTEE: LiteralString = "((%(all)s AND p.rolname !~ '^pg_') OR p.rolname = ANY(%(names)s))"
_RELATION: LiteralString = "CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END"
_IS_RELATION: LiteralString = "c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')"

_HELD_INSIDE = f"""
    SELECT p.rolname, 'schema', '', n.nspname::text, NULL, a.privilege_type, a.is_grantable
    FROM pg_namespace n, aclexplode(n.nspacl) a, pg_roles p
    WHERE a.grantee = p.oid AND a.grantor = n.nspowner AND a.grantee <> n.nspowner AND {_USERS_SCHEMA} AND {_IS_GRANTEE}
    UNION ALL
    SELECT p.rolname, {_RELATION}, n.nspname, c.relname, NULL, a.privilege_type, a.is_grantable
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) a, pg_roles p
    WHERE a.grantee = p.oid AND a.grantor = c.relowner AND a.grantee <> c.relowner AND {_USERS_SCHEMA}
      AND {_IS_RELATION} AND {_IS_GRANTEE}
    UNION ALL
    SELECT p.rolname, CASE d.defaclobjtype WHEN 'r' THEN 'table' WHEN 'S' THEN 'sequence' ELSE 'schema' END,
           coalesce(n.nspname, ''), '', pg_get_userbyid(d.defaclrole), a.privilege_type, a.is_grantable
    FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace, aclexplode(d.defaclacl) a, pg_roles p
    WHERE a.grantee = p.oid AND a.grantee <> d.defaclrole AND d.defaclobjtype IN ('r', 'S', 'n') AND {_IS_GRANTEE}
"""
_THERE_INSIDE = f"""
    SELECT 'schema', '',
           pg_get_userbyid(CASE n.nspowner WHEN {PG_DATABASE_OWNER} THEN {OWNER_OF_THIS_DATABASE} ELSE n.nspowner END),
           array_agg(n.nspname::text)
    FROM pg_namespace n WHERE {_USERS_SCHEMA} GROUP BY n.nspowner
    UNION ALL
    SELECT {_RELATION}, n.nspname, pg_get_userbyid(c.relowner), array_agg(c.relname::text)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE {_IS_RELATION} AND {_USERS_SCHEMA} GROUP BY 1, n.nspname, c.relowner
"""
_HELD_ON_DATABASES = f"""
    SELECT p.rolname, 'database', '', d.datname, NULL, a.privilege_type, a.is_grantable
    FROM pg_database d, aclexplode(d.datacl) a, pg_roles p
    WHERE a.grantee = p.oid AND a.grantor = d.datdba AND a.grantee <> d.datdba AND {_IS_GRANTEE}
"""
_DATABASES = """
    SELECT 'database', '', pg_get_userbyid(datdba), array_agg(datname::text) FROM pg_database GROUP BY datdba
"""


@dataclass(frozen=True)
class Inventory:
    """The objects there are, with their owners, by type and schema."""

    objects: Mapping[Place, Mapping[str, str]] = field(default_factory=dict)

    def names(self, on: str, schema: str) -> Collection[str]:
        return self.objects.get((on, schema), _NOTHING)

    def owner(self, target: Target) -> str | None:
        """None where there is no such object."""
        return self.objects.get((target.on, target.schema), _NOTHING).get(target.name)


@dataclass(frozen=True)
class ObservedPrivileges:
    """What a principal holds; `inventory` is shared by all principals that were observed together."""

    principal: str
    held: frozenset[Entry]
    inventory: Inventory = field(repr=False, compare=False)
    database: str | None = None


async def read_inside(session: PostgresSession, names: Collection[str] | None) -> Mapping[str, ObservedPrivileges]:
    """Every principal that exists gets an answer, also those that hold nothing."""
    return _gather(
        await session.fetch(_PRINCIPALS, asked(names)), await session.fetch(_HELD_INSIDE, asked(names)),
        await session.fetch(_THERE_INSIDE), session.database,
    )  # fmt: skip


async def read_on_databases(
    session: PostgresSession, names: Collection[str] | None
) -> Mapping[str, ObservedPrivileges]:
    """The same for databases themselves."""
    return _gather(
        await session.fetch(_PRINCIPALS, asked(names)), await session.fetch(_HELD_ON_DATABASES, asked(names)),
        await session.fetch(_DATABASES), None,
    )  # fmt: skip


def _gather(
    principals: Iterable[tuple[Any, ...]], held: Iterable[tuple[Any, ...]], there: Iterable[tuple[Any, ...]],
    database: str | None,
) -> Mapping[str, ObservedPrivileges]:  # fmt: skip
    objects: defaultdict[Place, dict[str, str]] = defaultdict(dict)
    for on, schema, owner, names in there:
        objects[on, schema].update(dict.fromkeys(names, owner))
    entries: defaultdict[str, set[Entry]] = defaultdict(set)
    for principal, on, schema, name, grantor, privilege, grantable in held:
        target = Target(on, schema, name, grantor)
        entries[principal].add(Entry(target, privilege))
        if grantable:
            entries[principal].add(Entry(target, privilege, grantable=True))
    inventory = Inventory(dict(objects))
    return {
        name: ObservedPrivileges(name, frozenset(entries.get(name, ())), inventory, database) for (name,) in principals
    }
