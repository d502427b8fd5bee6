"""Operations of type Custom: each statement once, and its end is known, or said not to be."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from controllers.operation.test_controller import poke, recover
from dbaas.api.database_engine import DATABASE_ENGINE
from dbaas.api.operation import OPS_REQUEST
from dbaas.api.resource import FINALIZER
from dbaas.contracts.client import NotFound
from dbaas.contracts.engine import Denied, Unreachable
from fixtures.operating import virtually
from fixtures.operations import Tried, tried_world

TABLE = {"name": "table", "type": "Identifier"}
STATEMENTS = [{"name": "first", "sql": "sweep $(table)"}, {"name": "second", "sql": "count $(table)"}]


def sweep(**more: Any) -> dict[str, Any]:
    return {"name": "sweep", "parameters": [TABLE], "statements": STATEMENTS, **more}


async def declare(tried: Tried, *operations: dict[str, Any]) -> None:
    spec = {
        "type": "basalt", "provider": tried.provider.name, "supportedVersions": ["7"], "operations": list(operations),
    }  # fmt: skip
    try:
        await tried.world.change(DATABASE_ENGINE, "basalt", spec)
    except NotFound:
        await tried.world.make(DATABASE_ENGINE, "basalt", spec)


async def ask(tried: Tried, name: str = "one", **more: Any) -> None:
    custom = {"operation": "sweep", "parameters": {"table": "floor"}}
    await tried.ask(name, "Custom", **{"custom": custom, **more})


def ran(tried: Tried) -> list[str]:
    return tried.world.server.customs.ran


def hesitate(tried: Tried) -> asyncio.Event:
    event = tried.world.server.customs.hesitates = asyncio.Event()
    return event


async def steps(tried: Tried, name: str = "one") -> list[str]:
    return [step["phase"] for step in (await tried.status(name))["steps"]]


@virtually
async def test_its_statements_are_run_in_order_and_each_says_what_the_server_has_done() -> None:
    async with tried_world() as tried:
        await declare(tried, sweep())
        await ask(tried)
        await tried.settle()
        assert ran(tried) == ["sweep 'floor'", "count 'floor'"]
        assert await tried.end("one") == ("Succeeded", "Succeeded")
        status = await tried.status("one")
        assert status["progress"] == "3/3"
        assert [(step["name"], step.get("message")) for step in status["steps"]] == [
            ("Note", None), ("first", "DONE"), ("second", "DONE")
        ]  # fmt: skip
        assert all(step["completionTime"] for step in status["steps"])
        assert [entry["action"] for entry in status["actionLog"]] == [
            "Note", "first", "first", "second", "second", "Succeeded"
        ]  # fmt: skip
        assert "session" not in status
        assert (await tried.world.read(OPS_REQUEST, "one")).metadata.finalizers == []
        assert sorted(await tried.world.events("one")) == ["OperationStarted", "OperationSucceeded"]
        assert tried.world.server.customs.sessions == set()


@virtually
async def test_what_has_ended_is_never_sent_again_and_writes_nothing_more() -> None:
    async with tried_world() as tried:
        await declare(tried, sweep())
        await ask(tried)
        await tried.settle()
        before = len(tried.world.faults.writes)
        await tried.world.stop()
        tried.world.start()
        await tried.settle()
        assert len(ran(tried)) == 2
        assert [r.path for r in tried.world.faults.writes[before:] if "/opsrequests" in r.path] == []


@virtually
async def test_one_that_takes_an_hour_holds_nothing_else_up_and_is_noted_before_it_is_sent() -> None:
    async with tried_world() as tried:
        await declare(tried, sweep())
        done = hesitate(tried)
        await ask(tried, timeout="2h")
        await tried.settle()
        status = await tried.status("one")
        assert await steps(tried) == ["Succeeded", "Running", "Pending"]
        assert tried.world.server.customs.sessions == {status["session"]}
        assert (await tried.world.read(OPS_REQUEST, "one")).metadata.finalizers == [FINALIZER]
        assert tried.world.operator is not None and tried.world.operator.manager.is_idle
        await tried.ask("two", "Restart")
        await tried.settle()
        assert "'one' (Custom) goes on" in (await tried.status("two"))["message"]
        await tried.world.sources.clock.sleep(3600)
        done.set()
        await tried.settle()
        assert await tried.end("one") == await tried.end("two") == ("Succeeded", "Succeeded")


@virtually
async def test_one_that_the_server_refuses_has_failed_and_the_next_is_not_sent() -> None:
    async with tried_world() as tried:
        await declare(tried, sweep())
        tried.world.server.customs.fails = Denied("the floor is private")
        await ask(tried)
        await tried.settle()
        assert await tried.end("one") == ("Failed", "StatementFailed")
        status = await tried.status("one")
        assert status["message"] == (
            "statement 'first' has failed: the floor is private; 0 of 2 statements have been done"
        )
        assert [step["phase"] for step in status["steps"]] == ["Succeeded", "Failed", "Pending"]
        assert len(ran(tried)) == 1


@pytest.mark.parametrize("way", ["cancel", "delete", "timeout"])
@virtually
async def test_one_that_goes_on_is_ended_on_the_server_with_its_request(way: str) -> None:
    async with tried_world() as tried:
        await declare(tried, sweep(timeout="5m"))
        hesitate(tried)
        await ask(tried)
        await tried.settle()
        if way == "cancel":
            await tried.world.change(OPS_REQUEST, "one", {"cancel": True})
        elif way == "delete":
            await tried.world.delete(OPS_REQUEST, "one")
        else:
            await tried.world.sources.clock.sleep(400)
        await tried.settle()
        assert tried.world.server.customs.sessions == set()
        assert len(ran(tried)) == 1
        if way == "delete":
            assert await tried.world.look(OPS_REQUEST, "one") is None
            return
        expected = {"cancel": ("Cancelled", "Cancelled"), "timeout": ("Failed", "TimedOut")}
        assert await tried.end("one") == expected[way]
        assert "0 of 2 statements have been done; the one that was going on was ended" in (
            await tried.status("one")
        )["message"]  # fmt: skip


@pytest.mark.parametrize("repeatable", [False, True])
@virtually
async def test_a_lost_connection_is_an_end_that_nobody_saw(repeatable: bool) -> None:
    async with tried_world() as tried:
        await declare(tried, sweep(repeatable=repeatable))
        tried.world.server.customs.fails = Unreachable("connection reset")
        await ask(tried)
        await tried.settle()
        if repeatable:
            assert ran(tried) == ["sweep 'floor'", "sweep 'floor'", "count 'floor'"]
            assert await tried.end("one") == ("Succeeded", "Succeeded")
        else:
            assert ran(tried) == ["sweep 'floor'"]
            assert await tried.end("one") == ("Failed", "OutcomeUnknown")
            assert "look in the database" in (await tried.status("one"))["message"]


@pytest.mark.parametrize("repeatable", [False, True])
@virtually
async def test_what_a_crash_has_left_on_the_server_is_ended_before_anything_is_sent_again(repeatable: bool) -> None:
    async with tried_world() as tried:
        await declare(tried, sweep(repeatable=repeatable))
        hesitate(tried)
        await ask(tried)
        await tried.settle()
        tried.world.server.customs.left = True
        (session,) = tried.world.server.customs.sessions
        await tried.world.stop()
        assert tried.world.server.customs.sessions == {session}
        tried.world.server.customs.hesitates, tried.world.server.customs.left = None, False
        tried.world.start()
        await tried.settle()
        await tried.world.sources.clock.sleep(10)
        assert tried.world.server.customs.sessions == set()
        assert len(ran(tried)) == (3 if repeatable else 1)
        assert (await tried.end("one"))[1] == ("Succeeded" if repeatable else "OutcomeUnknown")


@virtually
async def test_one_that_is_cancelled_after_a_crash_is_ended_on_the_server_all_the_same() -> None:
    async with tried_world() as tried:
        await declare(tried, sweep())
        hesitate(tried)
        await ask(tried)
        await tried.settle()
        tried.world.server.customs.left = True
        await tried.world.stop()
        await tried.world.change(OPS_REQUEST, "one", {"cancel": True})
        tried.world.start()
        await tried.settle()
        assert tried.world.server.customs.sessions == set()
        assert await tried.end("one") == ("Cancelled", "Cancelled")


@pytest.mark.parametrize("other", [[], [sweep(statements=[STATEMENTS[0], {"name": "second", "sql": "burn $(table)"}])]])
@virtually
async def test_a_catalogue_that_changes_in_the_middle_mixes_nothing(other: list[dict[str, Any]]) -> None:
    async with tried_world() as tried:
        await declare(tried, sweep())
        done = hesitate(tried)
        await ask(tried)
        await tried.settle()
        await declare(tried, *other)
        done.set()
        await tried.settle()
        assert ran(tried) == ["sweep 'floor'"]
        assert await tried.end("one") == ("Failed", "OperationChanged")
        assert "1 of 2 statements have been done" in (await tried.status("one"))["message"]


@virtually
async def test_what_is_declared_when_it_begins_is_what_counts() -> None:
    async with tried_world() as tried:
        await declare(tried, sweep(), {"name": "rest", "statements": [{"name": "rest", "sql": "rest"}]})
        tried.provider.trouble = "slow"
        await poke(tried)
        await tried.settle()
        await ask(tried)
        await ask(tried, "two", custom={"operation": "rest"})
        await tried.settle()
        assert await tried.end("one") == ("Pending", "ClusterNotReady")
        await declare(tried, {"name": "rest", "statements": [{"name": "rest", "sql": "rest well"}]})
        await recover(tried)
        assert await tried.end("one") == ("Failed", "OperationRefused")
        assert "declares no operation 'sweep': it declares rest" in (await tried.status("one"))["message"]
        assert ran(tried) == ["rest well"]
        assert await tried.end("two") == ("Succeeded", "Succeeded")
