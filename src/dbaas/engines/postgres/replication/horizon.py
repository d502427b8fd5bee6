"""How far back a server's log of changes goes: a replica that needs more than that can never catch up."""

from __future__ import annotations

from dbaas.engines.postgres.session import PostgresSession

# The name of a file of it tells where it begins (manual, "WAL Internals"): the timeline, and the position in two parts.
_OLDEST = """
    SELECT min(('x' || substr(w.name, 9, 8))::bit(32)::bigint * 4294967296
        + ('x' || substr(w.name, 17, 8))::bit(32)::bigint * s.setting::bigint)
    FROM pg_ls_waldir() w, pg_settings s
    WHERE s.name = 'wal_segment_size' AND w.name ~ '^[0-9A-F]{24}$'
"""


async def find_horizon(session: PostgresSession) -> int:
    """In bytes from the beginning. Raises EngineError."""
    return int((await session.fetch(_OLDEST))[0][0])
