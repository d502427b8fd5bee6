"""An operation is made from words, and followed to its end."""

from __future__ import annotations

import asyncio

import pytest

from cli.conftest import Printed, put, put_status
from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.database_engine import DATABASE_ENGINE
from dbaas.api.operation import OPS_REQUEST
from dbaas.api.resource import Key
from dbaas.cli.commands.op import OpOptions, operate, run
from dbaas.cli.exits import CommandError, WrongUsage
from dbaas.cli.session import Session
from dbaas.contracts.registry import find_registry
from dbaas.controllers.database_engine import builtin_entries

KEY = Key("default", "one")
CLUSTER = {"engine": {"type": "postgres", "version": "18"}, "clusterSize": 1}


async def _make_cluster(session: Session) -> None:
    """With the entry of the catalogue that says what its engine can."""
    (entry,) = builtin_entries(find_registry())
    await session.writer().create(DATABASE_ENGINE, entry)
    await put(session, DATABASE_CLUSTER, "main", CLUSTER)


async def test_it_is_made_and_waited_for(session: Session, printed: Printed) -> None:
    await _make_cluster(session)
    working = asyncio.create_task(operate(session, OpOptions(words=["restart", "main"], name="one", timeout="20s")))
    while "created" not in printed():
        await asyncio.sleep(0)
    await put_status(session, OPS_REQUEST, "one", "True", "Succeeded")
    await working
    made = await session.rest.get(OPS_REQUEST, KEY)
    assert made.spec["type"] == "Restart"
    assert made.spec["ttlSecondsAfterFinished"] == 86400
    assert printed().splitlines()[0] == "opsrequest.dbaas.io/one created"
    assert "Succeeded" in printed()


async def test_it_gets_a_name_that_tells_what_it_does_and_stays_where_that_is_wished(session: Session) -> None:
    await _make_cluster(session)
    options = OpOptions(words=["scale", "main", "2"], wait=False, ttl="", force=True)
    await operate(session, options)
    (made,) = await session.rest.list(OPS_REQUEST)
    assert made.metadata.name.startswith("main-scale-")
    assert made.spec["force"] is True
    assert "ttlSecondsAfterFinished" not in made.spec


async def test_what_the_server_refuses_is_told_by_field(session: Session) -> None:
    await _make_cluster(session)
    with pytest.raises(CommandError, match="Upgrade of 'main' is refused") as caught:
        await operate(session, OpOptions(words=["upgrade", "main", "version=x"]))
    assert caught.value.advice[0].startswith("spec.upgrade.targetVersion: ")
    assert len(caught.value.advice) == 1


async def test_a_cluster_that_is_not_there_is_told_at_once(session: Session) -> None:
    await _make_cluster(session)
    with pytest.raises(CommandError) as caught:
        await operate(session, OpOptions(words=["stop", "mian"]))
    assert caught.value.message == "there is no DatabaseCluster 'mian' in namespace 'default'; did you mean 'main'?"
    assert not await session.rest.list(OPS_REQUEST)


async def test_one_is_cancelled_by_its_name(session: Session, printed: Printed) -> None:
    await _make_cluster(session)
    await operate(session, OpOptions(words=["stop", "main"], name="one", wait=False))
    await operate(session, OpOptions(words=["cancel", "one"]))
    assert (await session.rest.get(OPS_REQUEST, KEY)).spec["cancel"] is True
    assert "opsrequest.dbaas.io/one is given up" in printed()


@pytest.mark.parametrize("words", [["restart"], []])
def test_what_and_which_cluster_must_be_said(words: list[str]) -> None:
    with pytest.raises(WrongUsage, match="dbaas op restart main"):
        run(OpOptions(words=words))


async def test_a_time_to_live_that_is_none_is_refused(session: Session) -> None:
    with pytest.raises(WrongUsage, match="--ttl"):
        await operate(session, OpOptions(words=["stop", "main"], ttl="soon"))


async def test_what_a_catalogue_declares_is_listed_where_it_is_not_said_which(session: Session) -> None:
    await _make_cluster(session)
    with pytest.raises(WrongUsage, match="missing: operation") as caught:
        await operate(session, OpOptions(words=["custom", "main"]))
    _, heading, *lines = caught.value.advice
    assert heading == "DatabaseEngine 'postgres' declares:"
    assert any(line.startswith("vacuum database=… [schema=public] table=…: Frees") for line in lines)


async def test_nothing_is_listed_for_a_cluster_that_is_not_there(session: Session) -> None:
    with pytest.raises(WrongUsage, match="missing: operation") as caught:
        await operate(session, OpOptions(words=["custom", "nobody"]))
    assert len(caught.value.advice) == 1
