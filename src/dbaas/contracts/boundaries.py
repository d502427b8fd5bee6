"""What an engine says of the things inside its servers, so that those who share a server stay apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol


class Real(NamedTuple):
    """One thing inside a server that objects may stand for ("role", "database"), or the server itself."""

    thing: str
    name: str


SERVER = Real("server", "")


class Touched(Protocol):
    def __call__(self, part: str, database: str | None, name: str, desired: Any) -> Iterable[Real]:
        """The things that must belong to whoever wants that item, besides what it makes. Pure.

        `SERVER` where only the server's own people may want it.
        """
        ...


@dataclass(frozen=True)
class Boundaries:
    """`things`: by part, what its exclusive items stand for.

    `is_administrative` tells of an observed thing whether it has power over the server: no guest may take it over.
    """

    things: Mapping[str, str]
    touched: Touched
    is_administrative: Callable[[Any], bool]
