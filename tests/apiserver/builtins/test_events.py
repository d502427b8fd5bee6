"""Columns of Events of both groups."""

from __future__ import annotations

from datetime import UTC, datetime

from dbaas.apiserver.builtins import events

NOW = datetime(2026, 1, 1, 0, 1, tzinfo=UTC)
CORE = {
    "metadata": {"name": "e"},
    "involvedObject": {"kind": "Pod", "name": "main-0", "fieldPath": "spec"},
    "reason": "Started",
    "type": "Normal",
    "message": " up ",
    "source": {"component": "agent", "host": "here"},
    "firstTimestamp": "2026-01-01T00:00:00Z",
    "lastTimestamp": "2026-01-01T00:00:30Z",
    "count": 4,
}
NEW = {
    "metadata": {"name": "e"},
    "regarding": {"kind": "Pod", "name": "main-0"},
    "note": "up",
    "reportingController": "agent",
    "eventTime": "2026-01-01T00:00:00.000000Z",
    "series": {"count": 2, "lastObservedTime": "2026-01-01T00:00:50.000000Z"},
}


def test_an_event_reads_the_same_in_both_groups() -> None:
    assert (events.target(CORE), events.target(NEW)) == ("pod/main-0", "pod/main-0")
    assert (events.source(CORE), events.source(NEW)) == ("agent, here", "agent")
    assert (events.count(CORE), events.count(NEW)) == (4, 2)


def test_times_are_those_of_the_first_and_the_last_occurrence() -> None:
    assert (events.first_seen(CORE, NOW), events.last_seen(CORE, NOW)) == ("60s", "30s")
    assert (events.first_seen(NEW, NOW), events.last_seen(NEW, NOW)) == ("60s", "10s")


def test_an_event_about_a_kind_has_no_name_to_show() -> None:
    assert events.target({"involvedObject": {"kind": "Node"}}) == "node"
    assert events.last_seen({"eventTime": "2026-01-01T00:00:00Z"}, NOW) == "60s"
