"""What a database holds, as a real server tells it."""

from __future__ import annotations

import pytest

from dbaas.contracts.engine import Item, Telling
from dbaas.core.offload import InlineOffload
from dbaas.engines.postgres.contents import DesiredContents
from dbaas.engines.postgres.databases import DesiredDatabase
from dbaas.engines.postgres.engine import build_engine
from dbaas.lanes.lanes import ServerLanes
from fixtures.engines import Applier
from fixtures.postgres import TestServer

pytestmark = pytest.mark.real_server


async def test_it_tells_size_schemas_and_extensions(lanes: ServerLanes, postgres: TestServer, prefix: str) -> None:
    engine = build_engine(InlineOffload())
    applier = Applier(engine, lanes.open("contents", engine, postgres.address, 2))
    await applier.apply(Item("databases", None, prefix, DesiredDatabase(prefix)))
    assert not await applier.plan(Item("contents", prefix, prefix, DesiredContents(prefix)))
    (found,) = (await applier.lane.observe("contents", prefix, [prefix])).values()
    assert isinstance(found, Telling)
    told = dict(found.tell())
    assert told.pop("sizeBytes") > 1_000_000
    version = told["installedExtensions"][0]["version"]
    assert told == {
        "encoding": "UTF8", "collation": "C", "schemas": ["public"],
        "installedExtensions": [{"name": "plpgsql", "version": version}],
    }  # fmt: skip


async def test_a_look_at_everything_adds_up_no_files(lanes: ServerLanes, postgres_18: TestServer) -> None:
    engine = build_engine(InlineOffload())
    lane = lanes.open("all", engine, postgres_18.address, 2)
    assert (await lane.observe("contents", "postgres", None))["postgres"].size_bytes is None
