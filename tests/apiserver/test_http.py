"""The HTTP face: who may come in, how much, and how it ends."""

from __future__ import annotations

import asyncio
import base64
import socket

import aiohttp
import pytest

from dbaas.apiserver.http import ListenError, serve
from dbaas.apiserver.server import BODY_LIMIT, ApiServer
from dbaas.contracts.transport import Request, Response
from dbaas.core.limited_tokens import Realm, derive_token
from dbaas.core.secrets import Secret
from fixtures.control_plane import Api

TOKEN = Secret("letmein")


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


async def status_with(url: str, authorization: str | None, path: str = "/api") -> int:
    headers = {} if authorization is None else {"Authorization": authorization}
    async with aiohttp.ClientSession() as session, session.get(url + path, headers=headers) as response:
        return response.status


async def test_only_the_token_opens(server: ApiServer) -> None:
    site = await serve(server, "127.0.0.1", 0, TOKEN)
    try:
        for refused in (None, "Bearer wrong", "Bearer ", "Basic !!", "Digest letmein", "letmein"):
            assert await status_with(site.url, refused) == 401
        assert await status_with(site.url, "Bearer letmein") == 200
        assert await status_with(site.url, basic("anybody", "letmein")) == 200
        assert await status_with(site.url, basic("letmein", "wrong")) == 401
        assert await status_with(site.url, None, "/readyz") == 200
    finally:
        await site.stop()


async def test_members_of_a_cluster_reach_what_they_agree_through_and_nothing_else(server: ApiServer) -> None:
    site = await serve(server, "127.0.0.1", 0, TOKEN)
    theirs = "/api/v1/namespaces/default/pods?labelSelector=dbaas.io/cluster%3Dmain"
    try:
        bearer = f"Bearer {derive_token(TOKEN, Realm('default', 'main')).reveal()}"
        assert await status_with(site.url, bearer, theirs) == 200
        assert await status_with(site.url, bearer, "/api/v1/namespaces/default/secrets") == 403
        assert await status_with(site.url, bearer) == 403
        of_another = derive_token(Secret("another"), Realm("default", "main")).reveal()
        assert await status_with(site.url, f"Bearer {of_another}", theirs) == 401
    finally:
        await site.stop()


async def test_a_refusal_is_a_status(embedded: Api) -> None:
    answer = await embedded.get("/api", headers={"authorization": "Bearer wrong"})
    assert answer.status == 401
    assert answer.body == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": "Unauthorized",
        "reason": "Unauthorized",
        "code": 401,
    }


async def test_it_listens_on_loopback_only(server: ApiServer) -> None:
    with pytest.raises(ListenError, match="for this machine only"):
        await serve(server, "0.0.0.0", 0, TOKEN)


async def test_a_port_in_use_is_named(server: ApiServer) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ListenError, match=f"cannot listen on 127.0.0.1:{port}: the port is in use"):
            await serve(server, "127.0.0.1", port, TOKEN)


async def test_a_body_that_is_too_large_is_refused(embedded: Api) -> None:
    path = embedded.collection("configmaps")
    answer = await embedded.post(path, b'{"data":"' + b"x" * BODY_LIMIT + b'"}')
    assert answer.status == 413
    assert answer.body["reason"] == "RequestEntityTooLarge"


async def test_an_object_that_is_too_large_is_refused(embedded: Api) -> None:
    annotations = {"data": {f"k{number}": "x" * 400_000 for number in range(2)}}
    path = embedded.collection("configmaps")
    assert (await embedded.post(path, {"metadata": {"name": "fits"}, **annotations})).status == 201
    more = {"data": {f"k{number}": "x" * 400_000 for number in range(3)}}
    assert (await embedded.post(path, {"metadata": {"name": "large"}, **more})).status == 422


async def test_open_watches_do_not_delay_the_stop(server: ApiServer) -> None:
    site = await serve(server, "127.0.0.1", 0, TOKEN)
    async with aiohttp.ClientSession(headers={"Authorization": "Bearer letmein"}) as session:
        url = f"{site.url}/api/v1/namespaces?watch=true"
        async with session.get(url) as response:
            await response.content.readline()
            async with asyncio.timeout(2):
                await server.stop()
                rest = await response.content.read()
                await site.stop()
    assert rest.endswith(b"\n")


@pytest.mark.parametrize("turns", range(6))
async def test_nobody_who_comes_in_the_moment_of_the_stop_stays(server: ApiServer, turns: int) -> None:
    """Between being let in by the kernel and being known to us, a client takes some turns of the loop."""
    site = await serve(server, "127.0.0.1", 0, TOKEN)
    with socket.create_connection((site.host, site.port)) as client:
        client.setblocking(False)
        for _ in range(turns):
            await asyncio.sleep(0)
        await site.stop()
        try:
            async with asyncio.timeout(2):
                assert await asyncio.get_running_loop().sock_recv(client, 1) == b""
        except ConnectionResetError:
            pass


async def test_the_headers_of_a_watch_come_before_its_first_event(embedded: Api) -> None:
    path = embedded.collection("configmaps")
    async with asyncio.timeout(5), embedded.watch(path, timeoutSeconds="60") as watch:
        assert watch.response.status == 200


async def test_a_client_that_goes_away_ends_its_watch(server: ApiServer) -> None:
    site = await serve(server, "127.0.0.1", 0, TOKEN)
    async with aiohttp.ClientSession(headers={"Authorization": "Bearer letmein"}) as session:
        async with session.get(f"{site.url}/api/v1/namespaces?watch=true") as response:
            await response.content.readline()
            assert len(server.watches) == 1
            response.close()
        async with asyncio.timeout(5):
            while len(server.watches):
                await asyncio.sleep(0.01)
    await site.stop()


async def test_names_in_paths_may_be_escaped(embedded: Api) -> None:
    answer = await embedded.get(f"/api/v1/namespaces/{embedded.namespace}/configmaps/with%20space")
    assert answer.status == 404
    assert answer.body["details"]["name"] == "with space"


class Stuck:
    """A server that answers nothing until it is let go."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.waiting = asyncio.Semaphore(0)

    async def request(self, request: Request) -> Response:
        self.waiting.release()
        await self.go.wait()
        return Response(200, b"{}", {"content-type": "application/json"})


async def test_who_comes_when_too_many_are_being_answered_is_told_to_come_back() -> None:
    stuck = Stuck()
    site = await serve(stuck, "127.0.0.1", 0, TOKEN, most_at_once=2)
    async with aiohttp.ClientSession(headers={"Authorization": "Bearer letmein"}) as session:
        first = [asyncio.ensure_future(session.get(site.url + "/api")) for _ in range(2)]
        for _ in first:
            await stuck.waiting.acquire()
        async with session.get(site.url + "/api") as refused:
            assert refused.status == 429
            assert refused.headers["Retry-After"] == "1"
            body = await refused.json()
        assert (body["reason"], body["details"]) == ("TooManyRequests", {"retryAfterSeconds": 1})
        stuck.go.set()
        assert [(await answer).status for answer in first] == [200, 200]
        async with session.get(site.url + "/api") as again:
            assert again.status == 200
    await site.stop()


async def test_a_request_ends_at_its_timeout() -> None:
    site = await serve(Stuck(), "127.0.0.1", 0, TOKEN, most_at_once=1)
    async with aiohttp.ClientSession(headers={"Authorization": "Bearer letmein"}) as session:
        for _ in range(2):
            async with session.get(site.url + "/api?timeout=20ms") as answer:
                assert answer.status == 504
                message = (await answer.json())["message"]
                assert message == "Timeout: request did not complete within the allotted timeout"
    await site.stop()


async def test_open_watches_keep_nobody_out(server: ApiServer) -> None:
    site = await serve(server, "127.0.0.1", 0, TOKEN, most_at_once=1)
    session = aiohttp.ClientSession(headers={"Authorization": "Bearer letmein"})
    async with session, session.get(f"{site.url}/api/v1/namespaces?watch=true") as watch:
        await watch.content.readline()
        assert await status_with(site.url, "Bearer letmein") == 200
    await server.stop()
    await site.stop()
