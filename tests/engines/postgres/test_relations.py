"""Tables and sequences are found by names of any sort."""

from __future__ import annotations

import pytest

from dbaas.contracts.engine import PlanRules, ServerFacts
from dbaas.core.offload import InlineOffload
from dbaas.engines.postgres.engine import build_engine
from dbaas.engines.postgres.relations import Relations, name_relation
from dbaas.lanes.lanes import ServerLanes
from fixtures.postgres import TestServer, log_in


def test_nothing_is_ever_planned_for_them() -> None:
    rules = PlanRules(ServerFacts("18.4", 180004, "1", "postgres"))
    assert not Relations().plan(None, "orders", frozenset({"x"}), frozenset(), rules)
    assert Relations().keys("orders") == frozenset()


@pytest.mark.real_server
async def test_tables_views_and_sequences_are_found_by_any_name(
    lanes: ServerLanes, postgres: TestServer, prefix: str
) -> None:
    async with await log_in(postgres.address) as admin:
        await admin.execute(f'CREATE DATABASE "{prefix}"'.encode())
    async with await log_in(postgres.address, prefix) as admin:
        for statement in ('CREATE SCHEMA "a.b"', 'CREATE TABLE "a.b"."c""d" ()', 'CREATE SEQUENCE "a.b".e',
                          'CREATE VIEW public.seen AS SELECT 1'):  # fmt: skip
            await admin.execute(statement.encode())
    lane = lanes.open("relations", build_engine(InlineOffload()), postgres.address, 2)
    table, sequence = name_relation("table", "a.b", 'c"d'), name_relation("sequence", "a.b", "e")
    wrong = name_relation("table", "a.b", "e")
    assert set(await lane.observe("relations", prefix, [table, sequence, wrong])) == {table, sequence}
    assert name_relation("table", "public", "seen") in await lane.observe("relations", prefix, None)
