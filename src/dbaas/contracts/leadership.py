"""Who may act where several processes could: one at a time, and each one's turn has a number."""

from __future__ import annotations

from typing import Protocol

from dbaas.core.errors import DbaasError


class NotLeading(DbaasError):
    """Something was not sent, because another process may lead now."""

    reason = "NotLeading"


class Leadership(Protocol):
    """Whether this process is the one that acts.

    Not a fence: a process may be stopped between the question and the effect, so effects stay idempotent, and carry
    `transitions` where the other side can compare it with what it has seen before.
    """

    @property
    def transitions(self) -> int:
        """The number of this turn: it grows with each process that leads, and is never given to two."""
        ...

    def holds(self) -> bool:
        """Whether to act at this moment; false at once, without a word from anybody, when the time has run out."""
        ...

    async def gained(self) -> None:
        """Returns when this process may begin to act."""
        ...


class Uncontested:
    """The leadership of a process that has no rivals, because a lock has seen to it."""

    transitions = 0

    def holds(self) -> bool:
        return True

    async def gained(self) -> None:
        return
