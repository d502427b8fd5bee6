"""How long a request may take."""

from __future__ import annotations

import pytest

from dbaas.apiserver.deadlines import LONGEST_SECONDS, seconds_for
from dbaas.apiserver.failures import Failure
from dbaas.contracts.transport import Request


def seconds(**query: str) -> float | None:
    return seconds_for(Request("GET", "/", query))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("10s", 10.0), ("1.5s", 1.5), ("200ms", 0.2), ("+.5s", 0.5), ("1s500ms", 1.5), ("3us", 3e-6)],
)
def test_durations_are_read_as_go_reads_them(text: str, expected: float) -> None:
    assert seconds(timeout=text) == pytest.approx(expected)


@pytest.mark.parametrize("text", ["", "0", "0s", "-1s", "2h", "60s"])
def test_nothing_less_than_nothing_and_too_much_are_the_longest(text: str) -> None:
    assert seconds(timeout=text) == LONGEST_SECONDS


def test_a_watch_ends_by_itself() -> None:
    assert seconds(watch="true", timeout="abc") is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("abc", 'invalid duration "abc"'),
        (".s", 'invalid duration ".s"'),
        ("5", 'missing unit in duration "5"'),
        ("5d", 'unknown unit "d" in duration "5d"'),
    ],
)
def test_what_is_no_duration_is_a_bad_request(text: str, why: str) -> None:
    with pytest.raises(Failure) as refused:
        seconds(timeout=text)
    assert refused.value.code == 400
    assert refused.value.message == f"invalid timeout specified in the request URL - time: {why}"
