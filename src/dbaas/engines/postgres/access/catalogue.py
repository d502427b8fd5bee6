"""What the catalogue says about access, as it says it: roles, memberships, owners, privileges, default privileges."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import LiteralString

from dbaas.contracts.reviewing import Question
from dbaas.engines.postgres.privileges.catalogue_queries import (
    INHERIT_PER_MEMBER_SINCE,
    OBJECT_COLUMNS,
    OBJECTS_INSIDE,
    SHARED_OBJECTS,
    TYPE_OF_DEFAULTS,
)
from dbaas.engines.postgres.session import PostgresSession

EVERYBODY = "public"
ATTRIBUTES = ("SUPERUSER", "CREATEDB", "CREATEROLE", "REPLICATION", "BYPASSRLS")
_BOOTSTRAP = 10  # pg_authid.dat: BOOTSTRAP_SUPERUSERID

_ROLES: LiteralString = """
    SELECT rolname::text, oid::bigint, rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls FROM pg_roles
"""
# The owner of the database is a member of pg_database_owner without being said so.
_MEMBERS: LiteralString = """
    SELECT m.rolname::text, r.rolname::text, bool_or({inherit}), bool_or({set}), false
    FROM pg_auth_members a JOIN pg_roles m ON m.oid = a.member JOIN pg_roles r ON r.oid = a.roleid GROUP BY 1, 2
    UNION ALL
    SELECT m.rolname, r.rolname, {always}, true, true
    FROM pg_database d JOIN pg_roles m ON m.oid = d.datdba JOIN pg_roles r ON r.rolname = 'pg_database_owner'
    WHERE d.datname = current_database()
"""
_SINCE_16: LiteralString = _MEMBERS.format(inherit="a.inherit_option", set="a.set_option", always="true")
_BEFORE_16: LiteralString = _MEMBERS.format(inherit="m.rolinherit", set="true", always="m.rolinherit")
# The codes that acldefault takes for the types of objects (PostgreSQL's manual, "System Information Functions").
_CODES: LiteralString = """
    CASE o.type WHEN 'table' THEN 'r' WHEN 'sequence' THEN 's' WHEN 'database' THEN 'd' WHEN 'function' THEN 'f'
        WHEN 'procedure' THEN 'f' WHEN 'language' THEN 'l' WHEN 'schema' THEN 'n' WHEN 'tablespace' THEN 't'
        WHEN 'foreignDataWrapper' THEN 'F' WHEN 'foreignServer' THEN 'S' WHEN 'column' THEN 'c' ELSE 'T' END::"char"
"""
_OBJECTS: LiteralString = f"""
    WITH {OBJECT_COLUMNS} AS ({OBJECTS_INSIDE} UNION ALL {SHARED_OBJECTS})
    SELECT o.type, o.schema::text, o.name::text, o.part::text, pg_get_userbyid(o.owner)::text,
           coalesce(p.rolname::text, 'public'), a.privilege_type, pg_get_userbyid(a.grantor)::text, a.is_grantable,
           o.acl IS NULL
    FROM objects o LEFT JOIN LATERAL aclexplode(coalesce(o.acl, acldefault({_CODES}, o.owner))) a ON true
    LEFT JOIN pg_roles p ON p.oid = a.grantee
"""
# Types and routines that nobody has granted anything on may be used by everybody: that would hide all the rest.
_OF_ROLES: LiteralString = """
    WHERE (p.rolname = ANY(%(roles)s) OR pg_get_userbyid(o.owner) = ANY(%(roles)s)
           OR (a.grantee = 0 AND (o.acl IS NOT NULL OR o.type = 'database')))
      AND (o.type <> 'database' OR o.name = current_database())
"""
_OF_TABLE: LiteralString = """
    WHERE (o.type IN ('table', 'sequence', 'column') AND o.schema = %(schema)s AND o.name = %(name)s)
       OR (o.type = 'schema' AND o.name = %(schema)s) OR (o.type = 'database' AND o.name = current_database())
"""
_OF_PLACE: LiteralString = "WHERE o.type = %(about)s AND o.name = %(name)s"
_FUTURES: LiteralString = f"""
    SELECT {TYPE_OF_DEFAULTS}, coalesce(n.nspname::text, ''), pg_get_userbyid(d.defaclrole)::text,
           coalesce(p.rolname::text, 'public'), a.privilege_type, a.is_grantable
    FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
    CROSS JOIN aclexplode(d.defaclacl) a LEFT JOIN pg_roles p ON p.oid = a.grantee
    WHERE a.grantee <> d.defaclrole
"""


@dataclass(frozen=True)
class Edge:
    """One membership, all its grants taken together. `implied`: nobody gave it, the owner of the database has it."""

    member: str
    role: str
    inherit: bool
    set: bool
    implied: bool = False


@dataclass(frozen=True)
class Holding:
    """One privilege on one object, as the object's list has it. `is_default`: nobody has granted anything on it yet.

    `grantee` is PUBLIC's name for everybody. Without a privilege, nobody holds any on the object.
    """

    on: str
    schema: str
    name: str
    column: str
    owner: str
    grantee: str
    privilege: str | None
    grantor: str | None
    grantable: bool | None
    is_default: bool


@dataclass(frozen=True)
class Future:
    """One privilege on what `maker` makes from now on; in any schema where `schema` is empty."""

    on: str
    schema: str
    maker: str
    grantee: str
    privilege: str
    grantable: bool


@dataclass(frozen=True)
class Catalogue:
    """`roles` are all there are, with those of `ATTRIBUTES` that they have. `bootstrap` is the one that initdb made."""

    database: str
    roles: Mapping[str, tuple[str, ...]]
    edges: tuple[Edge, ...] = ()
    holdings: tuple[Holding, ...] = ()
    futures: tuple[Future, ...] = ()
    bootstrap: str = ""


async def read_catalogue(session: PostgresSession, question: Question) -> Catalogue:
    """Four queries, whatever there is."""
    since_16 = session.server_version >= INHERIT_PER_MEMBER_SINCE
    rows = await session.fetch(_ROLES)
    edges = tuple(Edge(*row) for row in await session.fetch(_SINCE_16 if since_16 else _BEFORE_16))
    arguments: dict[str, object] = {"about": question.about, "schema": question.schema, "name": question.name}
    if question.about == "role":
        arguments |= {"roles": sorted(_roles_around(question.name, edges))}
    where = {"role": _OF_ROLES, "table": _OF_TABLE}.get(question.about, _OF_PLACE)
    holdings = tuple(Holding(*row) for row in await session.fetch(_OBJECTS + where, arguments))
    futures = tuple(Future(*row) for row in await session.fetch(_FUTURES))
    return Catalogue(
        session.database, {name: _attributes(flags) for name, _, *flags in rows}, edges, holdings, futures,
        next((name for name, oid, *_ in rows if oid == _BOOTSTRAP), ""),
    )  # fmt: skip


def _attributes(flags: Collection[bool]) -> tuple[str, ...]:
    return tuple(name for name, flag in zip(ATTRIBUTES, flags, strict=True) if flag)


def _roles_around(name: str, edges: Collection[Edge]) -> Iterator[str]:
    """The role, and all that it is a member of in any way."""
    found, waiting = {name}, [name]
    while waiting:
        member = waiting.pop()
        yield member
        nearer = {edge.role for edge in edges if edge.member == member} - found
        found |= nearer
        waiting += nearer
