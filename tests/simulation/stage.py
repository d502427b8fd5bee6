"""Everything a history plays on: API server, database servers, an agent that runs clusters, and lives of the operator.

What the user does goes straight to the API; only the operator suffers from the weather.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from dbaas.admission import RuleAdmission
from dbaas.api.core import CONFIG_MAP, CUSTOM_RESOURCE_DEFINITION, NAMESPACE
from dbaas.api.kinds import DEFINITIONS
from dbaas.api.resource import Key, Kind, Resource
from dbaas.apiserver.server import ApiServer
from dbaas.contracts.client import ApiError, NotFound
from dbaas.contracts.registry import Registry
from dbaas.contracts.rest import Selection
from dbaas.contracts.transport import TransportError
from dbaas.core.clock import LoopClock
from dbaas.core.offload import InlineOffload
from dbaas.core.randomness import SeededRandomness
from dbaas.kube.retries import RetryingTransport
from dbaas.kube.verbs import RestClient, Writing
from fixtures.definitions import built_crd
from fixtures.faults import FaultyTransport
from fixtures.storm import CALM, StormyTransport
from simulation.engine import Network, build_engine
from simulation.keepsakes import Keepsakes, leave_legacy
from simulation.lines import Fuse, Line, Trace, Weather
from simulation.lives import Life, Parts, start_life
from simulation.oracle import Oracle
from simulation.provider import BasaltServer, HostedProvider
from simulation.servers import StormyNetwork, StormyServer
from simulation.site import Inside, Site

HISTORY_LIMIT = 40  # changes of a kind that a watch can ask for: soon too few
PORT = 7000


@dataclass
class Stage:
    """`faults` are what tests do to streams and answers by hand, `storm` what happens to them by chance."""

    seed: int
    site: Site
    parts: Parts
    oracle: Oracle
    clock: LoopClock
    chance: random.Random
    faults: FaultyTransport
    storm: StormyTransport
    user: RestClient
    provider: HostedProvider
    servers: dict[str, StormyServer]
    weather: Weather = field(default_factory=Weather)
    fuse: Fuse = field(default_factory=Fuse)
    trace: Trace = field(default_factory=Trace)
    keepsakes: Keepsakes = field(default_factory=Keepsakes)
    downtime: float = 0.0
    life: Life | None = None
    is_ending: bool = False
    lives: int = 0
    _running: dict[str, Resource] = field(default_factory=dict)  # by uid

    async def keep_alive(self) -> None:
        """A dead operator is started again, as any supervisor of processes does."""
        while not self.is_ending:
            life = self.life = self._start()
            await asyncio.wait([life.task])
            if left := await life.end():
                self.oracle.violated(f"an operator that stopped politely has left {left} connections open")
            await self.clock.sleep(self.downtime)

    def crash(self) -> None:
        if self.life is not None:
            self.note("the operator dies")
            self.oracle.disturbed(self.downtime)
            self.life.kill()

    def note(self, text: str) -> None:
        self.trace.add(self.clock.monotonic(), text)

    def calm(self) -> None:
        """No faults any more, and whatever is down comes back."""
        vars(self.weather).update(vars(Weather()))
        self.fuse.left, self.downtime = -1, 0.0
        self.faults.unmute_streams()
        self.storm.weather = CALM
        for server in ("alpha", "beta"):
            found = self.servers[server]
            found.is_down = found.hung = False
            found.fails = found.loses = 0
            found.slowness = 1.0

    def find_server(self, host: str, port: int) -> StormyServer | None:
        """None where nothing listens."""
        server = self.servers.get(host)
        return server if server is not None and not server.is_down and port == PORT else None

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        asyncio.get_running_loop().call_later(seconds, action)

    async def find(self, kind: Kind, key: Key) -> Resource | None:
        try:
            return await self.user.get(kind, key)
        except NotFound:
            return None

    async def run_clusters(self) -> None:
        """The agent: a server runs while its ConfigMap is there; its data goes with it where that says so."""
        while True:
            try:
                await self._follow_clusters()
            except (ApiError, TransportError) as error:
                self.note(f"the agent hears nothing: {error}")
            await self.clock.sleep(1)

    async def _follow_clusters(self) -> None:
        page = await self.user.list_page(CONFIG_MAP, Selection())
        running = {found.metadata.uid: found for found in page.items}
        for uid in self._running.keys() - running.keys():
            self._end_server(self._running.pop(uid))
        for found in page.items:
            self._run_server(found)
        async for event in self.user.watch(CONFIG_MAP, Selection(), version=page.version, timeout_seconds=1e9):
            if event.resource is not None and event.change == "DELETED":
                self._running.pop(event.resource.metadata.uid, None)
                self._end_server(event.resource)
            elif event.resource is not None:
                self._run_server(event.resource)

    def _run_server(self, found: Resource) -> None:
        if "keepsData" in (found.body().get("data") or {}):
            self._running[found.metadata.uid] = found
            host = _host_of(found)
            (self.servers.get(host) or self._add_server(host)).is_down = False

    def _end_server(self, found: Resource) -> None:
        server = self.servers.get(_host_of(found))
        if server is None or "keepsData" not in (found.body().get("data") or {}):
            return
        server.is_down = True
        server.restart()
        if found.body()["data"]["keepsData"] == "false":
            server.wipe()

    def _add_server(self, host: str) -> StormyServer:
        server = self.servers[host] = StormyServer("", host, name=host, witness=self.oracle)
        return server

    def _start(self) -> Life:
        self.lives += 1
        line = Line(self.storm, self.weather, self.fuse, self.trace, self.clock, self.chance)
        network = StormyNetwork(clock=self.clock, random=self.chance, find=self.find_server)
        is_patient = self.seed % 2 == 0
        transport = RetryingTransport(line, self.clock, SeededRandomness(self.seed)) if is_patient else line
        return start_life(line, transport, network, self.provider, self.find, self.parts)


def _host_of(found: Resource) -> str:
    return f"{found.metadata.name}.{found.metadata.namespace}"


@cache
def _definitions() -> tuple[Mapping[str, Any], ...]:
    """The CRDs: they are the same for all seeds."""
    blocks = build_engine(Network()).blocks
    return tuple(
        built_crd(definition, {"basalt": blocks[definition.kind.kind]} if definition.kind.kind in blocks else {})
        for definition in DEFINITIONS
    )


@asynccontextmanager
async def set_stage(seed: int, parts: Parts, *, keeps_store: bool = False) -> AsyncIterator[Stage]:
    """With the operator started. `keeps_store`: in a file, for an API server that is to be started again."""
    with TemporaryDirectory(prefix="simulation-", dir=_fast_folder()) as folder:
        stage = _build_stage(seed, parts, Path(folder) / "store" if keeps_store else None)
        await stage.site.start()
        for body in _definitions():
            await stage.user.create(CUSTOM_RESOURCE_DEFINITION, body)
        await stage.user.create(NAMESPACE, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}})
        loop = asyncio.get_running_loop()
        tasks = [loop.create_task(stage.run_clusters()), loop.create_task(stage.keep_alive())]
        try:
            yield stage
        finally:
            stage.is_ending = True
            stage.crash()
            tasks[0].cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await stage.site.stop()


def _build_stage(seed: int, parts: Parts, path: Path | None) -> Stage:
    clock, chance, randomness = LoopClock(), random.Random(f"chance {seed}"), SeededRandomness(seed)
    provider = HostedProvider()
    engine = build_engine(Network(), BasaltServer())
    registry = Registry({engine.name: engine}, {provider.name: provider}, provider.name)
    stages: list[Stage] = []

    async def find(kind: Kind, key: Key) -> Resource | None:
        return await stages[0].find(kind, key)

    site = Site(
        lambda: ApiServer(path, clock, randomness, InlineOffload(), RuleAdmission(registry, find), HISTORY_LIMIT)
    )
    servers: dict[str, StormyServer] = {}
    user, oracle = RestClient(site, Writing("user")), Oracle(RestClient(Inside(site)), clock, servers)
    faults = FaultyTransport(site)
    storm = StormyTransport(faults, clock, seed)
    stage = Stage(seed, site, parts, oracle, clock, chance, faults, storm, user, provider, servers)
    stages.append(stage)
    for name in ("alpha", "beta"):
        servers[name] = StormyServer("admin", name, name=name, witness=oracle)
        leave_legacy(servers[name])
    servers["alpha-too"] = servers["alpha"]
    oracle.listen(stage.note)
    stage.fuse.burst = stage.crash
    oracle.fuse = stage.fuse
    return stage


def _fast_folder() -> str | None:
    """Memory where the system has a folder in it: durability is not what is tried here."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None
