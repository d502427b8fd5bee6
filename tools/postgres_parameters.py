"""Writes src/dbaas/engines/postgres/parameters.json: the settings that each version of PostgreSQL has, by its own word.

python tools/postgres_parameters.py 127.0.0.1:5416 127.0.0.1:5418     (superuser postgres, password in PGPASSWORD)
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import psycopg

TARGET = Path(__file__).parents[1] / "src/dbaas/engines/postgres/parameters.json"
QUERY = """
    SELECT name, context, vartype, unit, min_val, max_val, enumvals
    FROM pg_settings WHERE context <> 'internal' ORDER BY name
"""


def read_parameters(connection: psycopg.Connection) -> dict[str, list[Any]]:
    """By name: context, type, unit, lowest, highest, choices (without hidden synonyms such as on and off)."""
    rows = connection.execute(QUERY).fetchall()
    return {name: [*rest[:2], rest[2] or "", *rest[3:5], rest[5] or []] for name, *rest in rows}


def format_table(table: dict[str, dict[str, list[Any]]]) -> str:
    """One setting per line, so that a diff can be read."""
    blocks = []
    for version, parameters in sorted(table.items()):
        lines = [f"{json.dumps(name)}: {json.dumps(values)}" for name, values in parameters.items()]
        blocks.append(f'"{version}": {{\n' + ",\n".join(lines) + "\n}")
    return "{\n" + ",\n".join(blocks) + "\n}\n"


def main(addresses: list[str]) -> None:
    table = {}
    for address in addresses:
        host, _, port = address.partition(":")
        with psycopg.connect(host=host, port=port, user="postgres", dbname="postgres") as connection:
            table[str(connection.info.server_version // 10000)] = read_parameters(connection)
    TARGET.write_text(format_table(table))


if __name__ == "__main__":
    main(sys.argv[1:])
