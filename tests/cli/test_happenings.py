"""Events of all ages and writers read alike."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.api.resource import build_resource
from dbaas.cli.happenings import EVENT, Happening, read_happening, read_happenings
from dbaas.core.clock import LoopClock, parse_time
from dbaas.core.simulation import run_virtually

MADE = "2025-12-31T23:00:00Z"
LATER = "2025-12-31T23:59:00Z"


def event(**more: Any) -> dict[str, Any]:
    about = {"kind": "Database", "name": "shop", "namespace": "team"}
    metadata = {"name": "e", "namespace": "team", "creationTimestamp": MADE}
    return {"metadata": metadata, "involvedObject": about, "reason": "Created", "message": "made it", **more}


def test_all_of_an_event_is_read() -> None:
    assert read_happening(event(type="Warning", lastTimestamp=LATER, count=3)) == Happening(
        parse_time(LATER), "Warning", "Created", "database/shop", "made it", "team", 3
    )


@pytest.mark.parametrize(
    "more",
    [
        {"series": {"lastObservedTime": LATER, "count": 2}, "eventTime": MADE},
        {"lastTimestamp": LATER, "firstTimestamp": MADE},
        {"eventTime": LATER, "lastTimestamp": None},
        {"firstTimestamp": LATER},
    ],
    ids=["series", "last", "event time", "first"],
)
def test_the_newest_time_that_an_event_has_counts(more: dict[str, Any]) -> None:
    assert read_happening(event(**more)).at == parse_time(LATER)


def test_an_event_that_says_nothing_else_was_when_it_was_made() -> None:
    found = read_happening(event())
    assert (found.at, found.type, found.count) == (parse_time(MADE), "Normal", 1)
    assert read_happening({}) == Happening(None, "Normal", "", "/", "", "")


def test_the_newest_is_last_and_what_has_no_time_first() -> None:
    bodies = [event(reason="b", lastTimestamp=LATER), event(reason="a"), event(reason="none", metadata={"name": "x"})]
    events = [build_resource(EVENT, body) for body in bodies]
    assert [happening.reason for happening in read_happenings(events)] == ["none", "a", "b"]


def test_people_read_how_long_ago_and_how_often() -> None:
    async def cells(**more: Any) -> list[str]:
        return read_happening(event(**more)).cells(LoopClock())

    assert run_virtually(cells(lastTimestamp=LATER, count=2)) == [
        "60s", "Normal", "Created", "database/shop", "made it (2 times)",
    ]  # fmt: skip
    assert run_virtually(cells(metadata={"name": "x"}))[0] == ""
