"""What a catalogue declares, to be run on request by the administrator: statements with holes for typed values.

An engine checks such a text, puts the values in, and runs one statement in a session that has a name: by that name a
later life of ours finds and ends what an earlier one has left on the server.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from dbaas.api.database_engine import ParameterType
from dbaas.contracts.statement import Composed

if TYPE_CHECKING:
    from dbaas.contracts.engine import Address, MaySend, Session

HOLE = re.compile(r"\$\(([A-Za-z][A-Za-z0-9_]*)\)")
"""Where a parameter stands."""


@dataclass(frozen=True)
class Value:
    """What is given for a parameter: text for an Identifier or a String, a number, or a truth value."""

    type: ParameterType
    value: str | int | bool


@dataclass(frozen=True)
class Frame:
    """The session of one statement: its name on the server, and after how many seconds the server itself gives up."""

    name: str
    seconds: float
    lock_seconds: float


class CustomStatements(Protocol):
    """An engine's way to run what a DatabaseEngine declares. The first four are pure."""

    def find_holes(self, sql: str) -> frozenset[str]:
        """The names of the parameters that stand in it."""
        ...

    def check(self, sql: str) -> Sequence[str]:
        """Each reason why that text can never be run, as a sentence that says what to do."""
        ...

    def check_value(self, value: Value) -> str:
        """Why the server could never take it; empty where it may."""
        ...

    def compose(self, sql: str, values: Mapping[str, Value]) -> Composed:
        """A text that has passed `check`, with values for all its holes that have passed `check_value`."""
        ...

    async def connect(self, address: Address, database: str | None, frame: Frame) -> Session:
        """Logs in, and sends nothing. The server ends the session soon after we are gone. Raises EngineError."""
        ...

    async def run(self, session: Any, statement: Any, may_send: MaySend) -> str:
        """Sends one that `compose` has made. What the server says that it has done (its command tag); rows are thrown
        away as they come.

        Cancelled, it ends the statement on the server. Raises Unreachable where the end was not seen, and any other
        EngineError where the server has refused it: told without the statement and without the values.
        """
        ...

    async def end(self, session: Any, name: str) -> bool:
        """With a session of ours: ends others of that name. Whether there was one. Raises EngineError."""
        ...
