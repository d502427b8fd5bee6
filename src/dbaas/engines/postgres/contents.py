"""What a database holds, for people: never planned, only told."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from dbaas.contracts.engine import PlanRules, ServerFacts
from dbaas.contracts.statement import NOTHING, Plan
from dbaas.engines.postgres.catalogue import asked
from dbaas.engines.postgres.databases import DesiredDatabase, ObservedDatabase, is_pristine
from dbaas.engines.postgres.session import PostgresSession

# To add up the files takes a moment, so it is done only for who asks for this very database.
_QUERY = """
    SELECT d.datname, CASE WHEN %(all)s THEN NULL ELSE pg_database_size(d.oid) END, pg_encoding_to_char(d.encoding),
           d.datcollate, ARRAY(SELECT nspname::text FROM pg_namespace
                               WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY 1),
           ARRAY(SELECT ARRAY[extname::text, extversion] FROM pg_extension ORDER BY 1)
    FROM pg_database d WHERE d.datname = current_database() AND (%(all)s OR d.datname = ANY(%(names)s))
"""


@dataclass(frozen=True)
class DesiredContents:
    """Nothing is desired: it is only looked at."""

    database: str


@dataclass(frozen=True)
class ObservedContents:
    """`size_bytes` None: not asked for."""

    size_bytes: int | None = field(compare=False)
    encoding: str
    collation: str
    schemas: tuple[str, ...]
    extensions: tuple[tuple[str, str], ...]

    def tell(self) -> Mapping[str, Any]:
        """Implements `contracts.looking.Telling`."""
        return {
            "sizeBytes": self.size_bytes,
            "encoding": self.encoding,
            "collation": self.collation,
            "schemas": list(self.schemas),
            "installedExtensions": [{"name": name, "version": version} for name, version in self.extensions],
        }


class Contents:
    """Implements `contracts.engine.Managed` in one database, to be looked at alone; keyed by the database's name."""

    only_tells = True

    async def observe(self, session: PostgresSession, names: Collection[str] | None) -> Mapping[str, ObservedContents]:
        return {
            name: ObservedContents(size, encoding, collation, tuple(schemas), tuple(map(_pair, extensions)))
            for name, size, encoding, collation, schemas, extensions in await session.fetch(_QUERY, asked(names))
        }

    def foresee(
        self, name: str, made_as: DesiredDatabase, observed: ObservedDatabase, server: ServerFacts
    ) -> ObservedContents | None:
        """Implements `contracts.looking.Foreseeing`."""
        if not is_pristine(made_as, server):
            return None
        return ObservedContents(None, observed.encoding, observed.lc_collate, ("public",), (("plpgsql", "1.0"),))

    def plan(
        self, desired: object, observed: object, owned: frozenset[str], claims: frozenset[str], rules: PlanRules
    ) -> Plan:
        return NOTHING

    def keys(self, desired: object) -> frozenset[str]:
        return frozenset()


def _pair(row: list[str]) -> tuple[str, str]:
    name, version = row
    return name, version
