"""What an upgrade to another major version would lose or fail at, as far as the server itself knows it.

The same that `upgrading` looks at in the files, in the same words.
"""

from __future__ import annotations

from dbaas.engines.postgres.session import PostgresSession

_ASK = """
    SELECT pg_catalog.current_setting('server_version_num')::int / 10000,
        (SELECT pg_catalog.string_agg(slot_name, ', ' ORDER BY slot_name) FROM pg_catalog.pg_replication_slots
            WHERE slot_type = 'logical'),
        (SELECT pg_catalog.string_agg(spcname, ', ' ORDER BY spcname) FROM pg_catalog.pg_tablespace
            WHERE oid >= 16384),
        (SELECT pg_catalog.string_agg(DISTINCT name, ', ') FROM pg_catalog.pg_file_settings
            WHERE sourcefile LIKE '%/postgresql.auto.conf'),
        (SELECT pg_catalog.string_agg(gid, ', ' ORDER BY gid) FROM pg_catalog.pg_prepared_xacts),
        (SELECT pg_catalog.string_agg(datname, ', ' ORDER BY datname) FROM pg_catalog.pg_database
            WHERE NOT datallowconn AND datname <> 'template0')
"""
_TOLD = (
    "it has logical replication slots, which would be lost: {}; drop them, and make them again afterwards",
    "it has tablespaces, whose folders dbaas does not keep: {}; move what is in them to pg_default, and drop them",
    "it has settings made by ALTER SYSTEM, which would be lost: {}; write them into spec.config, and ALTER SYSTEM "
    "RESET ALL",
    "it has prepared transactions: {}; end them",
    "it has databases that let nobody in: {}; let connections in, or drop them",
)


async def find_hindrance(session: PostgresSession, version: str) -> str:
    """All of them; empty where there is none, or the server is of another major version. Raises EngineError."""
    ((served, *found),) = await session.fetch(_ASK)
    if str(served) != version:
        return ""
    return "; ".join(told.format(names) for told, names in zip(_TOLD, found, strict=True) if names)
