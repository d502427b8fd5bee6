"""A session of the command line on the embedded API server, with our kinds in it, or on a real one."""

from __future__ import annotations

import fcntl
import io
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_asyncio

from dbaas.api.core import EVENT, NAMESPACE, SECRET
from dbaas.api.kinds import DEFINITIONS, LAPTOP_DEFINITIONS
from dbaas.api.resource import Key, Kind
from dbaas.apiserver.http import serve
from dbaas.apiserver.server import ApiServer
from dbaas.cli.session import Session
from dbaas.cli.targets import Target
from dbaas.cli.terminal import Terminal
from dbaas.contracts.client import NotFound
from dbaas.contracts.registry import find_registry
from dbaas.contracts.transport import Request, Response, Transport
from dbaas.core.clock import LoopClock, SystemClock
from dbaas.core.home import Home, Running
from dbaas.core.randomness import SeededRandomness
from dbaas.core.secrets import Secret
from dbaas.kube.access import Access
from dbaas.kube.kubeconfig import load_kubeconfig
from dbaas.kube.light import LightTransport
from dbaas.kube.verbs import RestClient, Writing
from fixtures.definitions import built_crd
from fixtures.grounds import ensure_definitions
from fixtures.prepared import prepared_server

Printed = Callable[[], str]
TEAM = "team"
NAMESPACES = ("default", "kube-public", TEAM)
PATHS = frozenset(each.kind.path() for each in DEFINITIONS if each.kind.namespaced)


@pytest_asyncio.fixture
async def server() -> AsyncIterator[ApiServer]:
    """One that has our kinds."""
    async with open_server() as opened:
        yield opened


@pytest_asyncio.fixture
async def session(request: pytest.FixtureRequest, server: ApiServer) -> AsyncIterator[Session]:
    """On our own server, unless the module of the test asks for a real one as well."""
    if getattr(request, "param", "embedded") == "kube":
        async with open_real_session(request.getfixturevalue("kube_state")) as opened:
            yield opened
    else:
        yield session_on(server)


@asynccontextmanager
async def open_real_session(state: Path) -> AsyncIterator[Session]:
    """On a real kube-apiserver, one at a time: whoever has it may make what it likes, and all of it goes again."""
    access = load_kubeconfig([state / "kubeconfig"]).access()
    transport = LightTransport(access, SystemClock())
    with (state / "session.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        rest = RestClient(transport, Writing("definitions"))
        await ensure_definitions(state, rest, SystemClock(), find_registry())
        try:
            terminal = Terminal(io.StringIO(), io.StringIO())
            parted = _Undisturbed(transport)
            yield Session(Target(f"context {access.context}", access), parted, terminal, SystemClock())
        finally:
            await _clear(rest)
            await transport.close()


@dataclass
class _Undisturbed:
    """What others have in namespaces of their own is left out of lists over all of them."""

    transport: Transport

    async def request(self, request: Request) -> Response:
        response = await self.transport.request(request)
        if request.method != "GET" or request.path not in PATHS or response.stream is not None:
            return response
        body = orjson.loads(response.body)
        for name in body.keys() & {"items", "rows"}:
            body[name] = [e for e in body[name] if e.get("object", e)["metadata"]["namespace"] in NAMESPACES]
        return replace(response, body=orjson.dumps(body))


async def _clear(rest: RestClient) -> None:
    """With a namespace that nobody would remove here, since no controllers run."""
    kinds = [*(definition.kind for definition in DEFINITIONS), SECRET, EVENT]
    for kind in kinds:
        for found in await rest.list(kind):
            if kind.namespaced and found.metadata.namespace not in NAMESPACES:
                continue
            if found.metadata.finalizers:
                await rest.patch(kind, found.key, {"metadata": {"finalizers": []}})
            with suppress(NotFound):  # the last finalizer may have been all that held it
                await rest.delete(kind, found.key)
    with suppress(NotFound):
        await rest.delete(NAMESPACE, Key("", TEAM))
        ended = (await rest.get(NAMESPACE, Key("", TEAM))).body()
        await rest.replace(NAMESPACE, {**ended, "spec": {"finalizers": []}}, subresource="finalize")


def open_server() -> AbstractAsyncContextManager[ApiServer]:
    """One that runs, with our kinds but no engine's blocks in them."""
    bodies = [built_crd(definition, {}) for definition in (*DEFINITIONS, *LAPTOP_DEFINITIONS)]
    return prepared_server(bodies, LoopClock(), SeededRandomness(7))


def session_on(server: ApiServer) -> Session:
    """As on a laptop."""
    terminal = Terminal(io.StringIO(), io.StringIO())
    return Session(Target("laptop", Access("http://127.0.0.1:1")), server, terminal, LoopClock())


@asynccontextmanager
async def open_session() -> AsyncIterator[Session]:
    """A session with a server of its own, for tests on virtual time."""
    async with open_server() as server:
        yield session_on(server)


@pytest_asyncio.fixture
async def laptop_home(session: Session, server: ApiServer, tmp_path: Path) -> AsyncIterator[Home]:
    """The home of a laptop that serves over HTTP what `session` has; commands find it by --home."""
    home = Home(tmp_path / "home")
    home.make(shared=False)
    secret = Secret("t0ken")
    site = await serve(server, "127.0.0.1", 0, secret)
    home.write_kubeconfig(site.url, secret)
    try:
        with home.hold(Running(os.getpid(), "2026-01-01T00:00:00Z", site.url, "http://127.0.0.1:2/metrics")):
            yield home
    finally:
        await site.stop()


@pytest.fixture
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing of the user's own environment counts."""
    for name in ("KUBECONFIG", "DBAAS_HOME"):
        monkeypatch.delenv(name, raising=False)
    yield


@pytest.fixture
def printed(session: Session) -> Printed:
    """What has been written to standard output so far."""
    return lambda: session.terminal.out.getvalue()  # type: ignore[attr-defined]


@pytest.fixture
def remarked(session: Session) -> Printed:
    """What has been written to standard error so far."""
    return lambda: session.terminal.err.getvalue()  # type: ignore[attr-defined]


async def put(session: Session, kind: Kind, name: str, spec: Mapping[str, Any], namespace: str = "default") -> None:
    """Makes or changes an object."""
    metadata = {"name": name, "namespace": namespace}
    body = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, "spec": spec}
    await session.rest.apply(kind, body, force=True)


async def put_status(session: Session, kind: Kind, name: str, ready: str, reason: str, **status: Any) -> None:
    """Says how it is, as its controller would."""
    condition = {
        "type": "Ready", "status": ready, "reason": reason, "message": f"because of {reason}",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    body = {"status": {"observedGeneration": 1, "phase": reason, "conditions": [condition], **status}}
    await session.rest.patch(kind, Key("default", name), body, subresource="status")
