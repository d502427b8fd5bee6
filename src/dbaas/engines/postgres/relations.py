"""Tables and sequences that a manifest names: only looked for, never made."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping

from dbaas.contracts.engine import PlanRules
from dbaas.contracts.statement import NOTHING, Plan
from dbaas.engines.postgres.session import PostgresSession

_QUERY = """
    SELECT n.nspname, c.relname, CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND (
        (%(all)s AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema')
        OR (n.nspname, c.relname) IN (SELECT * FROM unnest(%(schemas)s::text[], %(names)s::text[]))
    )
"""


def name_relation(on: str, schema: str, name: str) -> str:
    """The key of a table (views and the like included) or sequence."""
    return json.dumps([on, schema, name], ensure_ascii=False)


class Relations:
    """Implements `contracts.engine.Managed` in one database, for needs alone; keyed by `name_relation`."""

    async def observe(self, session: PostgresSession, names: Collection[str] | None) -> Mapping[str, str]:
        parsed = [json.loads(name) for name in sorted(names or ())]
        arguments = {
            "all": names is None, "schemas": [schema for _, schema, _ in parsed], "names": [name for *_, name in parsed]
        }  # fmt: skip
        rows = await session.fetch(_QUERY, arguments)
        return {name_relation(on, schema, name): name for schema, name, on in rows}

    def plan(
        self, desired: object, observed: str | None, owned: frozenset[str], claims: frozenset[str], rules: PlanRules
    ) -> Plan:
        """Nothing of ours makes or drops them."""
        return NOTHING

    def keys(self, desired: object) -> frozenset[str]:
        return frozenset()
