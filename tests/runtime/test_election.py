"""Tests of `runtime.election`: properties 26 and 27 of the runtime, on virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from dbaas.apiserver.server import ApiServer
from dbaas.contracts.transport import Request, Response, Transport
from dbaas.core.clock import LoopClock
from dbaas.core.offload import InlineOffload
from dbaas.core.randomness import SeededRandomness
from dbaas.runtime.election import LeaseLost, Timing, build_identity
from dbaas.runtime.lease import DEAF_SECONDS
from fixtures.electing import Contender, Hand, State
from fixtures.faults import status_body
from fixtures.operating import virtually

CLOCK = LoopClock()
LOOK_SECONDS = 4.4  # the longest pause of who stands by
DELETE: Callable[[Hand], Awaitable[None]] = Hand.delete


@asynccontextmanager
async def electing(*, brought: bool = True) -> AsyncIterator[tuple[ApiServer, Hand]]:
    """An API server, with an empty Lease."""
    server = ApiServer(None, CLOCK, SeededRandomness(1), InlineOffload())
    await server.start()
    hand = Hand(server)
    if brought:
        await hand.bring()
    try:
        yield server, hand
    finally:
        await server.stop()


async def _two(server: Transport) -> tuple[Contender, Contender]:
    """One leads, the other stands by."""
    leader = Contender(server, 1)
    await CLOCK.sleep(5)
    standby = Contender(server, 2)
    await CLOCK.sleep(5)
    assert (leader.leads, standby.leads) == (True, False)
    return leader, standby


async def _end(*contenders: Contender) -> None:
    for contender in contenders:
        contender.die()
    await asyncio.gather(*(contender.task for contender in contenders), return_exceptions=True)


async def _seconds_until(contender: Contender, limit: float = 60) -> float:
    began = CLOCK.monotonic()
    async with asyncio.timeout(limit):
        await contender.elector.gained()
    return CLOCK.monotonic() - began


@virtually
async def test_a_lease_that_an_installation_brought_is_taken_at_once() -> None:
    async with electing() as (server, hand):
        contender = Contender(server, 1)
        assert await _seconds_until(contender) < 1
        spec = await hand.spec()
        assert (spec["holderIdentity"], spec["leaseDurationSeconds"], spec["leaseTransitions"]) == ("host-1", 15, 1)
        assert spec["acquireTime"] == spec["renewTime"] == "2026-01-01T00:00:00.000000Z"
        await _end(contender)


@virtually
async def test_a_lease_that_is_missing_is_made_and_waited_for_because_its_holder_may_not_know() -> None:
    async with electing(brought=False) as (server, _):
        contender = Contender(server, 1)
        assert 15 <= await _seconds_until(contender) < 15 + LOOK_SECONDS
        await _end(contender)


@virtually
async def test_two_that_find_it_missing_at_the_same_moment_both_wait() -> None:
    async with electing(brought=False) as (server, _):
        contenders = [Contender(server, number) for number in (1, 2)]
        for contender in contenders:
            contender.link.state = "slow"  # both have asked before one of them makes it
        await CLOCK.sleep(10)
        for contender in contenders:
            contender.link.state = "open"
        await CLOCK.sleep(8)
        assert [contender.leads for contender in contenders] == [False, False]
        await CLOCK.sleep(LOOK_SECONDS + 1)
        assert [contender.leads for contender in contenders].count(True) == 1
        await _end(*contenders)


@virtually
async def test_who_has_led_never_tells_the_number_of_another() -> None:
    async with electing() as (server, hand):
        leader, standby = await _two(server)
        await hand.change({"spec": {"holderIdentity": "host-2", "leaseTransitions": 2}})
        await CLOCK.sleep(5)
        assert (leader.alive, leader.elector.holder, leader.elector.transitions) == (False, "host-2", 1)
        assert standby.elector.transitions == 2
        await _end(leader, standby)


@virtually
async def test_a_leader_renews_every_two_seconds_and_stays() -> None:
    async with electing() as (server, hand):
        leader, standby = await _two(server)
        leader.link.requests.clear()
        await CLOCK.sleep(600)
        assert (leader.leads, standby.leads) == (True, False)
        assert {request.method for request in leader.link.requests} == {"PATCH"}
        assert 300 <= len(leader.link.requests) <= 380
        assert (await hand.spec())["leaseTransitions"] == 1
        await _end(leader, standby)


@virtually
async def test_a_killed_leader_is_followed_when_its_time_has_run_out_with_the_next_number() -> None:
    async with electing() as (server, _):
        leader, standby = await _two(server)
        leader.die()
        assert 10 < await _seconds_until(standby) <= 15 + LOOK_SECONDS
        assert standby.elector.transitions == 2
        await _end(leader, standby)


@virtually
async def test_a_leader_that_leaves_is_followed_at_once() -> None:
    async with electing() as (server, hand):
        leader, standby = await _two(server)
        await CLOCK.sleep(1000)  # watches end meanwhile, and others begin
        await leader.leave()
        assert "holderIdentity" not in await hand.spec()
        assert await _seconds_until(standby) <= DEAF_SECONDS
        assert standby.elector.transitions == 2
        await _end(standby)


@virtually
async def test_where_the_lease_cannot_be_watched_a_leader_that_leaves_is_followed_at_the_next_look() -> None:
    async with electing() as (server, _):
        leader, standby = await _two(Unwatched(server))
        await CLOCK.sleep(1000)
        await leader.leave()
        assert DEAF_SECONDS < await _seconds_until(standby) <= LOOK_SECONDS
        await _end(standby)


class Unwatched:
    """Implements `contracts.transport.Transport`: rights as they were before a Lease was watched."""

    def __init__(self, server: Transport) -> None:
        self._server = server

    async def request(self, request: Request) -> Response:
        if "watch" in request.query:
            return Response(403, status_body(403, "Forbidden"))
        return await self._server.request(request)


@pytest.mark.parametrize("state", ["refused", "hung", "deaf", "late", "failing"])
def test_a_leader_that_cannot_renew_ends_itself_before_another_may_lead(state: State) -> None:
    @virtually
    async def story() -> None:
        async with electing() as (server, _):
            leader, standby = await _two(server)
            began = CLOCK.monotonic()
            leader.link.state = state
            assert isinstance(await leader.end(), LeaseLost)
            lasted = CLOCK.monotonic() - began
            assert not leader.alive
            assert 7 < lasted <= 10
            assert not standby.leads
            waited = await _seconds_until(standby)
            assert 5 <= waited  # noqa: SIM300 - in the order of time
            await _end(standby)

    story()


@virtually
async def test_no_request_of_an_elector_lasts_longer_than_a_quarter_of_the_deadline() -> None:
    async with electing() as (server, _):
        contender = Contender(server, 1)
        contender.link.state = "hung"
        await CLOCK.sleep(60)
        assert len(contender.link.requests) >= 60 / (2.5 + LOOK_SECONDS) - 1
        contender.link.state = "open"
        await _seconds_until(contender, 8)
        await _end(contender)


@virtually
async def test_the_time_of_a_leader_runs_from_when_it_asked_and_not_from_the_answer() -> None:
    async with electing() as (server, _):
        leader, standby = await _two(server)
        leader.link.state = "slow"
        await CLOCK.sleep(21)
        assert leader.leads
        in_time = leader.link.sent_at[-1]  # it is under way, and will be answered
        leader.link.state = "hung"
        await leader.end()
        assert in_time + 9.9 < CLOCK.monotonic() <= in_time + 10.001
        await _end(standby)


@virtually
async def test_a_short_hiccup_costs_nothing() -> None:
    async with electing() as (server, hand):
        leader, standby = await _two(server)
        for state in ("hung", "failing", "deaf", "refused"):
            leader.link.state = state
            await CLOCK.sleep(5)
            leader.link.state = "open"
            await CLOCK.sleep(5)
        assert leader.leads
        assert (await hand.spec())["leaseTransitions"] == 1
        await _end(leader, standby)


@virtually
async def test_who_stands_by_outlives_an_api_that_is_away_for_a_minute_and_one_leads_soon_after() -> None:
    async with electing() as (server, _):
        leader, standby = await _two(server)
        for contender in (leader, standby):
            contender.link.state = "refused"
        await CLOCK.sleep(60)
        assert (leader.alive, standby.alive, standby.leads) == (False, True, False)
        again = Contender(server, 3)
        again.link.state = "refused"
        await CLOCK.sleep(60)
        assert again.alive
        for contender in (again, standby):
            contender.link.state = "open"
        await CLOCK.sleep(2 * LOOK_SECONDS)
        assert [again.leads, standby.leads].count(True) == 1
        await _end(again, standby)


@virtually
async def test_a_leader_that_was_stopped_holds_nothing_from_the_first_moment_on() -> None:
    async with electing() as (server, _):
        leader, standby = await _two(server)
        leader.pause()
        await _seconds_until(standby)
        assert not leader.elector.holds()
        sent = len(leader.link.requests)
        leader.resume()
        assert not leader.alive
        await leader.end()
        assert len(leader.link.requests) == sent
        await CLOCK.sleep(60)
        assert standby.leads
        await _end(standby)


@virtually
async def test_wall_clocks_may_say_what_they_like() -> None:
    async with electing() as (server, _):
        leader, standby = await _two(server)
        leader.clock.jump, standby.clock.jump = timedelta(days=-400), timedelta(days=400)
        await CLOCK.sleep(120)
        assert (leader.leads, standby.leads) == (True, False)
        await _end(leader, standby)


@virtually
async def test_a_lease_that_somebody_deletes_or_clears_is_lost_and_waited_for() -> None:
    async def clear(hand: Hand) -> None:
        await hand.change({"spec": {"holderIdentity": None}})

    for meddle in (DELETE, clear):
        async with electing() as (server, hand):
            leader, standby = await _two(server)
            await meddle(hand)
            assert isinstance(await leader.end(), LeaseLost)
            assert 10 <= await _seconds_until(standby)  # noqa: SIM300
            assert standby.elector.transitions == 2
            await _end(standby)


@pytest.mark.parametrize(
    "spec",
    [{"holderIdentity": None, "leaseDurationSeconds": 1}, dict.fromkeys(("holderIdentity", "leaseDurationSeconds"))],
)
def test_who_clears_a_lease_by_hand_as_if_it_had_been_released_is_waited_out(spec: dict[str, object]) -> None:
    @virtually
    async def story() -> None:
        async with electing() as (server, hand):
            leader = Contender(server, 1)
            await CLOCK.sleep(5)
            leader.link.state = "hung"  # it does not hear of it
            await hand.change({"spec": spec})
            standby = Contender(server, 2)
            assert await _seconds_until(standby) >= 15
            assert standby.elector.transitions == 2
            await _end(leader, standby)

    story()


@virtually
async def test_a_duration_that_is_cut_short_shortens_nobodys_turn() -> None:
    """Whoever stands by has shorter times than the leader, who does not hear of anything."""
    async with electing() as (server, hand):
        leader = Contender(server, 1)
        await CLOCK.sleep(5)
        leader.link.state = "hung"
        await hand.change({"spec": {"leaseDurationSeconds": 9}})
        standby = Contender(server, 2, timing=Timing(9, 6, 1.5))
        assert await _seconds_until(standby) >= 15
        await _end(leader, standby)


@virtually
async def test_an_empty_lease_in_the_place_of_one_that_was_held_is_waited_out() -> None:
    async with electing() as (server, hand):
        leader, standby = await _two(server)
        leader.link.state = "hung"
        await hand.delete()
        await hand.bring()
        assert await _seconds_until(standby) >= 15
        await _end(leader, standby)


@virtually
async def test_a_clock_that_leaps_does_not_make_a_lease_run_out() -> None:
    """Whether that of who stands by, amid a hiccup of the leader's, or the leader's own."""
    async with electing() as (server, _):
        leader, standby = await _two(server)
        leader.link.state = "hung"
        await CLOCK.sleep(5)
        assert leader.leads
        standby.clock.leap += 40
        await _seconds_until(standby)
        assert not leader.leads
        standby.clock.leap += 40
        assert not standby.leads, "its own time may have run out"
        await _end(leader, standby)


@virtually
async def test_somebody_who_labels_the_lease_changes_nothing() -> None:
    async with electing() as (server, hand):
        leader, standby = await _two(server)
        await hand.change({"metadata": {"labels": {"team": "data"}}})
        await CLOCK.sleep(30)
        assert (leader.leads, leader.elector.transitions) == (True, 1)
        await _end(leader, standby)


@virtually
async def test_a_taking_whose_answer_was_lost_counts_once() -> None:
    async with electing() as (server, hand):
        contender = Contender(server, 1)
        contender.link.state = "deaf"
        await CLOCK.sleep(1)
        contender.link.state = "open"
        await _seconds_until(contender)
        assert (await hand.spec())["leaseTransitions"] == contender.elector.transitions == 1
        await _end(contender)


@virtually
async def test_a_lease_that_cannot_be_given_back_runs_out() -> None:
    async with electing() as (server, _):
        leader, standby = await _two(server)
        leader.link.state = "hung"
        began = CLOCK.monotonic()
        await leader.leave()
        assert CLOCK.monotonic() - began <= 5
        assert await _seconds_until(standby) <= 15 + LOOK_SECONDS
        await _end(standby)


@pytest.mark.parametrize("seconds", [(15, 15, 2), (15, 10, 9), (1, 0.8, 0.1), (15, 10, 0)])
def test_times_that_leave_no_room_for_each_other_are_refused(seconds: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="cannot be kept"):
        Timing(*seconds)


def test_every_process_has_an_identity_of_its_own() -> None:
    chance = SeededRandomness(1)
    first, second = build_identity("a", chance), build_identity("a", chance)
    assert first != second
    assert first.startswith("a_")
