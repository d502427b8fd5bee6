"""Parts of moments, in UTC or in a zone that is named, and of spans of time."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from dbaas.apiserver.schemas.expressions.failures import Failure

_OFFSET = re.compile(r"([+-]?)(\d\d):(\d\d)", re.ASCII)
_Part = Callable[..., int]


def _zone(name: str) -> tzinfo:
    offset = _OFFSET.fullmatch(name)
    if offset is not None:
        minutes = int(offset[2]) * 60 + int(offset[3])
        return timezone(timedelta(minutes=-minutes if offset[1] == "-" else minutes))
    try:
        return ZoneInfo(name) if name else UTC
    except (LookupError, OSError, ValueError) as error:
        raise Failure(f"unknown time zone {name}") from error


def _part(of_moment: Callable[[datetime], int], of_span: Callable[[timedelta], float] | None = None) -> _Part:
    def read(value: datetime | timedelta, zone: str = "UTC") -> int:
        if isinstance(value, timedelta):
            assert of_span is not None, "signatures let no other part be asked of a span"
            return int(of_span(value))
        return of_moment(value.astimezone(_zone(zone)))

    return read


FUNCTIONS: Mapping[str, _Part] = {
    "getFullYear": _part(lambda moment: moment.year),
    "getMonth": _part(lambda moment: moment.month - 1),
    "getDate": _part(lambda moment: moment.day),
    "getDayOfMonth": _part(lambda moment: moment.day - 1),
    "getDayOfWeek": _part(lambda moment: moment.isoweekday() % 7),
    "getDayOfYear": _part(lambda moment: moment.timetuple().tm_yday - 1),
    "getHours": _part(lambda moment: moment.hour, lambda span: span.total_seconds() / 3600),
    "getMinutes": _part(lambda moment: moment.minute, lambda span: span.total_seconds() / 60),
    "getSeconds": _part(lambda moment: moment.second, lambda span: span.total_seconds()),
    "getMilliseconds": _part(lambda moment: moment.microsecond // 1000, lambda span: span // timedelta(milliseconds=1)),
}
