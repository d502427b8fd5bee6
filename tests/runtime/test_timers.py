"""Tests of `runtime.timers`."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dbaas.api.resource import Key
from dbaas.runtime.timers import Timers

A, B = Key("", "a"), Key("", "b")


def test_of_several_wishes_the_earliest_counts() -> None:
    timers = Timers()
    assert timers.put(A, 5)
    assert not timers.put(A, 7)
    assert timers.put(A, 3)
    assert timers.pop_due(4) == [A]
    assert timers.pop_due(100) == []


def test_a_dropped_wish_does_not_come() -> None:
    timers = Timers()
    timers.put(A, 1)
    timers.put(B, 2)
    timers.drop(A)
    assert timers.next() == 2
    assert timers.pop_due(9) == [B]


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.integers(0, 50))), st.integers(0, 50))
def test_keys_come_once_each_in_order_of_their_earliest_time(wishes: list[tuple[str, int]], now: int) -> None:
    timers, earliest = Timers(), dict[Key, int]()
    for name, due in wishes:
        key = Key("", name)
        timers.put(key, due)
        earliest[key] = min(due, earliest.get(key, due))
    popped = timers.pop_due(now)
    assert sorted(popped) == sorted(key for key, due in earliest.items() if due <= now)
    assert [earliest[key] for key in popped] == sorted(earliest[key] for key in popped)
    assert len(timers) == len(earliest) - len(popped)
