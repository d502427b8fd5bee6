"""Objects that a manifest names and nothing of ours makes: tables, columns, routines, types. Only looked for."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import LiteralString, NamedTuple

from dbaas.contracts.engine import PlanRules
from dbaas.contracts.statement import NOTHING, Plan
from dbaas.engines.postgres.privileges.entries import ROUTINES
from dbaas.engines.postgres.privileges.holdings import Routine
from dbaas.engines.postgres.privileges.signatures import find_routines
from dbaas.engines.postgres.session import PostgresSession

_IS_ASKED: LiteralString = """
    (%(all)s AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' OR n.nspname = ANY(%(schemas)s))
"""
_OBJECTS = f"""
    SELECT CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END, n.nspname::text, c.relname::text, ''
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND {_IS_ASKED} AND (%(all)s OR c.relname = ANY(%(names)s))
    UNION ALL
    SELECT 'column', n.nspname, c.relname, a.attname
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE a.attname = ANY(%(columns)s) AND NOT a.attisdropped AND c.relname = ANY(%(names)s) AND {_IS_ASKED}
    UNION ALL
    SELECT CASE t.typtype WHEN 'd' THEN 'domain' ELSE 'type' END, n.nspname, t.typname, ''
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
    WHERE t.typname = ANY(%(names)s) AND coalesce(c.relkind, 'c') = 'c' AND {_IS_ASKED}
    UNION ALL
    SELECT 'language', '', lanname, '' FROM pg_language WHERE lanname = ANY(%(names)s)
    UNION ALL
    SELECT 'foreignDataWrapper', '', fdwname, '' FROM pg_foreign_data_wrapper WHERE fdwname = ANY(%(names)s)
    UNION ALL
    SELECT 'foreignServer', '', srvname, '' FROM pg_foreign_server WHERE srvname = ANY(%(names)s)
    UNION ALL
    SELECT 'tablespace', '', spcname, '' FROM pg_tablespace WHERE spcname = ANY(%(names)s)
    UNION ALL
    SELECT 'largeObject', '', oid::text, '' FROM pg_largeobject_metadata WHERE oid::text = ANY(%(names)s)
"""
_ROUTINES = """
    SELECT CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END, n.nspname::text,
           p.proname || '(' || oidvectortypes(p.proargtypes) || ')', p.proname::text
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = ANY(%(schemas)s)
"""


class _Asked(NamedTuple):
    on: str
    schema: str
    name: str
    column: str = ""


def name_relation(on: str, schema: str, name: str, column: str = "") -> str:
    """The key of an object. A table may be a view or the like; a routine is found by name or by signature."""
    return json.dumps([on, schema, name, *([column] if column else [])], ensure_ascii=False)


class Relations:
    """Implements `contracts.engine.Managed` in one database, for needs alone; keyed by `name_relation`."""

    async def observe(self, session: PostgresSession, names: Collection[str] | None) -> Mapping[str, str]:
        """All there are means tables and sequences only: nobody asks for the others so."""
        wanted = [_Asked(*json.loads(name)) for name in sorted(names or ())]
        arguments = {
            "all": names is None,
            "schemas": sorted({each.schema for each in wanted}),
            "names": sorted({each.name for each in wanted}),
            "columns": sorted({each.column for each in wanted if each.column}),
        }
        found = {name_relation(*row): row[2] for row in await session.fetch(_OBJECTS, arguments)}
        routines = [each for each in wanted if each.on in ROUTINES]
        if routines:
            rows = await session.fetch(_ROUTINES, {"schemas": arguments["schemas"]})
            found |= {name_relation(*each): each.name for each in _meant(routines, rows)}
        return found

    def plan(
        self, desired: object, observed: str | None, owned: frozenset[str], claims: frozenset[str], rules: PlanRules
    ) -> Plan:
        """Nothing of ours makes or drops them."""
        return NOTHING

    def keys(self, desired: object) -> frozenset[str]:
        return frozenset()


def _meant(asked: Collection[_Asked], rows: Collection[tuple[str, ...]]) -> Iterator[_Asked]:
    there: defaultdict[tuple[str, str], dict[str, Routine]] = defaultdict(dict)
    for on, schema, signature, name in rows:
        there[on, schema][signature] = Routine(name)
    return (each for each in asked if find_routines(each.name, there[each.on, each.schema]))
