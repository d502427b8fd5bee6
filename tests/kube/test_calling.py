"""An instance is asked by HTTP, and what it answers is told where it is no success."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web

from dbaas.contracts.action import Call
from dbaas.core.clock import SystemClock
from dbaas.core.secrets import Secret
from dbaas.kube.calling import call_over_http
from fixtures.laptop import free_port

LOGIN = base64.b64encode(b"dbaas:secret").decode()


@pytest_asyncio.fixture
async def address() -> AsyncIterator[str]:
    """Of an instance that can be restarted, with the right password."""

    async def restart(request: web.Request) -> web.Response:
        if request.headers.get("authorization") != f"Basic {LOGIN}":
            return web.Response(status=401, text="no auth header received")
        asked = await request.json()
        return web.Response(status=200 if asked == {"restart_pending": True} else 503, text="restart conditions")

    app = web.Application()
    app.router.add_post("/restart", restart)
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield f"http://127.0.0.1:{port}"
    await runner.cleanup()


@pytest.mark.parametrize(
    ("body", "password", "told"),
    [
        ({"restart_pending": True}, "secret", ""),
        ({"restart_pending": False}, "secret", "restart conditions"),
        ({"restart_pending": True}, "wrong", "no auth header received"),
    ],
)
async def test_what_it_answers_is_told_unless_it_has_done_that(
    address: str, body: dict[str, bool], password: str, told: str
) -> None:
    call = call_over_http(SystemClock())
    assert await call(Call(f"{address}/restart", body), Secret(password)) == told


async def test_one_that_cannot_be_reached_is_told_of() -> None:
    call = call_over_http(SystemClock())
    assert "cannot reach http://127.0.0.1:" in await call(Call(f"http://127.0.0.1:{free_port()}/x", {}), Secret("s"))
