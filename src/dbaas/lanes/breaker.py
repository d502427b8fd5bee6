"""A circuit breaker: while a server does not answer, requests fail at once and only a probe knocks now and then."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from dbaas.contracts.engine import EngineError, LoginRefused, Unreachable
from dbaas.core.clock import Clock
from dbaas.core.randomness import Randomness
from dbaas.core.supervise import supervise

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0


class Breaker:
    """Open after a failed connection, closed again by the first probe that succeeds.

    `probe` connects once and raises EngineError. Pauses double and are jittered, so that many lanes to one machine do
    not knock together. A refused login opens it as well: knocking with a wrong password may lock the account.
    """

    def __init__(
        self, probe: Callable[[], Awaitable[None]], clock: Clock, randomness: Randomness,
        changed: Callable[[EngineError | None], None],
    ) -> None:  # fmt: skip
        self._probe = probe
        self._clock = clock
        self._randomness = randomness
        self._changed = changed
        self._failure: EngineError | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def is_open(self) -> bool:
        return self._failure is not None

    def check(self) -> None:
        """Raises what the last attempt to connect raised, while the circuit is open."""
        if self._failure is not None:
            raise type(self._failure)(self._failure.message, reason=self._failure.reason) from self._failure

    def trip(self, failure: EngineError) -> None:
        """Opens the circuit; `failure` is what requests are told from now on."""
        was_open = self.is_open
        self._failure = failure
        if not was_open:
            self._changed(failure)
            loop = asyncio.get_running_loop()
            self._task = loop.create_task(supervise("lane-probe", self._knock, self._clock))

    def close(self) -> None:
        """Ends the probing; the circuit stays as it is."""
        if self._task is not None:
            self._task.cancel()

    async def _knock(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while self._failure is not None:
            await self._clock.sleep(self._randomness.uniform(pause / 2, pause))
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            try:
                await self._probe()
            except (Unreachable, LoginRefused) as failure:
                self._failure = failure
            except EngineError:
                self._mend()  # the server is there and answered: what is wrong is told to those who ask
            else:
                self._mend()

    def _mend(self) -> None:
        self._failure = None
        self._changed(None)
