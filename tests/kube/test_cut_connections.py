"""Connections that break after any number of bytes in either direction, for every verb, over TLS and without."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from dbaas.api.core import CONFIG_MAP
from dbaas.api.resource import Key
from dbaas.contracts.client import AlreadyExists, NotFound
from dbaas.contracts.rest import Selection
from dbaas.contracts.transport import NotSent, TransportError
from dbaas.core.clock import SystemClock
from dbaas.core.randomness import SystemRandomness
from dbaas.core.secrets import Secret
from dbaas.kube.access import Access
from dbaas.kube.http import HttpTransport
from dbaas.kube.kubeconfig import load_kubeconfig
from dbaas.kube.light import LightTransport
from dbaas.kube.retries import RetryingTransport
from dbaas.kube.verbs import RestClient, Writing
from fixtures.control_plane import Api
from fixtures.proxy import Proxy, open_proxy

# From the first byte to beyond the end of every message, handshakes of TLS among them.
CUTS = (0, 1, 5, 16, 60, 150, 300, 450, 700, 1100, 1700, 2500, 4000)
PATIENCE_SECONDS = 10.0
Transports = HttpTransport | LightTransport
Verb = Callable[[RestClient, Key], Awaitable[object]]

pytestmark = pytest.mark.slow


@dataclass
class Line:
    """A way to an API that can be cut, and one that cannot."""

    proxy: Proxy
    access: Access
    kind: type[Transports]
    sound: RestClient
    namespace: str

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Transports]:
        """With no connection made yet."""
        made = self.kind(self.access, SystemClock())
        try:
            yield made
        finally:
            await made.close()


@pytest.fixture(params=[HttpTransport, LightTransport])
async def line(request: pytest.FixtureRequest, api: Api) -> AsyncIterator[Line]:
    address = urlsplit(api.url)
    assert address.hostname is not None and address.port is not None
    if api.kind == "kube":
        access = load_kubeconfig([request.getfixturevalue("kube_state") / "kubeconfig"]).access()
    else:
        token = api.session.headers["authorization"].removeprefix("Bearer ")
        access = Access(api.url, token=Secret(token))
    straight = HttpTransport(access, SystemClock())
    async with open_proxy(address.hostname, address.port) as proxy:
        moved = address._replace(netloc=f"127.0.0.1:{proxy.port}").geturl()
        yield Line(proxy, replace(access, server=moved), request.param, RestClient(straight), api.namespace)
        await straight.close()


def body(key: Key, value: str) -> dict[str, Any]:
    metadata = {"name": key.name, "namespace": key.namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"value": value}}


async def watch_once(rest: RestClient, key: Key) -> None:
    events = rest.watch(CONFIG_MAP, Selection(key.namespace), version="0", timeout_seconds=5)
    await anext(events)
    await events.aclose()


VERBS: dict[str, Verb] = {
    "get": lambda rest, key: rest.get(CONFIG_MAP, key),
    "list": lambda rest, key: rest.list(CONFIG_MAP, Selection(key.namespace)),
    "watch": watch_once,
    "create": lambda rest, key: rest.create(CONFIG_MAP, body(Key(key.namespace, f"{key.name}-new"), "new")),
    "apply": lambda rest, key: rest.apply(CONFIG_MAP, body(key, "applied"), force=True),
    "patch": lambda rest, key: rest.patch(CONFIG_MAP, key, {"data": {"value": "patched"}}),
    "replace": lambda rest, key: rest.replace(CONFIG_MAP, body(key, "replaced")),
    "delete": lambda rest, key: rest.delete(CONFIG_MAP, key),
}


def cuts() -> Iterator[dict[str, int]]:
    for count in CUTS:
        yield {"sent": count}
        yield {"answered": count}


async def picture(line: Line) -> list[tuple[str, str]]:
    """What is there of ours, past the proxy."""
    found = await line.sound.list(CONFIG_MAP, Selection(line.namespace))
    return [(each.key.name, each.body()["data"]["value"]) for each in found if each.key.name.startswith("it-")]


@pytest.mark.parametrize("verb", VERBS)
async def test_a_cut_is_an_error_of_the_transport_and_says_truly_what_was_not_sent(line: Line, verb: str) -> None:
    broke = 0
    for number, cut in enumerate(cuts()):
        key = Key(line.namespace, f"it-{number}")
        await line.sound.create(CONFIG_MAP, body(key, "old"))
        before = await picture(line)
        line.proxy.cut_after(**cut)
        async with line.open() as transport, asyncio.timeout(PATIENCE_SECONDS):
            try:
                await VERBS[verb](RestClient(transport, Writing("cut")), key)
            except NotSent:
                broke += 1
                assert await picture(line) == before, cut
            except TransportError:
                broke += 1
            else:
                assert verb in ("get", "list", "watch") or await picture(line) != before, cut
    assert broke >= 8, "the cuts must fall into the messages"


@pytest.mark.parametrize("verb", ["get", "list", "apply", "delete"])
async def test_what_may_be_repeated_comes_to_its_end_when_the_line_is_whole_again(line: Line, verb: str) -> None:
    for number, cut in enumerate(cuts()):
        key = Key(line.namespace, f"it-{number}")
        made = await line.sound.create(CONFIG_MAP, body(key, "old"))
        line.proxy.cut_after(**cut)
        async with line.open() as transport, asyncio.timeout(PATIENCE_SECONDS):
            rest = RestClient(RetryingTransport(transport, SystemClock(), SystemRandomness()), Writing("cut"))
            healing = asyncio.get_running_loop().call_later(0.02, line.proxy.heal)
            if verb == "delete":
                with suppress(NotFound):  # the first attempt has done it, and only its answer was lost
                    await rest.delete(CONFIG_MAP, key, uid=made.metadata.uid)
            else:
                await VERBS[verb](rest, key)
            healing.cancel()
        line.proxy.heal()
        there = dict(await picture(line)).get(key.name)
        assert there == {"get": "old", "list": "old", "apply": "applied", "delete": None}[verb]


async def test_a_create_whose_answer_was_lost_is_found_to_be_done(line: Line) -> None:
    """It is not sent again by itself, and whoever sends it again is told."""
    line.proxy.cut_after(answered=2500 if line.access.ca else 20)
    key = Key(line.namespace, "it-once")
    async with line.open() as transport:
        rest = RestClient(RetryingTransport(transport, SystemClock(), SystemRandomness()), Writing("cut"))
        with pytest.raises(TransportError) as caught:
            await rest.create(CONFIG_MAP, body(key, "new"))
        assert not isinstance(caught.value, NotSent)
        line.proxy.heal()
        with pytest.raises(AlreadyExists):
            await rest.create(CONFIG_MAP, body(key, "new"))
