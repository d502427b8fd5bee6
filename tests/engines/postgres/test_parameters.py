"""The table of settings, against the servers that it speaks of."""

from __future__ import annotations

import psycopg
import pytest

from dbaas.engines.postgres.parameters import explain_unknown, find_fault, parameters_of
from dbaas.engines.postgres.server import PostgresServer
from fixtures.postgres import TestServer, log_in

GOOD = {
    "max_connections": ["100", " 100 ", "1e2"],
    "shared_buffers": ["128MB", "16384", "1 GB", "0.5GB"],
    "work_mem": ["64kB", "4MB"],
    "statement_timeout": ["0", "30s", "1.5min", "1d"],
    "wal_level": ["logical", "REPLICA"],
    "fsync": ["on", "OFF", "true", "0"],
    "unix_socket_permissions": ["0700"],
    "random_page_cost": ["1.1", "4"],
    "huge_pages": ["off", "try"],
    "synchronous_commit": ["off", "remote_apply"],
    "checkpoint_completion_target": ["0.9"],
    "DateStyle": ["ISO, DMY"],
}
BAD = {
    "max_connections": ["0", "many", "100MB", "99999999", ""],
    "shared_buffers": ["1kB", "128mb", "10s"],
    "statement_timeout": ["30sec", "-1"],
    "wal_level": ["hot_standby"],
    "fsync": ["maybe"],
    "random_page_cost": ["-1", "1.1s"],
    "log_line_prefix": ["a\nb"],
}
PAIRS = {True: [(n, v) for n, vs in GOOD.items() for v in vs], False: [(n, v) for n, vs in BAD.items() for v in vs]}


@pytest.mark.parametrize(("name", "value"), PAIRS[True])
def test_what_a_server_takes_is_taken(name: str, value: str) -> None:
    assert find_fault(parameters_of("18")[name.lower()], value) == ""


@pytest.mark.parametrize(("name", "value"), PAIRS[False])
def test_what_a_server_would_not_start_with_is_refused(name: str, value: str) -> None:
    assert find_fault(parameters_of("18")[name.lower()], value)


def test_a_typing_error_is_met_with_the_nearest_name() -> None:
    assert explain_unknown("max_conections", "18") == (
        "PostgreSQL 18 has no setting 'max_conections'; did you mean 'max_connections'?"
    )
    assert explain_unknown("io_method", "16").startswith("PostgreSQL 16 has no setting 'io_method'")


def test_a_fault_says_what_would_be_right() -> None:
    known = parameters_of("18")
    assert find_fault(known["wal_level"], "x") == "choose one of minimal, replica, logical"
    assert find_fault(known["max_connections"], "0") == "the lowest value is 1"
    assert find_fault(known["shared_buffers"], "10s") == "'s' is not one of its units: B, kB, MB, GB, TB"


@pytest.mark.real_server
async def test_the_table_is_what_the_servers_say(postgres: TestServer) -> None:
    """Made anew by tools/postgres_parameters.py."""
    async with await log_in(postgres.address) as admin:
        cursor = await admin.execute(
            "SELECT lower(name), context, vartype, unit, min_val, max_val FROM pg_settings WHERE context <> 'internal'"
        )
        rows = {name: tuple(rest) for name, *rest in await cursor.fetchall()}
    known = parameters_of(postgres.version)
    expected = rows if postgres.version in PostgresServer().versions else {}
    assert {
        p.name.lower(): (p.context, p.type, p.unit or None, p.lowest, p.highest) for p in known.values()
    } == expected


@pytest.mark.real_server
@pytest.mark.parametrize("accepted", [True, False])
async def test_the_server_agrees(postgres_18: TestServer, accepted: bool) -> None:
    async with await log_in(postgres_18.address) as admin:
        for name, value in PAIRS[accepted]:
            if parameters_of("18")[name.lower()].context == "user":
                assert await takes(admin, name, value) == accepted, (name, value)


async def takes(admin: psycopg.AsyncConnection, name: str, value: str) -> bool:
    try:
        await admin.execute("SELECT set_config(%s, %s, false)", (name, value))
    except psycopg.Error:
        return False
    return True
