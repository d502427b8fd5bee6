"""One HTTP/1.1 connection of the API server: requests in order, each whole before it is answered.

The parser is aiohttp's, in C. The rest of its web server costs about as much as a small write does, since it is made
for more than we need: here one task for each request takes it from its last byte to its answer.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass
from types import coroutine
from typing import Any, cast

from aiohttp.base_protocol import BaseProtocol
from aiohttp.http import HttpProcessingError, HttpRequestParser
from aiohttp.http_exceptions import LineTooLong

from dbaas.apiserver.failures import plain_error, timed_out, too_large
from dbaas.apiserver.incoming import Incoming
from dbaas.apiserver.outlet import Outlet
from dbaas.apiserver.server import BODY_LIMIT
from dbaas.apiserver.verbs import respond_failure
from dbaas.contracts.transport import Request, Response

LINE_LIMIT = 64 * 1024
_TEXT = {"content-type": "text/plain; charset=utf-8"}
_GARBAGE = Response(400, b"400 Bad Request", _TEXT)
_LONG_HEAD = Response(431, b"431 Request Header Fields Too Large", _TEXT)
_BROKEN = respond_failure(plain_error("the server has failed; its log says how"))

Answer = Callable[[Request, str], Coroutine[Any, Any, Response]]
"""The answer to a request whose sender has given this proof of who that is. A stream is closed by who gets it."""


@dataclass(frozen=True)
class Patience:
    """How many seconds a client may take: between two requests, for one to come in, and to read a last refusal."""

    idle: float = 3600.0  # longer than any client keeps one that it does not use
    request: float = 60.0
    lingering: float = 5.0


PATIENCE = Patience()


class _Alarm:
    """Rings once the time that was set last has passed. To put it off costs nothing."""

    def __init__(self, loop: asyncio.AbstractEventLoop, ring: Callable[[], None]) -> None:
        self._loop = loop
        self._ring = ring
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def set(self, seconds: float) -> None:
        self._due = self._loop.time() + seconds
        if self._timer is None or self._timer.when() > self._due:
            self.stop()
            self._timer = self._loop.call_at(self._due, self._look)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        left = self._due - self._loop.time()
        if left > 0:
            self.set(left)
        else:
            self._ring()


class Connection(BaseProtocol):
    """`open_ones` has it from its beginning to its end, which `closed` tells."""

    _outlet: Outlet

    def __init__(self, answer: Answer, open_ones: set[Connection], patience: Patience = PATIENCE) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(loop)
        self._answer = answer
        self._open_ones = open_ones
        self._patience = patience
        self.closed = asyncio.Event()
        self._reader = HttpRequestParser(
            self,
            loop,
            2 * BODY_LIMIT,  # bodies are bounded here, so the parser never has to hold one back
            max_line_size=LINE_LIMIT,
            max_field_size=LINE_LIMIT,
            auto_decompress=False,
        )
        self._waiting: deque[Incoming | Response] = deque()  # a response is the refusal of all that follows
        self._task: asyncio.Task[None] | None = None
        self._alarm = _Alarm(loop, self._expire)
        self._has_begun = False  # to receive what is not whole yet
        self._is_ending = False
        self._is_deaf = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._outlet = Outlet(cast("asyncio.Transport", transport))
        self._open_ones.add(self)
        self._alarm.set(self._patience.request)

    def connection_lost(self, error: BaseException | None) -> None:
        super().connection_lost(error)
        self._open_ones.discard(self)
        self.closed.set()
        self._alarm.stop()
        self._outlet.is_free.set()
        if self._task is not None:
            self._task.cancel()

    def pause_writing(self) -> None:
        self._outlet.is_free.clear()

    def resume_writing(self) -> None:
        self._outlet.is_free.set()

    def pause_reading(self) -> None:
        """Never: see the limit of the parser."""

    def data_received(self, data: bytes) -> None:
        if self._is_deaf:
            return
        try:
            messages, upgraded, _ = self._reader.feed_data(data)
        except HttpProcessingError as error:
            self._is_deaf = True
            self._waiting.append(_LONG_HEAD if isinstance(error, LineTooLong) else _GARBAGE)
        else:
            self._waiting.extend([Incoming(*each) for each in messages])
            self._is_deaf = upgraded  # what follows is no HTTP, and nothing that is spoken here
        if self._task is None:
            self._go_on()
        elif self._waiting and self.transport is not None:
            self.transport.pause_reading()  # who sends ahead waits

    def end(self) -> None:
        """After the request that is being answered; at once where there is none."""
        self._is_ending = True
        if self._task is None and self.transport is not None:
            self.transport.close()

    def abort(self) -> None:
        """Cuts off what is under way."""
        if self.transport is not None:
            self.transport.abort()

    def _go_on(self) -> None:
        """With the next request, once it has come."""
        incoming = self._waiting[0] if self._waiting else None
        if isinstance(incoming, Response):
            self._refuse(incoming)
        elif incoming is not None and incoming.size > BODY_LIMIT:
            self._refuse(respond_failure(too_large(BODY_LIMIT)))
        elif incoming is not None and incoming.is_whole:
            self._waiting.popleft()
            self._has_begun = False
            self._task = self._loop.create_task(self._reply(incoming))
        elif not self._has_begun:
            self._has_begun = True
            self._alarm.set(self._patience.request)
        if isinstance(incoming, Incoming) and incoming.awaits_consent and not self._is_deaf:
            incoming.awaits_consent = False
            self._outlet.consent()

    async def _reply(self, incoming: Incoming) -> None:
        self._is_ending = self._is_ending or incoming.ends_connection
        is_pouring, is_old = False, incoming.is_old
        try:
            if not incoming.only_reads:
                await _next_round()
                if self.transport is None or self.transport.is_closing():
                    return
            response = await self._answer(*incoming.take())
            if response.stream is None:
                self._outlet.send(response, closes=self._is_ending, is_old=is_old, head_only=incoming.wants_head)
            else:
                is_pouring, self._is_ending = True, self._is_ending or is_old
                await self._outlet.pour(response, response.stream, closes=self._is_ending, is_old=is_old)
            if not self._outlet.is_free.is_set():
                await self._outlet.is_free.wait()  # nobody gets more answers ready than are read
        except Exception:
            self._fail(is_pouring=is_pouring)
            raise  # into the log of the loop
        finally:
            self._task = None
        self._settle()

    def _settle(self) -> None:
        if self.transport is None:
            return
        if self._is_ending or (self._is_deaf and not self._waiting):
            self.transport.close()
            return
        self.transport.resume_reading()
        if self._waiting:
            self._go_on()
        else:
            self._alarm.set(self._patience.idle)

    def _fail(self, *, is_pouring: bool) -> None:
        """Nobody may wait for ever, nor take a part for the whole."""
        if is_pouring:
            self.abort()
        else:
            self._outlet.send(_BROKEN, closes=True)
            if self.transport is not None:
                self.transport.close()

    def _refuse(self, response: Response) -> None:
        """The last answer, then deaf: who is still sending must be able to read it before the connection goes."""
        self._is_ending = self._is_deaf = True
        self._waiting.clear()
        self._outlet.send(response, closes=True)
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write_eof()
        self._alarm.set(self._patience.lingering)

    def _expire(self) -> None:
        if self._task is not None:  # then it is the client who waits
            self._alarm.set(self._patience.idle)
        elif self._waiting and not self._is_deaf:
            self._refuse(respond_failure(timed_out()))
        else:
            self.abort()


@coroutine
def _next_round() -> Generator[None, None, None]:
    """After it a connection that has ended is known to have, even where that came together with its last request.

    What comes in while this process stands still is read only when it wakes, and whoever waited for an answer has
    counted on none since: to write that now would surprise everybody.
    """
    yield
