"""Operations that the catalogue's own entry has: each may run twice, and is of use on every server.

Manual: commands VACUUM and REINDEX (whose part about CONCURRENTLY tells of indexes that an interrupted run leaves).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_TABLE: Sequence[Mapping[str, Any]] = (
    {"name": "database", "type": "Identifier", "description": "The database that has it."},
    {"name": "schema", "type": "Identifier", "default": "public", "description": "The schema that has it."},
    {"name": "table", "type": "Identifier", "description": "The table."},
)
_PATIENT = {"repeatable": True, "timeout": "12h", "lockTimeout": "10m"}  # neither makes readers or writers wait

OPERATIONS: Sequence[Mapping[str, Any]] = (
    {
        "name": "vacuum",
        "description": "Frees what is dead in a table for new rows, and counts its values anew. It blocks no query.",
        "parameters": list(_TABLE),
        "statements": [
            {"name": "vacuum", "database": "$(database)", "sql": "VACUUM (ANALYZE) $(schema).$(table)"},
        ],
        **_PATIENT,
    },
    {
        "name": "reindex",
        "description": (
            "Makes the indexes of a table anew beside the old ones. It blocks no query. An interrupted run leaves "
            "invalid indexes, whose names end in _ccnew: drop those."
        ),
        "parameters": list(_TABLE),
        "statements": [
            {"name": "reindex", "database": "$(database)", "sql": "REINDEX TABLE CONCURRENTLY $(schema).$(table)"},
        ],
        **_PATIENT,
    },
    {
        "name": "terminate-sessions",
        "description": "Ends all sessions of a user, who is no administrator. What they had not committed is undone.",
        "parameters": [{"name": "user", "type": "String", "description": "The user, by the name on the server."}],
        "statements": [
            {
                "name": "terminate",
                "sql": (
                    "SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a JOIN pg_roles r ON r.oid = a.usesysid "
                    "WHERE r.rolname = $(user) AND NOT r.rolsuper AND NOT r.rolreplication"
                ),
            },
        ],
        "repeatable": True,
        "timeout": "10m",
    },
)
