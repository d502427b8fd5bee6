"""Events of objects, newest last, in the form people read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dbaas.api.resource import Kind, Resource
from dbaas.core.clock import Clock, parse_time
from dbaas.core.duration import format_age

EVENT = Kind("", "v1", "Event", "events")
COLUMNS = ("Last seen", "Type", "Reason", "Object", "Message")


@dataclass(frozen=True)
class Happening:
    """One event."""

    at: datetime | None
    type: str
    reason: str
    about: str
    message: str
    namespace: str
    count: int = 1

    def cells(self, clock: Clock) -> list[str]:
        age = format_age(clock.now() - self.at) if self.at else ""
        times = f" ({self.count} times)" if self.count > 1 else ""
        return [age, self.type, self.reason, self.about, self.message + times]


def read_happenings(events: Iterable[Resource]) -> list[Happening]:
    found = [read_happening(event.body()) for event in events]
    return sorted(found, key=lambda happening: (happening.at is not None, happening.at))


def is_about(event: Resource, kind: Kind) -> bool:
    """Whether it may be about an object of that kind: several groups have kinds and objects of the same names."""
    version = (event.body().get("involvedObject") or {}).get("apiVersion") or kind.api_version
    return str(version).rpartition("/")[0] == kind.group


def read_happening(body: Mapping[str, Any]) -> Happening:
    """Older and newer ways of saying when and how often are both read."""
    series = body.get("series") or {}
    metadata = body.get("metadata") or {}
    moments = (
        series.get("lastObservedTime"), body.get("lastTimestamp"), body.get("eventTime"), body.get("firstTimestamp"),
        metadata.get("creationTimestamp"),
    )  # fmt: skip
    at = next((moment for moment in moments if moment), None)
    involved = body.get("involvedObject") or {}
    return Happening(
        parse_time(at) if at else None,
        str(body.get("type") or "Normal"),
        str(body.get("reason") or ""),
        f"{str(involved.get('kind') or '').lower()}/{involved.get('name') or ''}",
        str(body.get("message") or ""),
        str(metadata.get("namespace") or ""),
        int(series.get("count") or body.get("count") or 1),
    )
