"""Columns of a Table: how one is described, and the ones that most kinds have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dbaas.core.clock import parse_time
from dbaas.core.duration import format_age

Object = Mapping[str, Any]
Cell = Callable[[Object, datetime], object]
NONE = "<none>"
SHOWN_ADDRESSES = 3


@dataclass(frozen=True)
class Column:
    """One column of a Table, as `meta.k8s.io/v1 TableColumnDefinition` has it; `cell` makes the value of a row.

    `cell(obj, now)` gives a JSON scalar: strings, numbers, booleans or None. Priority 0 is always shown, 1 is wide.
    """

    name: str
    type: str
    cell: Cell
    format: str = ""
    description: str = ""
    priority: int = 0


def text(name: str, cell: Callable[[Object], object], *, priority: int = 0) -> Column:
    """A column of strings that does not depend on the time."""
    return Column(name, "string", lambda obj, now: cell(obj), priority=priority)


def aged(name: str, cell: Callable[[Object, datetime], str], *, priority: int = 0) -> Column:
    """A column that shows how long ago something was."""
    return Column(name, "string", cell, priority=priority)


def field(obj: Object, *path: str) -> Any:
    """The value at a path, None where a part of the path is absent."""
    value: Any = obj
    for part in path:
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def items(obj: Object, *path: str) -> Sequence[Any]:
    """The list at a path, empty where it is absent."""
    return field(obj, *path) or ()


def age_of(moment: str | None, now: datetime) -> str:
    """As kubectl prints it; a time that is not known is `<unknown>`."""
    return format_age(now - parse_time(moment)) if moment else "<unknown>"


def format_some(shown: Iterable[str], count: int) -> str:
    """The first few of a list, and how many more there are."""
    listed = list(shown)
    joined = ",".join(listed[:SHOWN_ADDRESSES])
    if not listed:
        return NONE
    return f"{joined} + {count - SHOWN_ADDRESSES} more..." if len(listed) > SHOWN_ADDRESSES else joined


def format_labels(labels: Mapping[str, str] | None) -> str:
    return ",".join(f"{key}={labels[key]}" for key in sorted(labels)) if labels else NONE


NAME = Column("Name", "string", lambda obj, now: field(obj, "metadata", "name"), format="name")
AGE = aged("Age", lambda obj, now: age_of(field(obj, "metadata", "creationTimestamp"), now))
