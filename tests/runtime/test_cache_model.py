"""The cache and its reflector against a model server: whatever happens they end equal, and no deletion is missed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from dbaas.api.resource import Resource
from dbaas.contracts.client import ApiError
from dbaas.contracts.transport import TransportError
from dbaas.core.clock import LoopClock
from dbaas.core.randomness import SeededRandomness
from dbaas.core.simulation import VirtualLoop
from dbaas.runtime.cache import Cache, Change
from dbaas.runtime.reflector import MOST_LIST_SECONDS, MOST_WATCH_SECONDS, Reflector
from fixtures.resources import GADGET
from runtime.model_server import Faults, ModelServer, key_of

pytestmark = pytest.mark.slow

CLOCK = LoopClock()
NAMES = st.sampled_from(["a", "b", "c", "d", "e"])
ENDS = (
    None,
    TransportError("injected"),
    ApiError("injected", code=410, reason="Expired"),
    ApiError("injected", code=500, reason="InternalError"),
)
SETTLING_SECONDS = 600.0
LOST_SECONDS = MOST_LIST_SECONDS + MOST_WATCH_SECONDS + SETTLING_SECONDS


class CacheModel(RuleBasedStateMachine):
    """`told` is what a listener knows from changes alone: the version of each uid that is there."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = VirtualLoop()
        self.server = ModelServer()
        self.cache = Cache(GADGET)
        self.told: dict[str, str] = {}
        self.cache.listen(self.hear)
        self.answers: list[Callable[[], None]] = []
        self.is_lossy = False
        self.task = self.loop.create_task(
            Reflector(self.server, self.cache, CLOCK, SeededRandomness(1)).run()  # type: ignore[arg-type]
        )

    def hear(self, change: Change) -> None:
        if change.old is not None:
            assert self.told.pop(change.old.metadata.uid) == change.old.metadata.resourceVersion
        if change.new is not None:
            assert change.new.metadata.uid not in self.told
            assert change.old is None or change.old.metadata.uid == change.new.metadata.uid
            self.told[change.new.metadata.uid] = change.new.metadata.resourceVersion

    def run(self, step: Awaitable[Any]) -> None:
        self.loop.run_until_complete(step)  # type: ignore[arg-type]

    def let_run(self, seconds: float) -> None:
        self.run(CLOCK.sleep(seconds))

    def ours(self, act: Callable[[], None], *, late: bool) -> None:
        """The answer to a request of ours reaches the cache now or later."""
        if late:
            self.answers.append(act)
        else:
            act()

    @rule(name=NAMES)
    def somebody_writes(self, name: str) -> None:
        self.server.put(name)

    @rule(name=NAMES, again=st.booleans())
    def somebody_deletes(self, name: str, again: bool) -> None:
        if name in self.server.objects:
            self.server.remove(name)
            if again:
                self.server.put(name)

    @rule(name=NAMES, late=st.booleans())
    def we_write(self, name: str, late: bool) -> None:
        written = self.server.put(name)
        self.ours(lambda: self.cache.take(written), late=late)

    @rule(name=NAMES, late=st.booleans())
    def we_delete(self, name: str, late: bool) -> None:
        if name in self.server.objects:
            uid = self.server.remove(name).metadata.uid
            self.ours(lambda: self.cache.remove(key_of(name), uid), late=late)

    @rule(name=NAMES)
    def the_answer_to_our_deletion_comes_when_the_name_is_taken_again(self, name: str) -> None:
        if name not in self.server.objects:
            return
        uid = self.server.remove(name).metadata.uid
        self.server.put(name)
        self.let_run(0.5)
        known = self.cache.get(key_of(name))
        self.cache.remove(key_of(name), uid)
        if known is not None and known.metadata.uid != uid:
            assert self.cache.get(key_of(name)) is known

    @rule(name=NAMES)
    def news_come_late_of_what_we_have_deleted(self, name: str) -> None:
        if name not in self.server.objects:
            return
        late = self.server.objects[name]
        uid = self.server.remove(name).metadata.uid
        self.cache.remove(key_of(name), uid)
        self.cache.observe(late)
        found = self.cache.get(key_of(name))
        assert found is None or found.metadata.uid != uid

    @precondition(lambda self: self.answers)
    @rule()
    def an_answer_comes(self) -> None:
        self.answers.pop(0)()

    @rule()
    def the_journal_is_compacted(self) -> None:
        self.server.forget_journal()

    @rule(names=st.lists(NAMES, min_size=1, max_size=4), again=st.booleans())
    def nobody_watches_for_a_while(self, names: list[str], again: bool) -> None:
        """What happens meanwhile is in no journal."""
        self.server.end_streams(None)
        for name in names:
            if name in self.server.objects:
                self.somebody_deletes(name, again)
            else:
                self.server.put(name)
        self.server.forget_journal()

    @rule(end=st.sampled_from(ENDS))
    def streams_end(self, end: Exception | None) -> None:
        self.server.end_streams(end)

    @rule(lists=st.integers(0, 5), watches=st.integers(0, 5), tokens=st.integers(0, 2))
    def requests_fail(self, lists: int, watches: int, tokens: int) -> None:
        faults = self.server.faults
        faults.failing_lists, faults.failing_watches, faults.expired_tokens = lists, watches, tokens

    @rule(mute=st.booleans())
    def streams_fall_silent_or_speak(self, mute: bool) -> None:
        self.server.faults.mute = mute

    @rule(lists=st.integers(1, 6), by=st.integers(1, 10))
    def lists_lag(self, lists: int, by: int) -> None:
        self.server.faults.stale_lists, self.server.faults.stale_by = lists, by

    @rule(count=st.integers(1, 6))
    def events_come_again(self, count: int) -> None:
        self.server.repeat(count)

    @rule(names=st.lists(NAMES, min_size=1, max_size=4), lost=st.integers(0, 2), swapped=st.integers(0, 2))
    def events_are_lost_or_swapped(self, names: list[str], lost: int, swapped: int) -> None:
        for name in names:
            self.server.put(name)
        self.server.faults.lost_events, self.server.faults.swapped_events = lost, swapped
        self.is_lossy = True
        self.let_run(0.5)

    @rule(steps=st.integers(1, 10))
    def the_server_is_restored_from_a_backup(self, steps: int) -> None:
        """Everything that was answered has been heard of: what only we know of cannot be told from what is new."""
        self.settle()
        self.server.restore(max(1, self.server.version - steps))
        self.settle()

    @rule(seconds=st.sampled_from([0, 0.5, 5, 100, 700]))
    def time_passes(self, seconds: float) -> None:
        self.let_run(seconds)

    @rule()
    def settle(self) -> None:
        """Nothing more goes wrong: then they are equal, after minutes, or hours where events were lost."""
        while self.answers:
            self.answers.pop(0)()
        self.server.faults = Faults()
        self.let_run(LOST_SECONDS if self.is_lossy else SETTLING_SECONDS)
        self.is_lossy = False
        assert _versions(self.cache.objects) == _versions(self.server.objects.values())

    @invariant()
    def listeners_know_what_is_there(self) -> None:
        assert not self.task.done()
        assert self.told == dict(_versions(self.cache.objects).values())

    def teardown(self) -> None:
        try:
            self.settle()
        finally:
            self.task.cancel()
            self.run(asyncio.wait([self.task]))
            self.loop.close()


def _versions(resources: Any) -> dict[str, tuple[str, str]]:
    found: list[Resource] = list(resources)
    return {r.metadata.name: (r.metadata.uid, r.metadata.resourceVersion) for r in found}


TestCacheModel = CacheModel.TestCase
TestCacheModel.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
