"""The light transport against a real HTTP server: the face of the embedded API server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from dbaas.api.core import CONFIG_MAP, NAMESPACE
from dbaas.api.resource import Key
from dbaas.apiserver.http import serve
from dbaas.apiserver.server import ApiServer
from dbaas.contracts.client import Forbidden, NotFound
from dbaas.contracts.rest import Selection
from dbaas.contracts.transport import Request, TransportError
from dbaas.core.clock import LoopClock
from dbaas.core.secrets import Secret
from dbaas.kube.access import Access
from dbaas.kube.light import LightTransport
from dbaas.kube.verbs import RestClient


@pytest_asyncio.fixture
async def address(server: ApiServer) -> AsyncIterator[str]:
    site = await serve(server, "127.0.0.1", 0, Secret("t0ken"))
    yield site.url
    await server.stop()
    await site.stop()


@pytest_asyncio.fixture
async def transport(address: str) -> AsyncIterator[LightTransport]:
    made = LightTransport(Access(address, token=Secret("t0ken")), LoopClock())
    yield made
    await made.close()


def body(name: str, **data: str) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}, "data": data}


async def test_objects_go_there_and_back(transport: LightTransport) -> None:
    rest = RestClient(transport)
    await rest.create(CONFIG_MAP, body("a", text="ü\n" * 100_000))
    found = await rest.get(CONFIG_MAP, Key("default", "a"))
    assert found.body()["data"]["text"] == "ü\n" * 100_000


async def test_connections_are_reused(transport: LightTransport) -> None:
    rest = RestClient(transport)
    for _ in range(5):
        await rest.list(NAMESPACE)
    assert len(transport._idle) == 1


async def test_errors_of_the_server_are_answers(transport: LightTransport) -> None:
    with pytest.raises(NotFound):
        await RestClient(transport).get(CONFIG_MAP, Key("default", "none"))


async def test_changes_are_streamed(transport: LightTransport) -> None:
    rest = RestClient(transport)
    page = await rest.list_page(CONFIG_MAP, Selection("default"))
    watch = rest.watch(CONFIG_MAP, Selection("default"), version=page.version, timeout_seconds=60)
    await rest.create(CONFIG_MAP, body("a"))
    event = await anext(watch)
    await watch.aclose()
    assert event.resource is not None
    assert (event.change, event.resource.metadata.name) == ("ADDED", "a")


async def test_a_wrong_token_is_forbidden(address: str) -> None:
    transport = LightTransport(Access(address, token=Secret("wrong")), LoopClock())
    with pytest.raises(Forbidden):
        await RestClient(transport).list(NAMESPACE)
    await transport.close()


async def test_a_token_is_read_from_its_file(address: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t0ken\n")
    transport = LightTransport(Access(address, token_file=tmp_path / "token"), LoopClock())
    assert await RestClient(transport).list(NAMESPACE)
    await transport.close()


async def test_a_token_file_is_read_again_after_it_was_refused(address: str, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("wrong")
    transport = LightTransport(Access(address, token_file=path), LoopClock())
    assert (await transport.request(Request("GET", "/api/v1/namespaces"))).status == 401
    path.write_text("t0ken")
    assert (await transport.request(Request("GET", "/api/v1/namespaces"))).status == 200
    await transport.close()


async def test_nobody_there_is_told_with_the_address() -> None:
    transport = LightTransport(Access("http://127.0.0.1:1"), LoopClock())
    with pytest.raises(TransportError, match=r"cannot reach http://127\.0\.0\.1:1"):
        await RestClient(transport).list(NAMESPACE)
