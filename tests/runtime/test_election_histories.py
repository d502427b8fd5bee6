"""Random histories of an election: whatever happens there is never a second leader, and afterwards there is one."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, TypeVar, cast

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from dbaas.apiserver.server import ApiServer
from dbaas.core.clock import LoopClock
from dbaas.core.offload import InlineOffload
from dbaas.core.randomness import SeededRandomness
from dbaas.core.simulation import VirtualLoop
from dbaas.runtime.election import Elector, Timing
from fixtures.electing import Contender, Hand, State
from runtime.notary import Desk, Notary

pytestmark = pytest.mark.slow

T = TypeVar("T")
STEP_SECONDS = 0.25
HEAL_SECONDS = 180.0  # the longest lease as any of them sees it, twice, and the pauses
TIMINGS = (Timing(), Timing(9, 6, 1.5), Timing(30, 20, 4))
STATES = cast("list[State]", ["open", "refused", "hung", "deaf", "slow", "late", "failing"])
WHICH = st.integers(0, 7)
MEDDLING: tuple[dict[str, object], ...] = (
    {"holderIdentity": None},
    {"holderIdentity": None, "leaseDurationSeconds": 1},
    {"leaseDurationSeconds": 9},
    {"leaseDurationSeconds": 1},
    {"leaseDurationSeconds": None},
    {"leaseDurationSeconds": 40},
    {"holderIdentity": "a stranger", "leaseDurationSeconds": 9},
)


class Election(RuleBasedStateMachine):
    """At each quarter of a second: at most one leads, in the time that it has, and no two ever had the same number.

    Every write is judged as well: two leaders are the rare end of what one of them did wrong long before.
    """

    elector: type[Elector] = Elector

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner(loop_factory=VirtualLoop)
        self.contenders: list[Contender] = []
        self.turns: dict[int, str] = {}
        self.is_forgotten = False
        self.timings = TIMINGS[:1]
        self.started = 0
        self.server: ApiServer | None = None

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(coroutine)

    @initialize(count=st.integers(1, 3), brought=st.booleans(), mixed=st.booleans(), leads=st.booleans())
    def begin(self, count: int, brought: bool, mixed: bool, leads: bool) -> None:
        """`mixed`: as when a new release has other times; then nobody may delete the Lease: it knows the old."""
        self.timings = TIMINGS if mixed else TIMINGS[:1]

        async def prepare() -> None:
            self.server = ApiServer(None, LoopClock(), SeededRandomness(1), InlineOffload())
            await self.server.start()
            self.notary = Notary(self.server)
            self.hand = Hand(Desk(self.notary))
            if brought:
                await self.hand.bring()

        self.run(prepare())
        for number in range(count):
            self.start(1.0, number)
        if leads:
            self.advance(40)

    @rule(rate=st.sampled_from([0.95, 1.0, 1.05]), which=WHICH)
    def start(self, rate: float, which: int = 0) -> None:
        if len(self.alive()) >= 4:
            return
        self.started += 1
        self.run(self.add(self.started, rate, self.timings[which % len(self.timings)]))

    @rule(seconds=st.sampled_from([0.3, 1, 2.5, 5, 9.9, 10.1, 15.2, 40]))
    def advance(self, seconds: float) -> None:
        self.run(self.watch(seconds))

    @precondition(lambda self: self.alive())
    @rule(which=WHICH, state=st.sampled_from(STATES))
    def cut(self, which: int, state: State) -> None:
        self.pick(which).link.state = state

    @rule(state=st.sampled_from(STATES))
    def api_changes(self, state: State) -> None:
        for contender in self.alive():
            contender.link.state = state

    @precondition(lambda self: self.alive())
    @rule(which=WHICH)
    def stop_or_continue(self, which: int) -> None:
        contender = self.pick(which)

        async def turn() -> None:
            if contender.clock.running.is_set():
                contender.pause()
            else:
                contender.resume()

        self.run(turn())

    @precondition(lambda self: self.leader() is not None)
    @rule(seconds=st.sampled_from([1.0, 12.0, 30.0]))
    def leader_is_stopped_for_a_while(self, seconds: float) -> None:
        leader = self.leader()
        assert leader is not None

        async def story() -> None:
            leader.pause()
            await self.watch(seconds)
            leader.resume()

        self.run(story())

    @precondition(lambda self: self.leader() is not None)
    @rule(state=st.sampled_from(STATES[1:]), seconds=st.sampled_from([3.0, 9.9, 12.0, 20.0]))
    def leader_is_cut_off_for_a_while(self, state: State, seconds: float) -> None:
        leader = self.leader()
        assert leader is not None
        leader.link.state = state
        self.advance(seconds)
        leader.link.state = "open"

    @precondition(lambda self: self.leader() is not None)
    @rule(seconds=st.sampled_from([12.0, 20.0]))
    def leader_dies(self, seconds: float) -> None:
        leader = self.leader()
        assert leader is not None
        self.kill(self.alive().index(leader))
        self.advance(seconds)

    @precondition(lambda self: self.alive())
    @rule(which=WHICH, hours=st.integers(-48, 48))
    def wall_clock_jumps(self, which: int, hours: int) -> None:
        self.pick(which).clock.jump += timedelta(hours=hours)

    @precondition(lambda self: self.alive())
    @rule(which=WHICH, seconds=st.sampled_from([1.0, 9.0, 40.0]))
    def monotonic_clock_leaps(self, which: int, seconds: float) -> None:
        """As that of a virtual machine that was moved to another host."""
        self.pick(which).clock.leap += seconds

    @precondition(lambda self: self.alive())
    @rule(which=WHICH)
    def kill(self, which: int) -> None:
        async def kill(contender: Contender) -> None:
            contender.die()

        self.run(kill(self.pick(which)))

    @precondition(lambda self: self.alive())
    @rule(which=WHICH)
    def leave(self, which: int) -> None:
        contender = self.pick(which)
        if contender.clock.running.is_set():
            self.run(contender.leave())
            assert not self.notary.violations, self.notary.violations[0]

    @precondition(lambda self: self.leader() is not None)
    @rule(spec=st.sampled_from(MEDDLING))
    def leader_leaves_while_somebody_meddles(self, spec: dict[str, object]) -> None:
        """It has not heard yet what the Lease says now."""
        leader = self.leader()
        assert leader is not None
        self.somebody_meddles(spec)
        self.leave(self.alive().index(leader))

    @rule(spec=st.sampled_from(MEDDLING))
    def somebody_meddles(self, spec: dict[str, object]) -> None:
        async def meddle() -> None:
            if await self.hand.read() is not None:
                await self.hand.change({"spec": spec})

        self.run(meddle())

    @rule(again=st.booleans())
    def somebody_deletes_or_empties_it(self, again: bool) -> None:
        """Nobody may be left who remembers how far the numbers had come."""

        async def meddle() -> None:
            if await self.hand.read() is None:
                return
            self.is_forgotten = True
            if again or len(self.timings) > 1:
                emptied = dict.fromkeys(("holderIdentity", "leaseDurationSeconds", "leaseTransitions"))
                await self.hand.change({"spec": emptied})
            else:
                await self.hand.delete()

        self.run(meddle())

    def teardown(self) -> None:
        try:
            if self.started:
                self.run(self.heal())
                assert len([contender for contender in self.contenders if contender.leads]) == 1
        finally:
            self.run(self.end())
            self.runner.close()

    async def heal(self) -> None:
        for contender in self.alive():
            contender.link.state = "open"
            contender.resume()
        await self.add(99)
        await self.watch(HEAL_SECONDS)

    async def add(self, number: int, rate: float = 1.0, timing: Timing = TIMINGS[0]) -> None:
        desk = Desk(self.notary)
        contender = Contender(desk, number, rate=rate, timing=timing, elector=self.elector)
        self.notary.add(contender, desk)
        self.contenders.append(contender)

    async def end(self) -> None:
        for contender in self.contenders:
            contender.die()
        await asyncio.gather(*(contender.task for contender in self.contenders), return_exceptions=True)
        if self.server is not None:
            await self.server.stop()

    async def watch(self, seconds: float) -> None:
        for _ in range(int(seconds / STEP_SECONDS) + 1):
            await LoopClock().sleep(STEP_SECONDS)
            leaders = [contender for contender in self.contenders if contender.leads]
            assert len(leaders) <= 1, [contender.name for contender in leaders]
            assert not self.notary.violations, self.notary.violations[0]
            for leader in leaders:
                assert not self.notary.overstays(leader), f"{leader.name} has not renewed in its time"
                first = self.turns.setdefault(leader.elector.transitions, leader.name)
                assert self.is_forgotten or first == leader.name, f"{leader.name} has the number of {first}"

    def alive(self) -> list[Contender]:
        return [contender for contender in self.contenders if contender.alive]

    def leader(self) -> Contender | None:
        return next((contender for contender in self.contenders if contender.leads), None)

    def pick(self, which: int) -> Contender:
        alive = self.alive()
        return alive[which % len(alive)]


class TestElection(Election.TestCase):  # type: ignore[name-defined,misc]
    """Run by pytest."""

    settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
