"""Who waits for a connection, and who is next."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from dbaas.contracts.engine import EngineError, Session

MOST_OVERTAKINGS = 8
LOOK_AHEAD = 64


class Need(IntEnum):
    """What somebody waits for; the most pressing is the smallest."""

    PROBE = 0
    CHANGE = 1
    BACKGROUND = 2


@dataclass(frozen=True)
class Grant:
    """The right to hold one connection: a warm one, or room for a new one after `evicted` is closed."""

    session: Session | None = None
    evicted: Session | None = None


@dataclass(eq=False)
class Waiter:
    """Somebody who waits for a connection to `database`."""

    database: str
    background: bool
    urgent: bool = False
    granted: asyncio.Future[Grant] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    overtaken: int = 0


class WaitingLine:
    """What is urgent first, user changes before background work, then in order of arrival.

    Whoever wants a database that has a warm connection may overtake the first a few times: it saves a new connection.
    """

    def __init__(self) -> None:
        self._changes: list[Waiter] = []
        self._background: list[Waiter] = []

    def join(self, waiter: Waiter) -> None:
        line = self._line_of(waiter)
        line.insert(0 if waiter.urgent else len(line), waiter)

    def leave(self, waiter: Waiter) -> None:
        """No error where it has left already."""
        line = self._line_of(waiter)
        if waiter in line:
            line.remove(waiter)

    @property
    def need(self) -> Need | None:
        """Of the first; None where nobody waits."""
        queue = self._queue
        if not queue:
            return None
        return Need.PROBE if queue[0].urgent else Need.BACKGROUND if queue[0].background else Need.CHANGE

    def blocks(self, background: bool) -> bool:
        """Whether somebody who comes now must wait behind others."""
        return bool(self._changes or (background and self._background))

    def candidates(self, warm: Collection[str]) -> Sequence[Waiter]:
        """Who may be served next, the most deserving first, given the databases that have an idle connection."""
        queue = self._queue
        if not queue:
            return ()
        first, near = queue[0], (waiter for waiter in queue[:LOOK_AHEAD] if not waiter.granted.done())
        lucky = next((waiter for waiter in near if waiter.database in warm), first) if warm else first
        if lucky is first:
            return (first,)
        return (first, lucky) if first.overtaken >= MOST_OVERTAKINGS else (lucky, first)

    def serve(self, waiter: Waiter, grant: Grant) -> None:
        """Ends somebody's waiting; the first of the line remembers if it was overtaken."""
        first = self._queue[0]
        first.overtaken += waiter is not first
        self._line_of(waiter).remove(waiter)
        waiter.granted.set_result(grant)

    def fail_all(self, error: EngineError) -> None:
        """Tells everybody that there is no hope for now."""
        for waiter in (*self._changes, *self._background):
            if not waiter.granted.done():
                waiter.granted.set_exception(type(error)(error.message, reason=error.reason))
        self._changes.clear()
        self._background.clear()

    @property
    def _queue(self) -> Sequence[Waiter]:
        """The line that is served now. Its first waits indeed: who has given up in front of them is forgotten."""
        for line in (self._changes, self._background):
            while line and line[0].granted.done():
                del line[0]
        return self._changes or self._background

    def _line_of(self, waiter: Waiter) -> list[Waiter]:
        return self._background if waiter.background else self._changes
