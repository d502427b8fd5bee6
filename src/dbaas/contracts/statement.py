"""Decisions as values: what differs, and the exact statements that would make it right.

The same `Change`s are what `plan` prints, what drift reports, what admission explains and what reconcile executes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol


class Composed(Protocol):
    """A statement composed by the engine's own driver. `str()` gives it for people: secrets are masked."""

    def __str__(self) -> str: ...


@dataclass(frozen=True)
class Statement:
    """One statement for one server.

    `database` is where it runs (None: the administrative one). `transactional` False: alone and outside a
    transaction. `run_as` is the role it is executed as. `locks` names catalogue objects that must not be changed by
    two statements at once. `vacates` is a database that nobody may be connected to: the lane closes its own idle
    connections to it first.
    """

    sql: Composed
    database: str | None = None
    transactional: bool = True
    run_as: str | None = None
    locks: frozenset[str] = frozenset()
    vacates: str | None = None


@dataclass(frozen=True)
class Change:
    """One difference. `field` is a path of the manifest; `expected` and `actual` are JSON values without secrets.

    `destructive`: data or access may be lost. `immutable`: cannot be done in place; reported, never executed (and then
    without statements); `why` says what keeps it from being done and what to do instead, where that is not plain.
    `incidental`: it changes nothing of the thing itself, as our tag on it, so it is made whatever
    the drift policy says.
    """

    field: str
    expected: object
    actual: object
    statements: tuple[Statement, ...] = ()
    destructive: bool = False
    immutable: bool = False
    incidental: bool = False
    why: str = ""


@dataclass(frozen=True)
class Plan:
    """The changes in the order in which they must happen; empty where all is as it should be."""

    changes: tuple[Change, ...] = ()

    @property
    def statements(self) -> tuple[Statement, ...]:
        return tuple(statement for change in self.changes for statement in change.statements)

    def __bool__(self) -> bool:
        return bool(self.changes)


NOTHING = Plan()


@dataclass(frozen=True)
class Unknown:
    """An observed field that our login may not see: never planned as a difference."""

    why: str = field(default="", compare=False)


UNKNOWN = Unknown()


def join_plans(plans: Iterable[Plan]) -> Plan:
    """One plan after the other."""
    return Plan(tuple(change for plan in plans for change in plan.changes))
