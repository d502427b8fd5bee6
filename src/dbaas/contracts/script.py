"""What a user wrote to be run once inside a database: as its owner, never as ourselves, with a known end.

An engine makes a login for the time of the run, runs the text with it, and can tell later what became of a run whose
end nobody saw. The text is a secret: it appears in no event, no status, no error.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from dbaas.contracts.statement import Statement
from dbaas.core.secrets import Secret

if TYPE_CHECKING:
    from dbaas.contracts.engine import Address, MaySend, PlanRules, Session

Fate = Literal["applied", "undone", "running", "unknown"]
Began = Callable[[str], Awaitable[None]]
"""Told, before anything of the user's is sent, by which ticket the run can be looked up; empty: it cannot be."""


@dataclass(frozen=True)
class ScriptLogin:
    """Who runs it. The login exists only for the time of the run."""

    username: str
    password: Secret


@dataclass(frozen=True)
class ScriptFrame:
    """The statements around a run. `owner` is whom the text is run as.

    `clean` removes what a crash has left; `before` makes the login, `after` takes it away with all that it has.
    """

    owner: str
    clean: tuple[Statement, ...] = ()
    before: tuple[Statement, ...] = ()
    after: tuple[Statement, ...] = ()


@dataclass(frozen=True)
class ScriptEnd:
    """`executed` statements were successful. `error`: where it stopped and why, without a word of the text.

    `undone`: nothing of it has taken effect.
    """

    executed: int
    error: str = ""
    undone: bool = False


class Scripts(Protocol):
    """An engine's way to run what users wrote. All raise EngineError."""

    def login_name(self, database: str) -> str:
        """Of the login that runs scripts in that database; always the same, so that a crash leaves one at most."""
        ...

    async def frame(self, session: Any, login: ScriptLogin, rules: PlanRules) -> ScriptFrame:
        """Reads, with a session of ours in the database, what the run needs; changes nothing.

        Raises Denied where the owner is an administrator or can become one: then it would not be the owner's text.
        """
        ...

    async def connect(self, address: Address, owner: str) -> Session:
        """Logs in to `address.database` as the login of a run, acting as `owner`, with the owner's usual settings."""
        ...

    async def run(self, session: Any, files: Sequence[Secret], began: Began, may_send: MaySend) -> ScriptEnd:
        """In order, in one transaction where the text allows it; what fails is told, not raised.

        Raises Unreachable where the end was not seen, and what `may_send` raises before anything is made lasting.
        """
        ...

    async def look_up(self, session: Any, ticket: str) -> Fate:
        """What became of a run. `unknown` where the server has forgotten."""
        ...
