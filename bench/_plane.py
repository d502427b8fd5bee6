"""A control plane in this process over a server of its own, so that what it sends can be counted.

The objects live in memory. The server's log has every statement that it got.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import re
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from _laptop import DBAAS, MEMORY, ROOT
from dbaas.admission import RuleAdmission
from dbaas.api.core import CUSTOM_RESOURCE_DEFINITION, SECRET
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.kinds import DEFINITIONS, LAPTOP_DEFINITIONS
from dbaas.api.resource import Key, Kind, Resource
from dbaas.api.schema import build_crd
from dbaas.apiserver.http import serve
from dbaas.apiserver.server import ApiServer
from dbaas.cli.session import FIELD_MANAGER
from dbaas.contracts.client import NotFound
from dbaas.contracts.registry import Registry, find_registry
from dbaas.contracts.transport import Request, Response
from dbaas.controllers.assembly import build_controllers, instance_waker
from dbaas.controllers.servers import Servers
from dbaas.core.clock import SystemClock
from dbaas.core.home import Home
from dbaas.core.offload import ThreadOffload
from dbaas.core.randomness import SystemRandomness, token
from dbaas.core.secrets import Secret
from dbaas.kube.verbs import RestClient, Writing
from dbaas.lanes.lanes import ServerLanes
from dbaas.lanes.metering import LaneEvent
from dbaas.runtime.manager import Manager

sys.path.insert(0, str(ROOT / "tests"))

from fixtures.postgres import TestServer, start_server, stop_server

NAME = "dbaas-bench"
CONNECTIONS = 5
LOOK_SECONDS = 0.02
PATIENCE_SECONDS = 900.0
MAIN = Key("default", "main")


@dataclass(frozen=True)
class Sources:
    """Time, chance and threads."""

    clock: SystemClock = field(default_factory=SystemClock)
    randomness: SystemRandomness = field(default_factory=SystemRandomness)


def build_manifest(kind: Kind, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    """An object where the server is."""
    metadata = {"name": name, "namespace": MAIN.namespace}
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, "spec": dict(spec)}


@contextlib.contextmanager
def running_server(version: str = "18") -> Iterator[TestServer]:
    """With its data in memory if possible; gone with all that is in it after the block."""
    parent = MEMORY if MEMORY.is_dir() else Path(tempfile.gettempdir())
    server = start_server(version, Path(tempfile.mkdtemp(prefix="dbaas-bench-", dir=parent)))
    try:
        yield server
    finally:
        stop_server(server)


class CountingTransport:
    """Straight into the embedded server; counts what asks for a change."""

    def __init__(self, server: ApiServer) -> None:
        self.writes = 0
        self.server = server

    async def request(self, request: Request) -> Response:
        self.writes += request.method not in ("GET", "HEAD")
        return await self.server.request(request)


@dataclass
class Plane:
    """`user` writes as `dbaas apply` does. `did` counts the work of lanes: connect, observe, execute."""

    user: RestClient
    registry: Registry
    sources: Sources
    transport: CountingTransport
    database: TestServer
    did: Counter[str] = field(default_factory=Counter)
    collected: CollectorRegistry = field(default_factory=CollectorRegistry)

    def start(self) -> None:
        """The operator, with nothing remembered."""
        sources = self.sources
        self.collected = CollectorRegistry()
        self.manager = Manager(RestClient(self.transport), sources.clock, sources.randomness)
        enqueue = self.manager.enqueue
        self.lanes = ServerLanes(sources.clock, sources.randomness, meter=self._note, recovered=instance_waker(enqueue))
        self.servers = Servers(self.manager.client, self.lanes, versions=self.manager.version_of)
        admission = RuleAdmission(self.registry, self._find)
        for controller in build_controllers(
            self.manager, self.servers, self.registry, sources, admission, self.collected
        ):
            self.manager.add(controller)
        self._task = asyncio.create_task(self.manager.run())

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self.lanes.close_all()

    def log_size(self) -> int:
        """How long the server's log is now."""
        return self._log.stat().st_size

    def statements(self, since: int) -> list[str]:
        """What has been sent under our name since the log was so long, in order."""
        with self._log.open("rb") as log:
            log.seek(since)
            text = log.read().decode(errors="replace")
        marked = re.split(r"^(\S*)\|LOG:  (?:statement|execute <unnamed>): ", text, flags=re.MULTILINE)
        return [said.strip() for name, said in zip(marked[1::2], marked[2::2], strict=True) if name == NAME]

    async def make(self, kind: Kind, name: str, spec: Mapping[str, Any]) -> None:
        await self.user.apply(kind, build_manifest(kind, name, spec))

    async def until_idle(self, kinds: Mapping[Kind, int]) -> None:
        """Until so many of each kind are Ready and nothing is left to do."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not (self.manager.is_idle and await self._are_ready(kinds)):
                await self.sources.clock.sleep(0.5)

    async def until_passed(self) -> None:
        """Until the next drift pass of the control plane itself has ended."""
        before = self._passes
        async with asyncio.timeout(PATIENCE_SECONDS):
            while self._passes == before:
                await self.sources.clock.sleep(LOOK_SECONDS)

    @property
    def _log(self) -> Path:
        return Path(self.database.folder) / "log"

    @property
    def _passes(self) -> float:
        return self.collected.get_sample_value("dbaas_drift_pass_seconds_count") or 0.0

    async def _are_ready(self, kinds: Mapping[Kind, int]) -> bool:
        for kind, count in kinds.items():
            found = await self.manager.client.list(kind)
            if sum(map(is_ready, found)) < count:
                return False
        return True

    async def _find(self, kind: Kind, key: Key) -> Resource | None:
        try:
            return await self.user.get(kind, key)
        except NotFound:
            return None

    def _note(self, event: LaneEvent) -> None:
        self.did[event.work] += 1


def is_ready(resource: Resource) -> bool:
    """Whether its condition Ready is True."""
    conditions = resource.status.get("conditions", ())
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


@contextlib.asynccontextmanager
async def serving(plane: Plane, folder: Path) -> AsyncIterator[Callable[..., Awaitable[str]]]:
    """The API of the plane by HTTP, for commands: each answers what it prints. `folder` is for the login."""
    secret, home = Secret(token(plane.sources.randomness)), Home(folder)
    site = await serve(plane.transport.server, "127.0.0.1", 0, secret)
    home.write_kubeconfig(site.url, secret)

    async def dbaas(*arguments: str) -> str:
        command = [DBAAS, *arguments, "--kubeconfig", str(home.kubeconfig)]
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        said, _ = await process.communicate()
        if process.returncode:
            raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
        return said.decode()

    try:
        yield dbaas
    finally:
        await site.stop()


@contextlib.asynccontextmanager
async def open_plane(database: TestServer) -> AsyncIterator[Plane]:
    """Started, with that server as DatabaseInstance `main`."""
    registry, sources = find_registry(), Sources()
    threads = ThreadOffload(1, "bench")
    server = ApiServer(None, sources.clock, sources.randomness, threads)
    await server.start()
    user = RestClient(server, Writing(FIELD_MANAGER))
    for definition in (*DEFINITIONS, *LAPTOP_DEFINITIONS):
        await user.create(CUSTOM_RESOURCE_DEFINITION, build_crd(definition, registry.blocks(definition.kind.kind)))
    for foreign in registry.foreign_kinds():
        await user.create(CUSTOM_RESOURCE_DEFINITION, build_crd(foreign.definition, {}))
    plane = Plane(user, registry, sources, CountingTransport(server), database)
    plane.start()
    try:
        await _introduce(plane)
        yield plane
    finally:
        await plane.stop()
        await server.stop()
        threads.close()


async def _introduce(plane: Plane) -> None:
    address = plane.database.address
    values = {"username": address.username, "password": address.password.reveal()}
    data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    metadata = {"name": "main-admin", "namespace": MAIN.namespace}
    await plane.user.create(SECRET, {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data})
    connection = {"host": address.host, "port": address.port, "secretRef": {"name": "main-admin"}}
    options = {"sslMode": "disable", "applicationName": NAME}
    spec = {"engine": "postgres", "connection": connection, "postgres": options, "maxConnections": CONNECTIONS}
    await plane.make(DATABASE_INSTANCE, MAIN.name, spec)
