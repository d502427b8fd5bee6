"""What a bare script sends for one database, user and grant: the fewest statements and API writes that are possible.

Its objects are like ours, of the same schemas, but of a group that no controller watches.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import psycopg
from psycopg import sql

CONNECTIONS = 5
WRITERS = 16
SHARED = {"username": "x" * 10, "password": "x" * 32, "host": "127.0.0.1", "uri": "x" * 100, "jdbcUri": "x" * 100}
"""What a published Secret is like."""
BARE, VERSION = "bare.example.org", "v1"
KINDS = {"databases": "Database", "databaseusers": "DatabaseUser", "databasegrants": "DatabaseGrant"}
"""By their plurals, in the order of their making."""
HOLD = {"metadata": {"finalizers": ["dbaas.io/finalizer"]}}
_NOW = "2026-01-01T00:00:00Z"
DONE = {
    "status": {
        "observedGeneration": 1,
        "phase": "Ready",
        "message": "as it should be",
        "conditions": [
            {
                "type": kind, "status": status, "reason": "Ready", "message": "as it should be",
                "lastTransitionTime": _NOW, "observedGeneration": 1,
            }
            for kind, status in (("Ready", "True"), ("Reconciling", "False"), ("Stalled", "False"))
        ],
    }
}  # fmt: skip
"""What a status is like."""


def copy_definition(definition: Mapping[str, Any]) -> dict[str, Any]:
    """The same kind, schema and rules in the bare group. `definition` is a CustomResourceDefinition of ours."""
    spec = {**definition["spec"], "group": BARE}
    name = f"{spec['names']['plural']}.{BARE}"
    return {
        "apiVersion": definition["apiVersion"],
        "kind": definition["kind"],
        "metadata": {"name": name},
        "spec": spec,
    }


def make_objects(group: str, number: int, server: Mapping[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Plural and body of each object of one unit, in the order of their making."""
    name, user = f"db-{number}", f"user-{number}"
    database, login = {"databaseRef": {"name": name}}, {"userRef": {"name": user}}
    grant = {"on": "database", "privileges": ["CONNECT", "TEMPORARY"]}
    for plural, called, spec in (
        ("databases", name, {"instanceRef": server}),
        ("databaseusers", user, {"instanceRef": server, **database}),
        ("databasegrants", f"grant-{number}", {**login, **database, "privileges": [grant]}),
    ):
        api = f"{group}/{VERSION}"
        yield plural, {"apiVersion": api, "kind": KINDS[plural], "metadata": {"name": called}, "spec": spec}


async def make_unit(connection: psycopg.AsyncConnection[Any], database: str, user: str) -> None:
    names = {"d": sql.Identifier(database), "u": sql.Identifier(user)}
    verifier = connection.pgconn.encrypt_password(b"bare-password", user.encode(), b"scram-sha-256").decode()
    for statement in (
        "CREATE DATABASE {d}",
        "REVOKE CONNECT, TEMPORARY ON DATABASE {d} FROM PUBLIC",
        "CREATE ROLE {u} LOGIN PASSWORD {p}",
        "GRANT CONNECT, TEMPORARY ON DATABASE {d} TO {u}",
    ):
        await connection.execute(sql.SQL(statement).format(**names, p=sql.Literal(verifier)))
