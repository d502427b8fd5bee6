"""Admission over HTTPS: the API server of a cluster asks here what our rules say of a write.

On every replica, whoever leads: a rule needs no leader. The certificate may be changed while we serve, what shakes
hands from then on sees the new one.
"""

from __future__ import annotations

import asyncio
import errno
import ssl
from collections.abc import Awaitable, Callable

import orjson
import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry, Histogram

from dbaas.contracts.admission import Admission, Verdict
from dbaas.core.clock import Clock
from dbaas.core.errors import DbaasError
from dbaas.core.key_pair import KeyPair, load_key_pair
from dbaas.server.metrics import PortInUse
from dbaas.server.reviews import NotAReview, build_answer, read_review

log = structlog.get_logger(__name__)

PATH = "/validate"
LARGEST_BYTES = 8 * 2**20  # old and new object, each of at most 3 MiB (etcd's limit with room for the review)
ANSWER_SECONDS = 4.0  # the API server waits 5: who looks longer than this had better be told why


class Webhooks:
    """Listens from `start` until `close`."""

    def __init__(self, admission: Admission, clock: Clock, registry: CollectorRegistry) -> None:
        self._admission = admission
        self._clock = clock
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.minimum_version = ssl.TLSVersion.TLSv1_2
        self._shown: KeyPair | None = None
        self._runner: web.AppRunner | None = None
        self._took = Histogram(
            "dbaas_webhook_duration_seconds", "Time to answer a review.", ("kind", "verdict"), registry=registry,
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5),
        )  # fmt: skip

    @property
    def port(self) -> int:
        assert self._runner is not None
        return int(self._runner.addresses[0][1])

    def unready(self) -> list[str]:
        """Why not to count on us yet."""
        if self._shown is None:
            return ["the webhooks have no certificate"]
        return [] if self._runner is not None else ["the webhooks do not listen"]

    def show(self, pair: KeyPair) -> None:
        """To whom shakes hands from now on. Raises ssl.SSLError where the pair does not belong together."""
        if pair == self._shown:
            return
        load_key_pair(self._tls, pair)
        self._shown = pair

    async def start(self, host: str, port: int) -> None:
        """Port 0 takes a free one, an empty host all addresses. Raises PortInUse."""
        app = web.Application(client_max_size=LARGEST_BYTES)
        app.router.add_post(PATH, self._answer())
        runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=ANSWER_SECONDS)
        await runner.setup()
        try:
            await web.TCPSite(runner, host or None, port, ssl_context=self._tls).start()
        except OSError as error:
            await runner.cleanup()
            if error.errno != errno.EADDRINUSE:
                raise
            raise PortInUse(f"cannot serve webhooks on {host}:{port}: the port is in use") from error
        self._runner = runner

    async def close(self) -> None:
        """After the reviews in work are answered."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def _answer(self) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def answer(request: web.Request) -> web.Response:
            try:
                return await self._review(await request.read())
            except NotAReview as error:
                return web.Response(status=400, text=str(error))

        return answer

    async def _review(self, body: bytes) -> web.Response:
        asked, began = read_review(body), self._clock.monotonic()
        verdict = Verdict()
        if asked.review is not None:
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    verdict = await self._admission.review(asked.review)
            except (DbaasError, TimeoutError) as error:
                why = str(error) or f"the rules took longer than {ANSWER_SECONDS:g} s"
                log.warning("review_failed", kind=asked.review.kind, error=why)
                self._count(asked.review.kind, "failed", began)
                return web.Response(status=503, text=f"cannot review {asked.review.kind}: {why}")
            self._count(asked.review.kind, "refused" if verdict.violations else "allowed", began)
        answer = build_answer(asked.uid, asked.review, verdict)
        return web.Response(body=orjson.dumps(answer), content_type="application/json")

    def _count(self, kind: str, verdict: str, began: float) -> None:
        self._took.labels(kind, verdict).observe(self._clock.monotonic() - began)
