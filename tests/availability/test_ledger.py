"""What counts as a lost write, as two writers, and as a pause; on histories that are made up."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from availability.ledger import Attempt, Row, judge, measure_silence, measure_takeover

OLD, NEW = "here:5001", "here:5002"


def write(at: float, *, server: str = OLD, timeline: int = 1, way: str = "rw", took: float = 0.1) -> Attempt:
    return Attempt(way, round(at * 1000), at, at + took, server, timeline)


def refused(at: float) -> Attempt:
    return Attempt("rw", round(at * 1000), at, at + 0.1, refusal="connection refused")


def rows(attempts: Sequence[Attempt]) -> set[Row]:
    return {each.row for each in attempts if each.is_acknowledged}


FAILOVER = [
    write(1), write(2), refused(3), refused(4), write(5, server=NEW, timeline=2), write(6, server=NEW, timeline=2),
]  # fmt: skip


def test_a_failover_that_lost_nothing_is_without_complaint() -> None:
    assert judge(FAILOVER, {"a": rows(FAILOVER), "b": rows(FAILOVER)}) == []


def test_an_acknowledged_row_that_one_instance_has_not_is_lost() -> None:
    (complaint,) = judge(FAILOVER, {"a": rows(FAILOVER), "b": rows(FAILOVER[1:])})
    assert complaint == "1 of 4 acknowledged rows are not on b: rw 1000 (here:5001, timeline 1, at 1.10)"


def test_a_row_that_was_not_acknowledged_may_be_there_or_not() -> None:
    assert judge(FAILOVER, {"a": rows(FAILOVER) | {("rw", 3000)}}) == []


def test_a_former_primary_that_takes_a_row_after_another_one_did_is_a_second_writer() -> None:
    history = [*FAILOVER, write(5.5, way="main")]
    (complaint,) = judge(history, {"a": rows(history)})
    assert complaint.startswith("1 rows were acknowledged by a former primary while another one took writes: main 5500")


def test_what_the_former_primary_was_sent_before_the_new_one_took_anything_is_not_held_against_it() -> None:
    """The answer may have lain in its socket, while it was halted, and the row is there."""
    history = [*FAILOVER, write(2.5, way="main", took=10)]
    assert judge(history, {"a": rows(history)}) == []
    (complaint,) = judge(history, {"a": rows(FAILOVER)})
    assert "not on a: main 2500" in complaint


def test_two_servers_that_write_the_same_timeline_are_rivals() -> None:
    history = [write(1), write(2, server=NEW)]
    assert judge(history, {"a": rows(history)}) == ["timeline 1 had 2 writers, here:5001, here:5002"]


def test_a_client_that_was_never_answered_proves_nothing() -> None:
    assert judge([refused(1)], {"a": ()}) == ["no write was acknowledged at all"]


def test_many_lost_rows_are_counted_and_some_are_named() -> None:
    history = [write(at) for at in range(20)]
    (complaint,) = judge(history, {"a": ()})
    assert complaint.startswith("20 of 20") and complaint.endswith("…") and complaint.count("timeline") == 5


@given(st.lists(st.integers(1, 5), min_size=2, max_size=30).filter(lambda found: found != sorted(found)))
def test_writers_that_take_turns_in_any_other_order_than_that_of_their_election_are_seen(order: list[int]) -> None:
    history = [write(at, server=str(timeline), timeline=timeline) for at, timeline in zip(itertools.count(1), order)]
    assert any("former primary" in complaint for complaint in judge(history, {"a": rows(history)}))


def test_a_silence_is_the_longest_time_without_an_answer() -> None:
    assert round(measure_silence(FAILOVER, 2.05), 3) == 3.0
    assert round(measure_silence(FAILOVER, 5.5), 3) == 1.0
    assert measure_silence([refused(1)], 0) == 0.0


def test_a_takeover_is_over_when_another_one_acknowledges_what_was_sent_later() -> None:
    taken = measure_takeover(FAILOVER, 2.5, OLD)
    assert taken is not None
    assert round(taken, 3) == 2.6
    assert measure_takeover(FAILOVER, 2.5, NEW) is None
    early = [write(2, server=NEW, timeline=2)]
    assert measure_takeover(early, 2.05, OLD) is None
