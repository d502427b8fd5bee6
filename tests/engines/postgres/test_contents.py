"""What a database holds, as a real server tells it."""

from __future__ import annotations

import pytest

from dbaas.contracts.engine import Item
from dbaas.contracts.looking import Telling
from dbaas.core.offload import InlineOffload
from dbaas.engines.postgres.contents import DesiredContents
from dbaas.engines.postgres.databases import DesiredDatabase
from dbaas.engines.postgres.engine import build_engine
from dbaas.engines.postgres.statements import DatabaseOptions
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


async def test_what_a_new_database_holds_is_foreseen_as_a_look_finds_it(
    lanes: ServerLanes, postgres: TestServer, prefix: str
) -> None:
    """With libc's own rules and with others; before PostgreSQL 15 only a look tells."""
    engine = build_engine(InlineOffload())
    lane = lanes.open("foreseen", engine, postgres.address, 2)
    desired = DesiredDatabase(prefix, options=DatabaseOptions(encoding="SQL_ASCII", lc_collate="C", lc_ctype="C"))
    await Applier(engine, lane).apply(Item("databases", None, prefix, desired))
    observed = (await lane.observe("databases", None, [prefix]))[prefix]
    server = await lane.facts()
    for part, name in (("schemas", "public"), ("contents", prefix)):
        foreseen = engine.parts[part].foresee(name, desired, observed, server)
        looked = (await lane.observe(part, prefix, [name]))[name]
        if server.version_number < 150_000:
            assert foreseen is None
        else:
            assert foreseen == looked  # but for what is told alone, as the size


async def test_a_copy_of_another_database_is_not_foreseen(lanes: ServerLanes, postgres_18: TestServer) -> None:
    engine = build_engine(InlineOffload())
    lane = lanes.open("copied", engine, postgres_18.address, 2)
    observed = (await lane.observe("databases", None, ["postgres"]))["postgres"]
    copied, fresh = (DesiredDatabase("x", options=DatabaseOptions(template=t)) for t in ("template1", "template0"))
    for part, name in (("schemas", "public"), ("contents", "x")):
        assert engine.parts[part].foresee(name, copied, observed, await lane.facts()) is None
        assert engine.parts[part].foresee(name, fresh, observed, await lane.facts()) is not None
    assert engine.parts["schemas"].foresee("sales", fresh, observed, await lane.facts()) is None


async def test_a_look_at_everything_adds_up_no_files(lanes: ServerLanes, postgres_18: TestServer) -> None:
    engine = build_engine(InlineOffload())
    lane = lanes.open("all", engine, postgres_18.address, 2)
    assert (await lane.observe("contents", "postgres", None))["postgres"].size_bytes is None
