"""Objects are followed by watches: whatever happens to a watch, nothing is missed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from cli.conftest import open_session, put
from dbaas.api.database import DATABASE
from dbaas.api.resource import Key
from dbaas.api.user import DATABASE_USER
from dbaas.cli.following import Follower, Ref, follow_until, start_deadline
from dbaas.cli.session import Session
from dbaas.contracts.transport import TransportError
from dbaas.core.clock import LoopClock
from dbaas.kube.verbs import RestClient
from fixtures.faults import FaultyTransport, is_list, is_watch
from fixtures.operating import virtually

SPEC = {"instanceRef": {"name": "main"}}


@asynccontextmanager
async def following(*names: str) -> AsyncIterator[tuple[Session, FaultyTransport, Follower]]:
    """Follows databases of the namespace `default`."""
    async with open_session() as session:
        await put(session, DATABASE, "shop", SPEC)
        served = (await session.kinds()).one("databases")
        faulty = FaultyTransport(session.transport)
        refs = [Ref(served, Key("default", name)) for name in names]
        async with Follower(RestClient(faulty), session.clock, refs) as follower:
            yield session, faulty, follower


def owners(follower: Follower) -> dict[str, str | None]:
    return {str(ref): found and found.spec.get("owner", "") for ref, found in follower.objects.items()}


@virtually
async def test_it_begins_with_what_is_there() -> None:
    async with following("shop", "other", "shop") as (_, _, follower):
        assert await follower.changed(10)
        assert owners(follower) == {"database/shop": "", "database/other": None}


@virtually
async def test_what_comes_changes_and_goes_is_seen() -> None:
    async with following("shop", "other") as (session, _, follower):
        await follower.changed(10)
        await put(session, DATABASE, "other", {**SPEC, "owner": "a"})
        assert await follower.changed(10)
        await session.rest.delete(DATABASE, Key("default", "shop"))
        assert await follower.changed(10)
        assert owners(follower) == {"database/shop": None, "database/other": "a"}


@virtually
async def test_other_objects_do_not_disturb() -> None:
    async with following("shop") as (session, _, follower):
        await follower.changed(10)
        await put(session, DATABASE, "unrelated", SPEC)
        assert not await follower.changed(10)


@virtually
async def test_objects_of_one_kind_and_namespace_share_a_list_and_a_watch() -> None:
    async with following("shop", "other", "third") as (_, faulty, follower):
        await follower.changed(10)
        await asyncio.sleep(1)
        assert [sum(map(what, faulty.requests)) for what in (is_list, is_watch)] == [1, 1]


@virtually
async def test_a_watch_that_the_server_ends_is_taken_up_again() -> None:
    async with following("shop") as (session, faulty, follower):
        await follower.changed(10)
        await asyncio.sleep(1)
        faulty.close_streams()
        await put(session, DATABASE, "shop", {**SPEC, "owner": "meanwhile"})
        assert await follower.changed(10)
        assert owners(follower) == {"database/shop": "meanwhile"}


@virtually
async def test_a_version_that_is_too_old_makes_it_read_all_anew() -> None:
    async with following("shop") as (session, faulty, follower):
        await follower.changed(10)
        await asyncio.sleep(1)
        faulty.answer(410, "Expired", is_watch)
        faulty.close_streams()
        await put(session, DATABASE, "shop", {**SPEC, "owner": "meanwhile"})
        assert await follower.changed(10)
        assert owners(follower) == {"database/shop": "meanwhile"}


@virtually
async def test_a_server_that_is_gone_is_an_error() -> None:
    async with following("shop") as (_, faulty, follower):
        await follower.changed(10)
        await asyncio.sleep(1)
        faulty.refuse(is_watch)
        faulty.close_streams()
        with pytest.raises(TransportError):
            await follower.changed(10)


@virtually
async def test_kinds_have_a_watch_each() -> None:
    async with open_session() as session:
        index = await session.kinds()
        refs = [Ref(index.one(kind), Key("default", "x")) for kind in ("databases", "users")]
        async with Follower(session.rest, session.clock, refs) as follower:
            await follower.changed(1)
            await put(session, DATABASE_USER, "x", SPEC)
            assert await follower.changed(1)
            assert [found is not None for found in follower.objects.values()] == [False, True]


@virtually
async def test_following_ends_as_soon_as_it_is_over() -> None:
    async with following("shop") as (session, _, follower):
        until = follow_until(follower, start_deadline(session.clock, 60), lambda _: follower.objects[ref] is None)
        (ref,) = follower.objects
        waiting = asyncio.create_task(until)
        await asyncio.sleep(5)
        await session.rest.delete(DATABASE, ref.key)
        assert await waiting
        assert session.clock.monotonic() < 10


@virtually
async def test_following_ends_in_time() -> None:
    async with following("shop") as (session, _, follower):
        assert not await follow_until(follower, start_deadline(session.clock, 60), lambda _: False)
        assert 60 <= session.clock.monotonic() < 61


@virtually
async def test_it_is_told_how_long_nothing_has_changed() -> None:
    async with following("shop") as (session, _, follower):
        assert await follow_until(follower, start_deadline(session.clock, 60), lambda quiet: quiet > 3)
        assert 3 < session.clock.monotonic() < 4


@virtually
async def test_a_deadline_has_no_time_left_once_it_is_over() -> None:
    deadline = start_deadline(LoopClock(), 2)
    await asyncio.sleep(1)
    assert deadline.remaining == 1
    await asyncio.sleep(5)
    assert deadline.remaining == 0
