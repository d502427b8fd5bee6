"""Connections that nobody uses at the moment and that are kept for the next who wants their database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dbaas.contracts.engine import Session


@dataclass(frozen=True, eq=False)
class _Idle:
    """Told apart by identity: two that became idle at the same moment may be equal."""

    session: Session
    since: float
    until: float  # it is not given up for another database before


class WarmSessions:
    """In the order in which they became idle."""

    def __init__(self) -> None:
        self._idle: list[_Idle] = []

    def __len__(self) -> int:
        return len(self._idle)

    @property
    def databases(self) -> frozenset[str]:
        return frozenset(idle.session.database for idle in self._idle)

    @property
    def idle_since(self) -> float:
        """When the oldest became idle; there must be one."""
        return self._idle[0].since

    def next_free(self, now: float) -> float | None:
        """When the next one that still lingers may be given up; None where none lingers."""
        return min((idle.until for idle in self._idle if idle.until > now), default=None)

    def put(self, session: Session, now: float, linger: float = 0.0) -> None:
        """`linger`: for so many seconds it is kept for its own database, whoever else waits."""
        self._idle.append(_Idle(session, now, now + linger))

    def take(self, database: str) -> Session | None:
        """The one of that database that was used last."""
        found = next((idle for idle in reversed(self._idle) if idle.session.database == database), None)
        if found is None:
            return None
        self._idle.remove(found)
        return found.session

    def take_oldest(self, now: float, keep: str | None = None) -> Session | None:
        """The one that has been idle longest, of those that may be given up; never the last one of database `keep`."""
        kept = sum(idle.session.database == keep for idle in self._idle) <= 1
        for idle in self._idle:
            if idle.until <= now and not (kept and idle.session.database == keep):
                self._idle.remove(idle)
                return idle.session
        return None

    def take_all(self, *, database: str | None = None, before: float | None = None) -> Sequence[Session]:
        """Those of one database, or those that became idle before a moment, or all."""
        taken = [
            idle
            for idle in self._idle
            if database in (None, idle.session.database) and (before is None or idle.since <= before)
        ]
        self._idle = [idle for idle in self._idle if idle not in taken]
        return [idle.session for idle in taken]
