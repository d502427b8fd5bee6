"""What a server tells of what an upgrade would fail at."""

from __future__ import annotations

from typing import Any, cast

import pytest

from dbaas.core.offload import InlineOffload
from dbaas.engines.postgres.hindrances import find_hindrance
from dbaas.engines.postgres.session import PostgresConnect, PostgresSession
from fixtures.postgres import TestServer, log_in


class Told:
    """A session in which a server answers with that."""

    def __init__(self, *answers: Any) -> None:
        self._answers = answers

    async def fetch(self, query: str) -> list[tuple[Any, ...]]:
        return [self._answers]


def session(*answers: Any) -> PostgresSession:
    return cast(PostgresSession, Told(*answers))


async def test_all_that_is_in_the_way_is_told_at_once() -> None:
    told = await find_hindrance(session(16, "feed", "fast", "work_mem", "transfer", "shut"), "16")
    assert [each.partition(":")[0] for each in told.split("; it has ")] == [
        "it has logical replication slots, which would be lost",
        "tablespaces, whose folders dbaas does not keep",
        "settings made by ALTER SYSTEM, which would be lost",
        "prepared transactions",
        "databases that let nobody in",
    ]
    assert await find_hindrance(session(16, None, None, None, None, None), "16") == ""


async def test_a_server_of_another_version_is_not_the_one_that_ends() -> None:
    assert await find_hindrance(session(18, "feed", None, None, None, None), "16") == ""


@pytest.mark.real_server
async def test_a_real_server_of_every_version_can_be_asked(postgres: TestServer, prefix: str) -> None:
    async with await log_in(postgres.address) as admin:
        await admin.execute(f'CREATE DATABASE "{prefix}"'.encode())
        await admin.execute(f'ALTER DATABASE "{prefix}" ALLOW_CONNECTIONS false'.encode())
        asked = await PostgresConnect(InlineOffload())(postgres.address, None)
        told = await find_hindrance(asked, postgres.version)
        await asked.close()
        await admin.execute(f'DROP DATABASE "{prefix}"'.encode())
    assert "it has databases that let nobody in: " in told and prefix in told
