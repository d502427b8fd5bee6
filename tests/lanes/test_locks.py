"""Locks by name."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from dbaas.core.clock import LoopClock
from dbaas.core.simulation import run_virtually
from dbaas.lanes.locks import NamedLocks


@settings(deadline=None)
@given(st.lists(st.frozensets(st.sampled_from("abcd"), max_size=4), max_size=12))
def test_holders_of_one_name_never_overlap_and_nobody_waits_for_ever(wanted: list[frozenset[str]]) -> None:
    async def main() -> None:
        locks, held, clock = NamedLocks(), set[str](), LoopClock()

        async def hold(names: frozenset[str]) -> None:
            async with locks.hold(names):
                assert not held & names
                held.update(names)
                await clock.sleep(1)
                held.difference_update(names)

        await asyncio.gather(*map(hold, wanted))
        assert clock.monotonic() <= len(wanted)

    run_virtually(main())


def test_different_names_do_not_wait() -> None:
    async def main() -> None:
        locks, clock = NamedLocks(), LoopClock()

        async def hold(name: str) -> None:
            async with locks.hold({name}):
                await clock.sleep(1)

        await asyncio.gather(*map(hold, "abc"))
        assert clock.monotonic() == 1

    run_virtually(main())


def test_giving_up_lets_the_next_one_in_and_nothing_is_kept() -> None:
    async def main() -> None:
        locks, clock = NamedLocks(), LoopClock()

        async def hold(seconds: float) -> None:
            async with locks.hold({"a"}):
                await clock.sleep(seconds)

        first, second, third = (asyncio.create_task(hold(seconds)) for seconds in (10, 10, 1))
        await clock.sleep(1)
        second.cancel()
        await clock.sleep(1)
        first.cancel()
        await third
        assert clock.monotonic() == 3
        assert not vars(locks)["_locks"]

    run_virtually(main())
