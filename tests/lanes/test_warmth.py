"""Idle connections."""

from __future__ import annotations

from dbaas.lanes.warmth import WarmSessions
from fixtures.pretending import PretendServer, PretendSession


def sessions(*databases: str) -> tuple[WarmSessions, list[PretendSession]]:
    warm, made = WarmSessions(), [PretendSession(PretendServer(), database) for database in databases]
    for moment, session in enumerate(made):
        warm.put(session, float(moment))
    return warm, made


def test_the_one_that_was_used_last_is_taken_first() -> None:
    warm, (_, _, last) = sessions("a", "b", "a")
    assert warm.take("a") is last
    assert warm.take("c") is None
    assert warm.databases == {"a", "b"} and len(warm) == 2


def test_the_one_that_has_been_idle_longest_makes_room() -> None:
    warm, (first, *_) = sessions("a", "b")
    assert warm.idle_since == 0.0
    assert warm.take_oldest(0.0) is first
    warm.take_oldest(0.0)
    assert warm.take_oldest(0.0) is None


def test_those_of_one_database_or_of_a_time_leave_together() -> None:
    warm, (one, two, three, four) = sessions("a", "b", "a", "b")
    assert warm.take_all(database="a") == [one, three]
    assert warm.take_all(before=1.0) == [two]
    assert warm.take_all() == [four] and len(warm) == 0
