"""How a drift pass looks at a server: all of what is shared, and as many databases as its share of time allows.

A look into a database needs a connection to it, about 20 ms each with its catalogue. So databases are visited in
rounds: a pass that has used its share stops, and the next one goes on where it stopped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from dbaas.api.resource import Key
from dbaas.contracts.engine import EngineError, LoginRefused, Unreachable
from dbaas.contracts.lane import Lane
from dbaas.controllers.managed.observing import Observation, Place
from dbaas.core.clock import Clock

SHARE = 1 / 3  # of the time between two passes
VISITORS = 2  # databases that are looked into at once: while one connection is made, the other answers


@dataclass(frozen=True)
class Look:
    """What one pass saw. `skipped` places come later; `ends_round`: since the last one that did, all were seen."""

    observation: Observation
    skipped: frozenset[Place] = frozenset()
    ends_round: bool = True


@dataclass
class _Round:
    """Where the round over one server stands."""

    last: str = ""
    left: set[str] = field(default_factory=set)


class Rounds:
    """Remembers where it stopped, for each server."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rounds: dict[Key, _Round] = {}

    async def look(
        self, server: Key, lane: Lane, places: Mapping[Place, Collection[str]], period_seconds: float
    ) -> Look:
        """At least one database is visited each time. Raises Unreachable and LoginRefused.

        `places` has the names that matter there: a server can have thousands of roles, and a database a few of them.
        """
        answers: dict[Place, Any] = {}
        absent: set[str] = set()
        for part in sorted(part for part, database in places if database is None):
            answers[part, None] = await lane.observe(part, None, None, background=True)
        began, budget = self._clock.monotonic(), SHARE * period_seconds
        turn = self._rounds.setdefault(server, _Round())
        databases: dict[str, dict[str, Collection[str]]] = {}
        for (part, database), names in places.items():
            if database is not None:
                databases.setdefault(database, {})[part] = names
        turn.left = (turn.left & databases.keys()) or set(databases)
        waiting = iter(enumerate(_in_turn(databases, turn.last)))

        async def visit() -> None:
            for number, database in waiting:
                if number and self._clock.monotonic() - began >= budget:
                    return
                turn.last = database
                if not await self._visit(lane, database, databases[database], answers):
                    absent.add(database)
                turn.left.discard(database)

        await asyncio.gather(*(visit() for _ in range(VISITORS)))
        skipped = frozenset(p for p in places if p not in answers and p[1] is not None and p[1] not in absent)
        return Look(Observation(answers, frozenset(absent)), skipped, ends_round=not turn.left)

    def forget(self, server: Key) -> None:
        """A server that is gone has no rounds."""
        self._rounds.pop(server, None)

    async def _visit(
        self, lane: Lane, database: str, parts: Mapping[str, Collection[str]], answers: dict[Place, Any]
    ) -> bool:
        """False where it cannot be looked into; the objects in it are woken by that, and say why."""
        for part in sorted(parts):
            try:
                answers[part, database] = await lane.observe(part, database, parts[part], background=True)
            except (Unreachable, LoginRefused):
                raise
            except EngineError:
                return False
        return True


def _in_turn(databases: Collection[str], last: str) -> list[str]:
    """Those after the last one first."""
    ordered = sorted(databases)
    return [name for name in ordered if name > last] + [name for name in ordered if name <= last]
