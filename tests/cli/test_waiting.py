"""Waiting ends when it is over, when it cannot come, and in time; it says what is in the way."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import pytest

from cli.conftest import open_session, put, put_status
from dbaas.api.database import DATABASE
from dbaas.api.resource import Key
from dbaas.cli.exits import CommandError, WaitedTooLong, WrongUsage
from dbaas.cli.following import Ref
from dbaas.cli.session import Session
from dbaas.cli.waiting import parse_timeout, wait_until_gone, wait_until_ready
from fixtures.operating import virtually

SPEC = {"instanceRef": {"name": "main"}}
HELD = {"metadata": {"finalizers": ["dbaas.io/finalizer"]}}
STALLED = [
    {"type": type_, "status": status, "reason": "Refused", "message": "it never can",
     "lastTransitionTime": "2026-01-01T00:00:00Z"}
    for type_, status in (("Ready", "False"), ("Stalled", "True"))
]  # fmt: skip


async def refer(session: Session, *names: str, **metadata: Any) -> list[Ref]:
    """Makes databases."""
    for name in names:
        await put(session, DATABASE, name, SPEC)
        if metadata:
            await session.rest.patch(DATABASE, Key("default", name), {"metadata": metadata})
    served = (await session.kinds()).one("databases")
    return [Ref(served, Key("default", name)) for name in names]


def output(session: Session) -> str:
    assert isinstance(session.terminal.out, io.StringIO)
    return session.terminal.out.getvalue()


def remarks(session: Session) -> list[str]:
    assert isinstance(session.terminal.err, io.StringIO)
    return session.terminal.err.getvalue().splitlines()


@pytest.mark.parametrize(("text", "seconds"), [("30s", 30.0), ("5m", 300.0), ("1h30m", 5400.0), ("0s", 0.0)])
def test_timeouts_are_durations(text: str, seconds: float) -> None:
    assert parse_timeout(text) == seconds


@pytest.mark.parametrize("text", ["soon", "5", "", "-1s"])
def test_a_timeout_that_is_none_is_wrong_usage(text: str) -> None:
    with pytest.raises(WrongUsage, match=r"^--timeout: .* is not a duration such as 30s, 5m, 4h, 7d$"):
        parse_timeout(text)


@virtually
async def test_it_ends_with_a_table_as_soon_as_all_are_ready() -> None:
    async with open_session() as session:
        refs = await refer(session, "a", "b")
        waiting = asyncio.create_task(wait_until_ready(session, refs, 60))
        for seconds, name in ((1, "a"), (2, "b")):
            await asyncio.sleep(seconds)
            await put_status(session, DATABASE, name, "True", "Ready")
        await waiting
        assert [line.split() for line in output(session).splitlines()] == [
            ["OBJECT", "PHASE", "READY", "MESSAGE"], ["database/a", "Ready", "True"], ["database/b", "Ready", "True"],
        ]  # fmt: skip
        assert remarks(session) == ["  database/a: ready after 1.0 s", "  database/b: ready after 3.0 s"]


@virtually
async def test_an_object_that_is_deleted_meanwhile_is_said_to_be_absent() -> None:
    async with open_session() as session:
        refs = await refer(session, "shop")
        waiting = asyncio.create_task(wait_until_ready(session, refs, 60))
        await asyncio.sleep(1)
        await session.rest.delete(DATABASE, refs[0].key)
        with pytest.raises(WaitedTooLong) as caught:
            await waiting
        assert caught.value.advice[0] == "database/shop: it does not exist"


@virtually
async def test_it_does_not_wait_for_what_is_stuck_but_for_the_others() -> None:
    async with open_session() as session:
        refs = await refer(session, "good", "stuck")
        await put_status(session, DATABASE, "stuck", "False", "Refused", conditions=STALLED)
        waiting = asyncio.create_task(wait_until_ready(session, refs, 60))
        await asyncio.sleep(5)
        await put_status(session, DATABASE, "good", "True", "Ready")
        with pytest.raises(CommandError, match="1 of 2 objects cannot become ready") as caught:
            await waiting
        assert caught.value.advice == (
            "database/stuck: it never can", "more: dbaas describe database stuck -n default",
        )  # fmt: skip
        assert not isinstance(caught.value, WaitedTooLong)
        assert session.clock.monotonic() < 10


@virtually
async def test_of_those_that_wait_for_what_is_stuck_nothing_is_heard_and_it_ends() -> None:
    async with open_session() as session:
        refs = await refer(session, "stuck", "waits")
        await put_status(session, DATABASE, "stuck", "False", "Refused", conditions=STALLED)
        await put_status(session, DATABASE, "waits", "False", "DatabaseNotReady")
        with pytest.raises(CommandError, match="1 of 2 objects cannot become ready, and 1 more not either") as caught:
            await wait_until_ready(session, refs, 300)
        assert caught.value.advice[:2] == (
            "database/stuck: it never can",
            "database/waits: because of DatabaseNotReady",
        )
        assert 30 < session.clock.monotonic() < 40


@virtually
async def test_too_long_tells_what_each_waits_for() -> None:
    async with open_session() as session:
        refs = await refer(session, "a", "b")
        await put_status(session, DATABASE, "a", "False", "InstanceNotReady")
        with pytest.raises(WaitedTooLong, match="2 of 2 objects not ready after 90 s") as caught:
            await wait_until_ready(session, refs, 90)
        assert caught.value.advice[:2] == (
            "database/a: because of InstanceNotReady", "database/b: nothing has looked at it yet",
        )  # fmt: skip
        assert remarks(session)[0] == "  waiting for 2 of 2: database/a: InstanceNotReady: because of InstanceNotReady"


@virtually
async def test_a_deletion_that_ends_is_waited_for() -> None:
    async with open_session() as session:
        refs = await refer(session, "shop", finalizers=["dbaas.io/finalizer"])
        await session.rest.delete(DATABASE, refs[0].key)
        waiting = asyncio.create_task(wait_until_gone(session, refs, 60))
        await asyncio.sleep(20)
        await session.rest.patch(DATABASE, refs[0].key, {"metadata": {"finalizers": None}})
        await waiting
        assert session.clock.monotonic() < 22


@pytest.mark.parametrize(
    ("reason", "advice"),
    [
        ("DeletionProtected", "to go on: set spec.deletionProtection to false, or spec.deletionPolicy to Retain"),
        ("DependenciesExist", "to go on: delete what depends on it first, or together with it"),
        ("InUse", "to go on: free it of what holds it on its server, or set spec.deletionPolicy to Retain"),
    ],
)
def test_a_blocked_deletion_is_told_soon_with_what_to_do(reason: str, advice: str) -> None:
    @virtually
    async def wait() -> None:
        async with open_session() as session:
            refs = await refer(session, "shop", **HELD["metadata"])
            await session.rest.delete(DATABASE, refs[0].key)
            await put_status(session, DATABASE, "shop", "False", reason)
            with pytest.raises(CommandError, match="1 of 1 object still there: deletion is blocked") as caught:
                await wait_until_gone(session, refs, 300)
            assert caught.value.advice[0] == f"database/shop: because of {reason}"
            assert caught.value.advice[1].startswith(advice)
            assert session.clock.monotonic() < 5

    wait()


@virtually
async def test_one_that_is_blocked_by_another_of_the_same_deletion_is_waited_for() -> None:
    async with open_session() as session:
        refs = await refer(session, "owner", "dependent", **HELD["metadata"])
        for ref in refs:
            await session.rest.delete(DATABASE, ref.key)
        await put_status(session, DATABASE, "owner", "False", "DependenciesExist")
        waiting = asyncio.create_task(wait_until_gone(session, refs, 60))
        for ref in reversed(refs):
            await asyncio.sleep(20)
            await session.rest.patch(DATABASE, ref.key, {"metadata": {"finalizers": None}})
        await waiting


@virtually
async def test_a_deletion_that_takes_too_long_says_what_holds_it() -> None:
    async with open_session() as session:
        refs = await refer(session, "shop", **HELD["metadata"])
        await session.rest.delete(DATABASE, refs[0].key)
        with pytest.raises(WaitedTooLong, match="1 of 1 object still there after 60 s") as caught:
            await wait_until_gone(session, refs, 60)
        assert caught.value.advice == ("database/shop: nothing has looked at it yet",)


@virtually
async def test_an_object_that_was_made_anew_is_not_the_one_whose_end_is_waited_for() -> None:
    async with open_session() as session:
        (ref,) = await refer(session, "shop")
        old = (await session.rest.get(DATABASE, ref.key)).metadata.uid
        await session.rest.delete(DATABASE, ref.key)
        await refer(session, "shop")
        await wait_until_gone(session, [Ref(ref.served, ref.key, old)], 60)
        assert session.clock.monotonic() < 1


@virtually
async def test_many_that_are_still_there_are_told_by_the_first_and_a_count() -> None:
    async with open_session() as session:
        refs = await refer(session, *(f"db-{number:02}" for number in range(13)), **HELD["metadata"])
        for ref in refs:
            await put_status(session, DATABASE, ref.key.name, "True", "Applied")
            await session.rest.delete(DATABASE, ref.key)
        with pytest.raises(WaitedTooLong, match="13 of 13 objects still there") as caught:
            await wait_until_gone(session, refs, 20)
        assert caught.value.advice[0] == "database/db-00: its deletion is under way"
        assert caught.value.advice[10:] == ("and 3 more",)
