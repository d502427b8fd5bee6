"""Times that are written in a way in which Kubernetes does not read them, in the words of Go's `time.Parse`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_MICRO = "2006-01-02T15:04:05.000000Z07:00"
_SECOND = "2006-01-02T15:04:05Z07:00"
_ELEMENTS = re.compile(r"2006|01|02|15|04|05|\.0+|Z07:00|[-T:]")
_DIGITS = {"2006": r"\d{4}", "Z07:00": r"Z|[+-]\d\d:\d\d"}
_USUAL = {
    _SECOND: re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
    _MICRO: re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"),
}  # how nearly all are written
_METADATA = ("creationTimestamp", "deletionTimestamp")
_PLACES: Mapping[str, tuple[tuple[tuple[str, ...], str], ...]] = {
    "leases.coordination.k8s.io": ((("spec", "acquireTime"), _MICRO), (("spec", "renewTime"), _MICRO)),
    "events": ((("eventTime",), _MICRO), (("firstTimestamp",), _SECOND), (("lastTimestamp",), _SECOND)),
    "events.events.k8s.io": ((("eventTime",), _MICRO),),
    "jobs.batch": ((("status", "startTime"), _SECOND), (("status", "completionTime"), _SECOND)),
    "pods": ((("status", "startTime"), _SECOND),),
}


def unreadable_time(obj: Mapping[str, Any], collection: str) -> str | None:
    """Why the first such time cannot be read; the metadata of any kind has two times. `collection`: `jobs.batch`."""
    metadata = obj.get("metadata")
    if isinstance(metadata, Mapping):
        for field in _METADATA:
            if isinstance(value := metadata.get(field), str) and (why := _why_not(value, _SECOND)):
                return why
    for path, layout in _PLACES.get(collection, ()):
        value = obj
        for step in path:
            value = value.get(step) if isinstance(value, Mapping) else None
        if isinstance(value, str) and (why := _why_not(value, layout)):
            return why
    return None


def _why_not(text: str, layout: str) -> str:
    if _USUAL[layout].fullmatch(text):
        return ""
    rest = text
    for element in _split(layout):
        if element in _DIGITS:
            pattern = _DIGITS[element]
        elif element.isdigit():
            pattern = r"\d\d"
        else:
            pattern = r"\." + r"\d" * (len(element) - 1) if element[0] == "." else re.escape(element)
        found = re.match(pattern, rest)
        if found is None:
            return f'parsing time "{text}" as "{layout}": cannot parse "{rest}" as "{element}"'
        rest = rest[found.end() :]
        if element == "05" and ".0" not in layout:
            rest = re.sub(r"^\.\d+", "", rest)  # fractions are read where none are written
    return f'parsing time "{text}": extra text: "{rest}"' if rest else ""


def _split(layout: str) -> Iterator[str]:
    return (found.group() for found in _ELEMENTS.finditer(layout))
