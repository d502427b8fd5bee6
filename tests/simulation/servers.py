"""Database servers that misbehave as real ones do: slow, hung, restarted, refusing, and losing answers.

A server checks the precondition of every statement itself, and a witness hears of each before it takes effect.
"""

from __future__ import annotations

import asyncio
import copy
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from dbaas.contracts.engine import (
    Address,
    EngineError,
    Exists,
    InUse,
    MaySend,
    Missing,
    Retryable,
    Unreachable,
    may_always_send,
)
from dbaas.contracts.statement import Statement
from dbaas.core.clock import Clock
from simulation.engine import ADMIN, HOME, Base, Network, SimulatedServer, SimulatedSession

ANSWER_WITHIN_SECONDS = 30.0
LEAST_SECONDS, MOST_SECONDS = 0.0005, 0.01


class Witness(Protocol):
    """Hears of statements: before they take effect, once they have, and where that is impossible."""

    def about_to(self, server: StormyServer, text: str, database: str) -> None: ...

    def done(self, server: StormyServer, text: str) -> None: ...

    def impossible(self, server: StormyServer, text: str, database: str) -> None: ...


@dataclass
class StormyServer(SimulatedServer):
    """`fails` is how many of the next statements fail, `loses` of how many the answer is lost."""

    name: str = ""
    slowness: float = 1.0
    hung: bool = False
    life: int = 0
    fails: int = 0
    loses: int = 0
    open_sessions: int = 0
    witness: Witness | None = None

    def restart(self) -> None:
        """All connections are lost; what it holds stays."""
        self.life += 1
        self.hung = False

    def wipe(self) -> None:
        """As a new server on an empty disk."""
        self.restart()
        self.password = ""
        self.bases, self.roles, self.privileges = {HOME: Base("root")}, {}, {}

    def perform(self, statements: Sequence[Statement], database: str) -> None:
        """All of them or, where one cannot be done, none."""
        before = copy.deepcopy((self.bases, self.roles, self.privileges))
        try:
            for statement in statements:
                text, place = str(statement.sql), statement.database or database
                assert self.witness is not None, "a server of a simulation is watched"
                self._check_possible(text, place)
                self.witness.about_to(self, text, place)
                self.execute(statement)
                self._cascade(text)
                self.witness.done(self, text)
        except EngineError:
            self.bases, self.roles, self.privileges = before
            raise

    def _check_possible(self, text: str, database: str) -> None:
        verb, what, name = (*text.split(), "", "")[:3]
        there = {"BASE": self.bases, "ROLE": self.roles, "SCHEMA": self.bases[database].schemas}.get(what)
        if there is None:
            return
        problem: EngineError | None = None
        if verb == "CREATE" and name in there:
            problem = Exists(f"{what.lower()} {name!r} exists")
        if verb in ("DROP", "ALTER") and name not in there:
            problem = Missing(f"{what.lower()} {name!r} does not exist")
        if problem is not None:
            assert self.witness is not None
            self.witness.impossible(self, text, database)
            raise problem
        owner = text.rpartition(" OWNER ")[2] if " OWNER " in text else ADMIN
        if owner != ADMIN and owner not in self.roles:
            raise Missing(f"role {owner!r} does not exist")

    def _cascade(self, text: str) -> None:
        if text.startswith("DROP BASE "):
            self.forget_privileges(text.split()[2])

    def forget_privileges(self, base: str) -> None:
        """Privileges on what is in a database go with it."""
        for entries in self.privileges.values():
            entries -= {entry for entry in entries if entry.split()[1].partition(".")[0] == base}


@dataclass
class StormySession(SimulatedSession):
    """One connection of one life of the operator to one life of the server."""

    server: StormyServer
    network: StormyNetwork
    life: int = 0
    closed: bool = False

    async def ask(self, what: str) -> SimulatedServer:
        await self._travel()
        answer = await super().ask(what)
        await self._travel()
        return answer

    async def execute(self, statements: Sequence[Statement], may_send: MaySend = may_always_send) -> None:
        """Where we are cut off before the answer, the server may have got it or not."""
        may_send()
        try:
            await self._travel()
        except asyncio.CancelledError:
            if self.network.random.random() < 0.5 and self.life == self.server.life and not self.server.hung:
                self._perform_unheard(statements)
            raise
        self._perform(statements)
        await self._travel()

    async def close(self) -> None:
        if not self.closed:
            self.closed = True
            self.server.open_sessions -= 1

    def check(self) -> None:
        if self.closed or self.life != self.server.life or not self.network.alive:
            raise Unreachable("connection reset")
        super().check()

    def _perform(self, statements: Sequence[Statement]) -> None:
        self.check()
        if self.server.fails > 0:
            self.server.fails -= 1
            raise self.network.random.choice((
                Retryable("deadlock detected"), InUse("is being accessed"), EngineError("out of memory"),
                Unreachable("connection reset"),
            ))  # fmt: skip
        self.server.perform(statements, self.database)
        if self.server.loses > 0:
            self.server.loses -= 1
            raise Unreachable("connection reset")

    def _perform_unheard(self, statements: Sequence[Statement]) -> None:
        try:
            self.check()
            self.server.perform(statements, self.database)
        except EngineError:
            return

    async def _travel(self) -> None:
        await self.network.travel(self.server)
        self.check()


@dataclass
class StormyNetwork(Network):
    """What one life of the operator sees of the servers; `alive` ends with it."""

    clock: Clock = field(kw_only=True)
    random: random.Random = field(kw_only=True)
    find: Callable[[str, int], StormyServer | None] = field(kw_only=True)
    alive: bool = field(default=True, kw_only=True)
    sessions: list[StormySession] = field(default_factory=list, kw_only=True)

    async def connect(self, address: Address, database: str | None) -> StormySession:
        server = self.find(address.host, address.port)
        if server is None or not self.alive:
            await self.clock.sleep(self.random.uniform(LEAST_SECONDS, MOST_SECONDS))
            raise Unreachable("connection refused")
        await self.travel(server)
        if not self.alive:
            raise Unreachable("connection reset")
        self.servers = {(address.host, address.port): server}
        _, name = self.admit(address, database)
        session = StormySession(server, name, self, server.life)
        server.open_sessions += 1
        self.sessions.append(session)
        return session

    async def travel(self, server: StormyServer) -> None:
        """The time an answer takes. Raises Unreachable where none comes."""
        await self.clock.sleep(self.random.uniform(LEAST_SECONDS, MOST_SECONDS) * server.slowness)
        waited, life = 0.0, server.life
        while server.hung and server.life == life:
            await self.clock.sleep(1.0)
            waited += 1.0
            if waited >= ANSWER_WITHIN_SECONDS:
                raise Unreachable("no answer")

    async def end(self) -> None:
        """A process that ends takes its connections with it."""
        self.alive = False
        for session in self.sessions:
            await session.close()
