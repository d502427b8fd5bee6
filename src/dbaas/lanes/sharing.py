"""What all lanes to one server share: how many connections they have together, whose turn it is, and what is locked.

Lanes with different logins cannot use each other's connections, so each has its own; but the server counts them all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

from dbaas.contracts.engine import Session
from dbaas.core.clock import Clock
from dbaas.lanes.gate import Gate
from dbaas.lanes.locks import NamedLocks
from dbaas.lanes.takings import Takings
from dbaas.lanes.waiting import WaitingLine
from dbaas.lanes.warmth import WarmSessions

GRANTS_IN_A_ROW = 8
PLACES_FOR_SHORT = 2


class Member(Protocol):
    """The connections of one lane: those in use, those that are warm, and who waits for one."""

    cap: int
    kept: str | None
    taken: int
    background_taken: int
    line: WaitingLine
    warm: WarmSessions

    @property
    def count(self) -> int:
        """How many there are, in use or idle."""
        ...

    def serve_next(self) -> bool:
        """Gives a connection to one who waits. False where there is none to give."""
        ...


class Shared:
    """Together at most the smallest cap of its members; background work and what takes long have one fewer.

    Of what takes long (`gate`) so few run at once that short changes need not wait for it, and so many that the server
    always has something to do.

    The next connection goes to the lane that needs it most: a probe of the server before a user's change before
    background work, then who has the fewest; those that are equal take turns, a few grants each, because a connection
    that changes hands is closed and made anew.
    """

    def __init__(self, clock: Clock) -> None:
        self.locks = NamedLocks()
        self.takings = Takings()
        self.gate = Gate(lambda: max(1, self.cap - PLACES_FOR_SHORT))
        self._clock = clock
        self._members: list[Member] = []
        self._turns: dict[Member, int] = {}

    @property
    def cap(self) -> int:
        return max(1, min((member.cap for member in self._members), default=1))

    @property
    def count(self) -> int:
        return sum(member.count for member in self._members)

    @property
    def is_alone(self) -> bool:
        return len(self._members) == 1

    def add(self, member: Member) -> None:
        self._members.append(member)
        self._turns.clear()

    def remove(self, member: Member) -> None:
        """No error where it is not here; its connections are not counted any more."""
        if member in self._members:
            self._members.remove(member)
            self._turns.clear()

    def has_room(self, *, background: bool) -> bool:
        """For the use of one more connection, new or idle; only background work is limited here."""
        if not background:
            return True
        return self.gate.inside + sum(member.background_taken for member in self._members) < max(1, self.cap - 1)

    def is_full(self) -> bool:
        """Whether a new connection needs the place of another."""
        return self.count >= self.cap

    def is_beyond(self) -> bool:
        """Whether there are more than there should be, as when lanes turn out to lead to one server."""
        return self.count > self.cap

    def find_idle(self, asking: Member, *, background: bool) -> Session | None:
        """Another lane's connection that is not in use. What lingers there makes room for changes, not for others."""
        now = self._clock.monotonic() if background else math.inf
        for member in sorted(self._members, key=lambda each: -each.count):
            kept = member.kept if background and member.count > 1 else None
            found = member.warm.take_oldest(now, kept) if member is not asking else None
            if found is not None:
                return found
        return None

    def next_free(self) -> float | None:
        now = self._clock.monotonic()
        moments = [moment for member in self._members if (moment := member.warm.next_free(now)) is not None]
        return min(moments, default=None)

    def serve(self) -> None:
        """Gives out what there is, in the order of need."""
        while any(self._serve_one(member) for member in self._in_order()):
            pass

    def _serve_one(self, member: Member) -> bool:
        served = member.serve_next()
        if served:
            self._turns[member] = self._turns.get(member, 0) + 1
        return served

    def _in_order(self) -> Sequence[Member]:
        waiting = [(need, member) for member in self._members if (need := member.line.need) is not None]
        if len(waiting) < 2:  # whoever was alone until now has had no turn of anybody's
            self._turns.clear()
        turns = self._turns
        waiting.sort(key=lambda each: (each[0], each[1].taken, turns.get(each[1], 0) // GRANTS_IN_A_ROW))
        return [member for need, member in waiting]
