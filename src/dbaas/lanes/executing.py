"""Sends statements to one server: in their order, under their locks, tried again where that may help."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext

from dbaas.contracts.engine import EngineError, MaySend, Retryable, Session, Unreachable
from dbaas.contracts.lane import Taking
from dbaas.lanes.dialling import Surroundings
from dbaas.lanes.grouping import Group, join_groups
from dbaas.lanes.metering import Work
from dbaas.lanes.pool import Pool

ATTEMPTS = 8
FIRST_RETRY_SECONDS = 0.02
LONGEST_RETRY_SECONDS = 1.0
Meter = Callable[[Work, float, int, str], None]


class Executor:
    """`linger` is for how many seconds a connection to a database is kept for it after it was written to."""

    def __init__(
        self, pool: Pool, linger: Callable[[str], float], may_send: MaySend, meter: Meter, surroundings: Surroundings
    ) -> None:
        self._pool = pool
        self._linger = linger
        self._may_send = may_send
        self._meter = meter
        self._clock = surroundings.clock
        self._randomness = surroundings.randomness

    async def run(self, groups: Iterable[Group], taking: Taking | None = None) -> None:
        """Locks are taken before a connection, so that whoever waits for a lock holds none."""
        for neighbours in join_groups(groups):
            locks = frozenset[str]().union(*(group.locks for group in neighbours))
            async with self._pool.shared.locks.hold(locks):
                await self._execute_groups(neighbours, taking)

    async def _execute_groups(self, groups: Sequence[Group], taking: Taking | None) -> None:
        """What is done stays done; from there it is tried again where that may help."""
        left = deque(groups)
        attempts, pause = 0, FIRST_RETRY_SECONDS
        while left:
            before = len(left)
            try:
                await self._execute_on_one(left, taking)
            except Retryable:
                attempts = 1 if len(left) < before else attempts + 1
                if attempts == ATTEMPTS:
                    raise
                await self._clock.sleep(self._randomness.uniform(pause / 2, pause))
                pause = min(pause * 2, LONGEST_RETRY_SECONDS)

    async def _execute_on_one(self, left: deque[Group], taking: Taking | None) -> None:
        """On one connection, for as long as it goes well. What takes long waits for few others like it, then for none:
        the server always has something to do, and short changes find a connection."""
        for database in {database for group in left for database in group.vacated}:
            await self._pool.close_idle(database)
        linger = self._linger(left[0].database)
        is_long = any(group.is_long for group in left)
        turn = self._pool.shared.gate.passed() if is_long else nullcontext()
        try:
            async with turn, self._pool.lease(left[0].database, urgent=is_long, linger=linger) as session:
                while left:
                    async with self._pool.shared.takings.confirmed(taking):
                        await self._execute_once(session, left[0])
                    left.popleft()
        except Unreachable:
            await self._pool.close_idle()  # what broke this connection has probably broken the idle ones too
            raise

    async def _execute_once(self, session: Session, group: Group) -> None:
        began = self._clock.monotonic()
        failure = ""
        try:
            self._may_send()  # engines that send more than once ask again
            await session.execute(group.statements, self._may_send)
        except EngineError as error:
            failure = error.reason
            raise
        finally:
            self._meter("execute", began, len(group.statements), failure)
