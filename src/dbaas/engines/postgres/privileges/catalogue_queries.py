"""What is asked of the catalogue for privileges: a question for what is held, and one for what there is.

Both are made over one table of objects: type, schema, name, column, owner, privileges, and for routines their name
alone with, where several share it, the types of their arguments. Privileges that are NULL are those of a new object.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import LiteralString

from dbaas.engines.postgres.catalogue import OWNER_OF_THIS_DATABASE, PG_DATABASE_OWNER
from dbaas.engines.postgres.privileges.entries import PARAMETERS_SINCE as PARAMETERS_SINCE

FUTURE = "future "
INHERIT_PER_MEMBER_SINCE = 160000
_FIRST_SUPERUSER = 10  # pg_authid.dat: BOOTSTRAP_SUPERUSERID, the owner of what nobody made

PRINCIPALS = """
    SELECT rolname::text FROM pg_roles WHERE (%(all)s AND rolname !~ '^pg_') OR rolname = ANY(%(names)s)
    UNION ALL SELECT 'public' WHERE %(all)s OR 'public' = ANY(%(names)s)
"""
_MEMBERS: LiteralString = """
    WITH RECURSIVE owning (role) AS ({}), inherits (role, member) AS ({}), acting (role, member) AS (
        SELECT i.role, i.member FROM inherits i JOIN owning USING (role)
        UNION SELECT a.role, i.member FROM acting a JOIN inherits i ON i.role = a.member
    )
    SELECT DISTINCT pg_get_userbyid(role)::text, pg_get_userbyid(member)::text FROM acting
    UNION ALL SELECT '', rolname::text FROM pg_roles WHERE rolsuper
"""
_INHERITS: LiteralString = "SELECT roleid, member FROM pg_auth_members WHERE inherit_option"
_ONCE_INHERITED: LiteralString = (
    "SELECT m.roleid, m.member FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member WHERE r.rolinherit"
)
_OWNERS_INSIDE: LiteralString = """
    SELECT datdba FROM pg_database WHERE datname = current_database()
    UNION SELECT nspowner FROM pg_namespace UNION SELECT relowner FROM pg_class
    UNION SELECT proowner FROM pg_proc UNION SELECT typowner FROM pg_type
"""
_OWNERS_ON_SERVER: LiteralString = "SELECT datdba FROM pg_database UNION SELECT spcowner FROM pg_tablespace"

_USERS_SCHEMA: LiteralString = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
_SIGNATURE: LiteralString = "p.proname || '(' || pg_catalog.oidvectortypes(p.proargtypes) || ')'"
_ROUTINE: LiteralString = """
    json_build_array(p.proname, CASE WHEN count(*) OVER (PARTITION BY p.pronamespace, p.proname) > 1 THEN (
        SELECT coalesce(json_agg(json_build_array(s.nspname, t.typname) ORDER BY u.number), '[]')
        FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY u (type, number)
        JOIN pg_type t ON t.oid = u.type JOIN pg_namespace s ON s.oid = t.typnamespace
    ) END)::text
"""
OBJECTS_INSIDE: LiteralString = f"""
    SELECT 'schema', '', n.nspname::text, '', n.nspowner, n.nspacl, NULL FROM pg_namespace n WHERE {_USERS_SCHEMA}
    UNION ALL
    SELECT CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END, n.nspname, c.relname, '', c.relowner, c.relacl,
           NULL
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND {_USERS_SCHEMA}
    UNION ALL
    SELECT 'column', n.nspname, c.relname, a.attname, c.relowner, a.attacl, NULL
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE a.attacl IS NOT NULL AND NOT a.attisdropped AND {_USERS_SCHEMA}
    UNION ALL
    SELECT CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END, n.nspname, {_SIGNATURE}, '', p.proowner,
           p.proacl, {_ROUTINE}
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE {_USERS_SCHEMA}
    UNION ALL
    SELECT CASE t.typtype WHEN 'd' THEN 'domain' ELSE 'type' END, n.nspname, t.typname, '', t.typowner, t.typacl, NULL
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
    WHERE t.typtype IN ('b', 'c', 'd', 'e', 'r') AND coalesce(c.relkind, 'c') = 'c' AND {_USERS_SCHEMA}
      AND t.oid NOT IN (SELECT e.typarray FROM pg_type e WHERE e.typarray <> 0)
    UNION ALL
    SELECT 'language', '', l.lanname, '', l.lanowner, l.lanacl, NULL FROM pg_language l WHERE l.lanpltrusted
    UNION ALL
    SELECT 'foreignDataWrapper', '', w.fdwname, '', w.fdwowner, w.fdwacl, NULL FROM pg_foreign_data_wrapper w
    UNION ALL
    SELECT 'foreignServer', '', s.srvname, '', s.srvowner, s.srvacl, NULL FROM pg_foreign_server s
"""
_LARGE_OBJECTS: LiteralString = """
    SELECT 'largeObject', '', m.oid::text, '', m.lomowner, m.lomacl, NULL FROM pg_largeobject_metadata m
"""
SHARED_OBJECTS: LiteralString = """
    SELECT 'database', '', d.datname::text, '', d.datdba, d.datacl, NULL FROM pg_database d
    UNION ALL
    SELECT 'tablespace', '', s.spcname, '', s.spcowner, s.spcacl, NULL FROM pg_tablespace s
"""
_GRANTED_PARAMETERS: LiteralString = f"""
    UNION ALL
    SELECT 'parameter', '', a.parname, '', {_FIRST_SUPERUSER}, a.paracl, NULL FROM pg_parameter_acl a
"""
# All there are, as `Source.there` tells of what nobody has granted anything on.
PARAMETERS: LiteralString = f"""
    SELECT 'parameter', '', pg_get_userbyid({_FIRST_SUPERUSER})::text, true, array_agg(lower(s.name)),
           array_agg(NULL::text)
    FROM pg_settings s WHERE s.context <> 'internal'
"""
TYPE_OF_DEFAULTS: LiteralString = """
    CASE d.defaclobjtype WHEN 'r' THEN 'table' WHEN 'S' THEN 'sequence' WHEN 'n' THEN 'schema' WHEN 'f' THEN 'function'
        WHEN 'T' THEN 'type' ELSE 'largeObject' END
"""
_IS_GRANTEE: LiteralString = """
    (a.is_grantable OR (%(all)s AND coalesce(p.rolname, 'public') !~ '^pg_')
     OR coalesce(p.rolname, 'public') = ANY(%(names)s))
"""
# A schema that belongs to pg_database_owner belongs to whoever owns the database.
_OWNER: LiteralString = f"""
    pg_get_userbyid(CASE o.owner WHEN {PG_DATABASE_OWNER} THEN {OWNER_OF_THIS_DATABASE} ELSE o.owner END)::text
"""
OBJECT_COLUMNS: LiteralString = "objects (type, schema, name, part, owner, acl, routine)"
_HELD_DEFAULTS: LiteralString = f"""
    UNION ALL
    SELECT coalesce(p.rolname, 'public'), {TYPE_OF_DEFAULTS}, coalesce(n.nspname, ''), '', '',
           pg_get_userbyid(d.defaclrole), a.privilege_type, a.is_grantable
    FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
    CROSS JOIN aclexplode(d.defaclacl) a LEFT JOIN pg_roles p ON p.oid = a.grantee
    WHERE a.grantee <> d.defaclrole AND {_IS_GRANTEE}
"""
_DEFAULTS: LiteralString = f"""
    UNION ALL
    SELECT '{FUTURE}' || {TYPE_OF_DEFAULTS}, coalesce(n.nspname::text, ''), pg_get_userbyid(d.defaclrole)::text, false,
           '{{}}'::text[], '{{}}'::text[]
    FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
"""


@dataclass(frozen=True)
class Source:
    """What to ask. `acting`: roles that own something, with those that have all their rights.

    `held`: grantee, type, schema, name, column, grantor (NULL: the owner), privilege, whether it may be given on.

    `there`: type, schema, owner, whether the privileges are those of a new object, names, and what routines are called.
    """

    held: LiteralString
    there: LiteralString
    acting: LiteralString
    acting_before_16: LiteralString


def _source(
    objects: LiteralString, owners: LiteralString, held: LiteralString = "", there: LiteralString = ""
) -> Source:
    return Source(
        f"""
        WITH {OBJECT_COLUMNS} AS ({objects})
        SELECT coalesce(p.rolname, 'public'), o.type, o.schema, o.name, o.part,
               CASE WHEN a.grantor <> o.owner THEN pg_get_userbyid(a.grantor) END, a.privilege_type, a.is_grantable
        FROM objects o CROSS JOIN aclexplode(o.acl) a LEFT JOIN pg_roles p ON p.oid = a.grantee
        WHERE a.grantee <> o.owner AND {_IS_GRANTEE}
        {held}
        """,
        f"""
        WITH {OBJECT_COLUMNS} AS ({objects})
        SELECT o.type, o.schema::text, {_OWNER}, o.acl IS NULL, array_agg(o.name::text), array_agg(o.routine::text)
        FROM objects o WHERE o.type <> 'column' GROUP BY 1, 2, 3, 4
        {there}
        """,
        _MEMBERS.format(owners, _INHERITS),
        _MEMBERS.format(owners, _ONCE_INHERITED),
    )


INSIDE = _source(OBJECTS_INSIDE, _OWNERS_INSIDE, _HELD_DEFAULTS, _DEFAULTS)
LARGE_OBJECTS = _source(_LARGE_OBJECTS, _OWNERS_INSIDE)
ON_SERVER = _source(SHARED_OBJECTS + _GRANTED_PARAMETERS, _OWNERS_ON_SERVER)
ON_OLD_SERVER = _source(SHARED_OBJECTS, _OWNERS_ON_SERVER)
