"""What a program that failed has said of the reason, found in what it printed."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

# How servers and their tools mark what they end of; what follows is only that they end.
GRAVE = ("FATAL:", "PANIC:", ": error:")


class _Line(msgspec.Struct):
    """Of a log in JSON, as much as servers agree on."""

    message: str
    error_severity: str = "LOG"
    detail: str = ""


def find_last_words(text: str) -> str:
    """The last line that says why it ended, with its detail; else the last line; nothing where there is none."""
    lines = [line for each in text.split("\n") if each.strip() for line in _read(each.strip())]
    grave = max((number for number, line in enumerate(lines) if any(mark in line for mark in GRAVE)), default=-1)
    if grave == -1:
        return lines[-1] if lines else ""
    return "; ".join([lines[grave], *(line for line in lines[grave + 1 : grave + 2] if "DETAIL:" in line)])


def _read(line: str) -> Iterator[str]:
    """A line of JSON as it would be printed."""
    try:
        said = msgspec.json.decode(line, type=_Line) if line.startswith("{") else None
    except msgspec.DecodeError:
        said = None
    if said is None:
        yield line
        return
    yield f"{said.error_severity}:  {said.message}"
    if said.detail:
        yield f"DETAIL:  {said.detail}"
