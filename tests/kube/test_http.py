"""Tests of `kube.http` against small servers on loopback."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from dbaas.contracts.transport import NotSent, Request, TransportError
from dbaas.core.clock import SystemClock
from dbaas.core.secrets import Secret
from dbaas.kube.access import Access
from dbaas.kube.http import HttpTransport

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
WATCH = Request("GET", "/stream", {"watch": "true"})


@asynccontextmanager
async def _serving(answer: Answer, **access: object) -> AsyncIterator[HttpTransport]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    transport = HttpTransport(Access(f"http://127.0.0.1:{port}", **access), SystemClock())  # type: ignore[arg-type]
    try:
        yield transport
    finally:
        await transport.close()
        await runner.cleanup()


async def test_requests_and_answers_arrive_as_they_are() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        parts = [request.method, request.path, request.query["labelSelector"], request.headers["content-type"]]
        body = "|".join(parts).encode() + b"|" + await request.read()
        return web.Response(status=202, body=body, headers=[("Warning", "one"), ("Warning", "two")])

    async with _serving(answer) as transport:
        query, headers = {"labelSelector": "a in (b,c),d=e"}, {"content-type": "application/json"}
        response = await transport.request(Request("PUT", "/apis/x", query, headers, b"{}"))
        assert response.body == b"PUT|/apis/x|a in (b,c),d=e|application/json|{}"
        assert (response.status, response.headers["warning"]) == (202, "one, two")


async def test_connections_are_kept_and_used_again() -> None:
    ports: set[object] = set()

    async def answer(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        ports.add(request.transport.get_extra_info("peername"))
        return web.Response()

    async with _serving(answer) as transport:
        for _ in range(5):
            await transport.request(Request("GET", "/x"))
    assert len(ports) == 1


async def test_a_stream_comes_in_whole_lines() -> None:
    pieces = [b'{"a":', b"1}\n", b'{"b":2}\n{"c"', b":3}\n", b"cut off"]

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece)
            await asyncio.sleep(0)
        return response

    async with _serving(answer) as transport:
        response = await transport.request(WATCH)
        assert response.stream is not None
        got = [piece async for piece in response.stream]
        assert all(piece.endswith(b"\n") for piece in got)
        assert b"".join(got) == b'{"a":1}\n{"b":2}\n{"c":3}\n'


async def test_a_line_of_megabytes_passes() -> None:
    line = b"x" * 3_000_000 + b"\n"

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(body=line)

    async with _serving(answer) as transport:
        response = await transport.request(WATCH)
        assert response.stream is not None
        assert [len(piece) async for piece in response.stream] == [len(line)]


async def test_a_stream_that_is_closed_frees_the_server() -> None:
    gone = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"{}\n")
        try:
            while True:
                await response.write(b"{}\n")
                await asyncio.wait({asyncio.ensure_future(gone.wait())}, timeout=0.01)
        except ConnectionError:
            gone.set()
        return response

    async with _serving(answer) as transport:
        response = await transport.request(WATCH)
        assert response.stream is not None
        await anext(response.stream)
        await response.stream.aclose()  # type: ignore[attr-defined]
        async with asyncio.timeout(5):
            await gone.wait()


@pytest.mark.parametrize("streams", [False, True])
async def test_a_server_that_says_nothing_is_left_after_a_time(streams: bool) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        if streams:
            response = web.StreamResponse()
            await response.prepare(request)
        await asyncio.Event().wait()
        raise AssertionError("never reached")

    async with _serving(answer) as transport:
        query = {"watch": "true"} if streams else {}
        with pytest.raises(TransportError, match=r"too long|[Tt]imeout"):
            response = await transport.request(Request("GET", "/x", query, timeout_seconds=0.1))
            assert response.stream is not None
            await anext(response.stream)


async def test_a_connection_that_breaks_is_told_from_one_that_was_never_made() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    async with _serving(answer) as transport:
        with pytest.raises(TransportError) as caught:
            await transport.request(Request("POST", "/x"))
        assert not isinstance(caught.value, NotSent)
    nobody = HttpTransport(Access("http://127.0.0.1:1"), SystemClock())
    with pytest.raises(NotSent, match=r"cannot reach http://127\.0\.0\.1:1"):
        await nobody.request(Request("POST", "/x"))
    await nobody.close()


async def _echo_authorization(request: web.Request) -> web.StreamResponse:
    authorization = request.headers.get("authorization", "")
    return web.Response(status=401 if authorization.endswith("old") else 200, text=authorization)


async def test_a_token_is_sent_and_never_shown() -> None:
    async with _serving(_echo_authorization, token=Secret("t0ken")) as transport:
        assert (await transport.request(Request("GET", "/x"))).body == b"Bearer t0ken"
        assert "t0ken" not in repr(vars(transport))


async def test_a_token_file_is_read_again_after_it_was_refused(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("old\n")
    async with _serving(_echo_authorization, token_file=path) as transport:
        assert (await transport.request(Request("GET", "/x"))).status == 401
        path.write_text("new\n")
        assert (await transport.request(Request("GET", "/x"))).body == b"Bearer new"


async def test_a_token_file_that_is_missing_is_a_clear_error(tmp_path: Path) -> None:
    async with _serving(_echo_authorization, token_file=tmp_path / "none") as transport:
        with pytest.raises(NotSent, match="cannot read the token file"):
            await transport.request(Request("GET", "/x"))


async def test_only_so_many_requests_run_at_a_time_and_streams_do_not_count() -> None:
    running, most, release = 0, 0, asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        nonlocal running, most
        if request.path == "/stream":
            response = web.StreamResponse()
            await response.prepare(request)
            await release.wait()
            return response
        running += 1
        most = max(most, running)
        if running == 32:
            release.set()
        await release.wait()
        running -= 1
        return web.Response()

    async with _serving(answer) as transport:
        streams = [await transport.request(WATCH) for _ in range(40)]
        await asyncio.gather(*(transport.request(Request("GET", "/x")) for _ in range(100)))
        assert most == 32
        for response in streams:
            assert response.stream is not None
            await response.stream.aclose()  # type: ignore[attr-defined]


def test_importing_the_package_does_not_import_aiohttp() -> None:
    modules = "dbaas.kube.http, dbaas.kube.verbs, dbaas.kube.retries"
    code = f"import sys, {modules}; print('aiohttp' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
