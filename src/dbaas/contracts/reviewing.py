"""Who may do what inside a server, and by which way: what an engine tells reviewers. Nothing is changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from dbaas.contracts.engine import Item

Subject = Literal["table", "schema", "database", "role"]
Way = Literal["owner", "grant", "everybody", "future", "attribute", "predefined"]


@dataclass(frozen=True)
class Question:
    """What is asked about: a thing of one database, or all that a role may do there. Names are the server's own."""

    about: Subject
    database: str
    name: str
    schema: str = ""


@dataclass(frozen=True)
class Ground:
    """One fact that a way rests on. Who wants one of `marks` (see `Reviewing.marks`) wants it to be so.

    Without marks it is not for manifests to say, such as what every new object comes with.
    """

    what: str
    marks: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Path:
    """That `who` may do something with an object of type `on`, and how that comes.

    `through` are the memberships that lead from `who` to the role that was given it, which is last. `becoming`: `who`
    has it not all the time, but may become one of them. `grantor` gave it; empty where nobody did. `lacks` is what else
    `who` would need before it is of any use.
    """

    who: str
    privilege: str
    on: str
    name: str
    way: Way
    through: tuple[str, ...] = ()
    becoming: bool = False
    grantor: str = ""
    grantable: bool = False
    grounds: tuple[Ground, ...] = ()
    lacks: tuple[str, ...] = ()


class Reviewing(Protocol):
    """An engine's answers to a reviewer."""

    async def explain(self, session: Any, question: Question) -> Sequence[Path] | None:
        """All the ways there are, sorted; None where there is no such thing. A few catalogue queries in all.

        `session` is one that this engine's `connect` made, in the question's database. Raises EngineError.
        """
        ...

    def marks(self, item: Item) -> Iterable[str]:
        """The facts that an item wants to be so, as stable strings. Pure."""
        ...
