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
        self._waiters: list[Waiter] = []

    def join(self, waiter: Waiter) -> None:
        self._waiters.insert(0 if waiter.urgent else len(self._waiters), waiter)

    def leave(self, waiter: Waiter) -> None:
        """No error where it has left already."""
        if waiter in self._waiters:
            self._waiters.remove(waiter)

    @property
    def need(self) -> Need | None:
        """Of the first; None where nobody waits."""
        first = next((waiter for waiter in self._queue if not waiter.granted.done()), None)
        if first is None:
            return None
        return Need.PROBE if first.urgent else Need.BACKGROUND if first.background else Need.CHANGE

    def blocks(self, background: bool) -> bool:
        """Whether somebody who comes now must wait behind others."""
        return any(background or not waiter.background for waiter in self._waiters)

    def candidates(self, warm: Collection[str]) -> Sequence[Waiter]:
        """Who may be served next, the most deserving first, given the databases that have an idle connection."""
        self._waiters = [waiter for waiter in self._waiters if not waiter.granted.done()]
        queue = self._queue
        if not queue:
            return ()
        first = queue[0]
        lucky = next((waiter for waiter in queue[:LOOK_AHEAD] if waiter.database in warm), first)
        if lucky is first:
            return (first,)
        return (first, lucky) if first.overtaken >= MOST_OVERTAKINGS else (lucky, first)

    def serve(self, waiter: Waiter, grant: Grant) -> None:
        """Ends somebody's waiting; the first of the line remembers if it was overtaken."""
        first = self._queue[0]
        first.overtaken += waiter is not first
        self._waiters.remove(waiter)
        waiter.granted.set_result(grant)

    @property
    def _queue(self) -> Sequence[Waiter]:
        return [waiter for waiter in self._waiters if not waiter.background] or self._waiters

    def fail_all(self, error: EngineError) -> None:
        """Tells everybody that there is no hope for now."""
        for waiter in self._waiters:
            if not waiter.granted.done():
                waiter.granted.set_exception(type(error)(error.message, reason=error.reason))
        self._waiters.clear()
