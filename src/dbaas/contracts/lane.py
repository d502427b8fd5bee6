"""One lane per server, so that servers cannot hurt each other: connections, batching, limits, order.

A lane is the only way to a server for everything but clients that users start.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from dbaas.contracts.engine import Address, Engine, MaySend, ServerFacts, Session
from dbaas.contracts.statement import Statement

T = TypeVar("T")


@dataclass(frozen=True)
class Taking:
    """Statements take something away that others may come to want until the moment when they are sent.

    `confirm` is asked when locks and a connection are held, before each transaction: what it raises is raised, and
    nothing more is sent. It must not ask a lane. `places` are parts and databases: who observes one of them in the
    foreground meanwhile waits for the end, so that nobody sees, and takes for settled, what is about to go.
    """

    confirm: Callable[[], Awaitable[None]]
    places: frozenset[tuple[str, str | None]]


class Lane(Protocol):
    """Requests of one server. Raises EngineError; Unreachable at once while the circuit is open."""

    @property
    def address(self) -> Address:
        """Where it leads, with our own login."""
        ...

    async def facts(self, *, fresh: bool = False, timeout_seconds: float | None = None) -> ServerFacts:
        """What the server says of itself, from the last probe unless `fresh`.

        A probe that lasts longer than `timeout_seconds` (once it has a connection) means that the server is away.
        """
        ...

    async def observe(
        self, part: str, database: str | None, names: Collection[str] | None, *, background: bool = False
    ) -> Mapping[str, Any]:
        """One part of the engine in one database. Requests that arrive together become one query.

        The answer may hold more names than were asked. `background` yields to user changes. Raises Missing where the
        database does not exist.
        """
        ...

    async def execute(self, statements: Sequence[Statement], taking: Taking | None = None) -> None:
        """In order; neighbours in one database and under one `run_as` that are transactional share a transaction.

        Retryable errors are retried with the same statements. Statements that lock the same things wait for each
        other. Raises NotLeading, and sends nothing more, once another process may lead.
        """
        ...

    async def visit(
        self, database: str | None, work: Callable[[Any, MaySend], Awaitable[T]],
        connect: Callable[[], Awaitable[Session]] | None = None,
    ) -> T:  # fmt: skip
        """Does `work` with a session in a database: one of the lane's own, or the one that `connect` makes.

        Either counts against the lane's connections. `work` asks the second argument before it changes anything.
        """
        ...

    async def prove(self, address: Address) -> None:
        """Logs in with other credentials on this server and out again. Raises LoginRefused."""
        ...


class Lanes(Protocol):
    """The lanes by server. An instance whose address changed gets a new lane; the old one drains."""

    def open(self, key: str, engine: Engine, address: Address, max_connections: int) -> Lane:
        """The lane of that key, made on first use; connects only when asked for something."""
        ...

    def get(self, key: str) -> Lane | None: ...

    def join(self, key: str, identity: str) -> Lane:
        """Tells what server the lane of that key has found, and gives the lane to use from now on.

        It is one for all keys that lead to the same server with the same login. Those with different logins have their
        own; their connections together stay within one cap, and their changes wait for each other.
        """
        ...

    async def close(self, key: str) -> None:
        """Ends the lane's connections; no error where there is none."""
        ...
