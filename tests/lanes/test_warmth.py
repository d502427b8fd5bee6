"""Idle connections."""

from __future__ import annotations

from dataclasses import dataclass

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


def test_the_last_one_of_a_database_can_be_kept() -> None:
    warm, (first, second, third) = sessions("a", "a", "b")
    assert warm.take_oldest(9.0, keep="a") is first
    assert warm.take_oldest(9.0, keep="a") is third
    assert warm.take_oldest(9.0, keep="a") is None
    assert warm.take("a") is second


def test_one_that_lingers_makes_no_room_yet() -> None:
    warm, (first,) = sessions("a")
    lingering = PretendSession(PretendServer(), "b")
    warm.put(lingering, 1.0, linger=2.0)
    assert warm.take_oldest(2.0) is first
    assert warm.take_oldest(2.0) is None and warm.next_free(2.0) == 3.0
    assert warm.next_free(3.0) is None and warm.take_oldest(3.0) is lingering


def test_those_of_one_database_or_of_a_time_leave_together() -> None:
    warm, (one, two, three, four) = sessions("a", "b", "a", "b")
    assert warm.take_all(database="a") == [one, three]
    assert warm.take_all(before=1.0) == [two]
    assert warm.take_all() == [four] and len(warm) == 0


@dataclass
class Alike(PretendSession):
    """Equal to any other one of its server and database."""

    server: PretendServer
    database: str


def test_of_those_that_are_alike_and_of_the_same_moment_none_is_lost() -> None:
    server, warm = PretendServer(), WarmSessions()
    one, two = Alike(server, "a"), Alike(server, "a")
    assert one == two
    for session in (one, two):
        warm.put(session, 1.0)
    assert warm.take("a") is two
    warm.put(two, 1.0)
    assert warm.take_oldest(1.0) is one
    warm.put(one, 1.0)
    taken = warm.take_all(before=1.0)
    assert {id(each) for each in taken} == {id(one), id(two)} and len(warm) == 0
