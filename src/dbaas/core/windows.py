"""Windows of time that come back every week, in a time zone. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Window:
    """Begins on `day` (0 is Sunday) at `start` by the clock on the wall, and lasts as long as `duration`, at most a
    week, over midnight and over changes of that clock. A start that the clock leaves out is as much later."""

    day: int
    start: time
    duration: timedelta


@dataclass(frozen=True)
class Opening:
    """One time that a window is open: from `begin` until just before `end`, both in UTC."""

    begin: datetime
    end: datetime


def find_zone(name: str) -> tzinfo:
    """Raises ValueError where there is no time zone of that name on this machine."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no time zone such as Europe/Berlin or UTC") from error


def find_opening(windows: Sequence[Window], zone: tzinfo, now: datetime) -> Opening | None:
    """The one that is open at `now` or else the next to come; of several the one that lasts longest or comes first.

    None where there are no windows. `now` knows its time zone.
    """
    found = [opening for window in windows for opening in _openings(window, zone, now) if opening.end > now]
    open_now = [opening for opening in found if opening.begin <= now]
    if open_now:
        return max(open_now, key=lambda opening: opening.end)
    return min(found, key=lambda opening: opening.begin, default=None)


def _openings(window: Window, zone: tzinfo, now: datetime) -> Iterator[Opening]:
    """Those of the week before, of this one and of the next two, so that one that lasts a week is among them."""
    today = now.astimezone(zone).date()
    since = (today.isoweekday() - window.day) % 7
    for weeks in (-2, -1, 0, 1, 2):
        date = today - timedelta(days=since) + weeks * WEEK
        begin = datetime.combine(date, window.start, zone).astimezone(UTC)
        yield Opening(begin, begin + window.duration)
