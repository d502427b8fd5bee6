"""Columns of Events, which exist in two API groups with different names for the same things."""

from __future__ import annotations

from datetime import datetime

from dbaas.apiserver.builtins.columns import Column, Object, age_of, aged, field, text


def _first(event: Object, *paths: tuple[str, ...]) -> str | None:
    """The first of some fields that is there: an Event is read with the names of both groups."""
    return next((value for path in paths if (value := field(event, *path))), None)


def first_seen(event: Object, now: datetime) -> str:
    return age_of(_first(event, ("firstTimestamp",), ("deprecatedFirstTimestamp",), ("eventTime",)), now)


def last_seen(event: Object, now: datetime) -> str:
    if series := field(event, "series", "lastObservedTime"):
        return age_of(series, now)
    last = _first(event, ("lastTimestamp",), ("deprecatedLastTimestamp",))
    return age_of(last, now) if last else first_seen(event, now)


def count(event: Object) -> int:
    return int(_first(event, ("series", "count"), ("count",), ("deprecatedCount",)) or 1)


def target(event: Object) -> str:
    """The object that the event is about: `pod/main-0`."""
    kind = str(_first(event, ("involvedObject", "kind"), ("regarding", "kind")) or "").lower()
    name = _first(event, ("involvedObject", "name"), ("regarding", "name"))
    return f"{kind}/{name}" if name else kind


def source(event: Object) -> str:
    component = _first(
        event,
        ("source", "component"),
        ("deprecatedSource", "component"),
        ("reportingComponent",),
        ("reportingController",),
    )
    host = _first(event, ("source", "host"), ("deprecatedSource", "host"), ("reportingInstance",))
    return f"{component or ''}, {host}" if host else component or ""


COLUMNS: tuple[Column, ...] = (
    aged("Last Seen", last_seen),
    text("Type", lambda event: field(event, "type")),
    text("Reason", lambda event: field(event, "reason")),
    text("Object", target),
    text(
        "Subobject",
        lambda event: _first(event, ("involvedObject", "fieldPath"), ("regarding", "fieldPath")) or "",
        priority=1,
    ),
    text("Source", source, priority=1),
    text("Message", lambda event: str(_first(event, ("message",), ("note",)) or "").strip()),
    aged("First Seen", first_seen, priority=1),
    text("Count", count, priority=1),
    Column("Name", "string", lambda event, now: field(event, "metadata", "name"), format="name", priority=1),
)
