"""What hangs on a thing inside a server when it shall go: what keeps it there, or what must be done to it first."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from dbaas.contracts.statement import Change

MOST_NAMED = 20


class Look(Protocol):
    async def __call__(self, part: str, database: str | None, names: Collection[str] | None) -> Mapping[str, Any]:
        """What one part of the engine observes there, as a lane's `observe`."""
        ...


@dataclass(frozen=True)
class Belonging:
    """One object that the thing owns, its name as the engine writes it. `database` and `schema` are empty for none."""

    database: str
    schema: str
    name: str
    type: str

    def __str__(self) -> str:
        where = f" in database {self.database!r}" if self.database else ""
        return f"{self.type} {self.schema + '.' if self.schema else ''}{self.name}{where}"


@dataclass(frozen=True)
class Parting:
    """`changes` come before the thing itself is dropped. Where it owns things, they keep it, and there are none.

    `belongings` are the first of those `count` things; `resolution` says what to do about them.
    """

    changes: tuple[Change, ...] = ()
    belongings: tuple[Belonging, ...] = ()
    count: int = 0
    resolution: str = ""
