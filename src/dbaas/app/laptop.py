"""The control plane of one machine: embedded API server, controllers and the agent that runs servers, one process."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

from prometheus_client import CollectorRegistry

from dbaas.admission import RuleAdmission
from dbaas.api.core import CUSTOM_RESOURCE_DEFINITION
from dbaas.api.database_engine import DATABASE_ENGINE
from dbaas.api.kinds import LAPTOP_DEFINITIONS
from dbaas.api.resource import Key, Kind, Resource
from dbaas.api.schema import build_crds
from dbaas.apiserver.http import ListenError, Site, serve
from dbaas.apiserver.server import ApiServer
from dbaas.app.cluster import describe_kinds
from dbaas.contracts.client import NotFound
from dbaas.contracts.registry import Registry, find_registry
from dbaas.controllers.assembly import build_controllers, instance_waker
from dbaas.controllers.cluster_names import ClusterNames
from dbaas.controllers.database_engine import builtin_entries
from dbaas.controllers.servers import Servers
from dbaas.core.clock import Clock, SystemClock, format_time
from dbaas.core.home import Home, Running, write_privately
from dbaas.core.logs import set_up_logs
from dbaas.core.offload import ThreadOffload
from dbaas.core.process import LocalProcesses, describe_listener
from dbaas.core.randomness import SystemRandomness, token
from dbaas.core.secrets import Secret
from dbaas.core.signals import on_stop_signal
from dbaas.core.supervise import supervise
from dbaas.kube.calling import call_over_http
from dbaas.kube.verbs import RestClient, Writing
from dbaas.lanes.lanes import ServerLanes
from dbaas.lanes.metrics import LaneMetrics
from dbaas.laptop.agent import Agent
from dbaas.laptop.machine import Machine, server_user
from dbaas.runtime.health import Health
from dbaas.runtime.manager import Manager
from dbaas.runtime.metrics import MeteredTransport, Metrics
from dbaas.runtime.watchdog import Watchdog
from dbaas.server.metrics import describe_process, serve_metrics

HOST = "127.0.0.1"
PORTS = range(6440, 6540)
THREADS = 4
FIRST_LOOK_SECONDS = 15.0
END_SECONDS = 5.0


@dataclass(frozen=True)
class Settings:
    """`port` 0: that of the home, chosen once."""

    home: Home
    port: int = 0
    verbose: bool = False


async def run_laptop(
    settings: Settings, announce: Callable[[Running], None], stopping: Callable[[], None] = lambda: None
) -> None:
    """The control plane of this machine, until SIGTERM, SIGINT or SIGHUP; then controllers, servers, API stop in turn.

    A second signal ends this process at once; servers go on, and the next run finds them. `announce` is told where it
    is when every object has been looked at once. Raises AlreadyRunning, HomeNotUsable, ListenError, StorageError.
    """
    stop = asyncio.Event()
    on_stop_signal(stop.set)
    machine = Machine(
        LocalProcesses(SystemClock()), SystemClock(), SystemRandomness(), ThreadOffload(THREADS, "dbaas"), server_user()
    )
    settings.home.make(shared=machine.user is not None)
    held = Running(os.getpid(), format_time(machine.clock.now()))
    with settings.home.hold(held):
        set_up_logs(settings.home.log, verbose=settings.verbose)
        async with AsyncExitStack() as parts:
            running = await _start(settings, machine, held, parts)
            settings.home.announce(running)
            announce(running)
            await stop.wait()
            stopping()


async def _start(settings: Settings, machine: Machine, held: Running, parts: AsyncExitStack) -> Running:
    """Each part goes to `parts` as soon as it runs: they are stopped in reverse order, whatever happens."""
    home, registry = settings.home, find_registry()

    async def find(kind: Kind, key: Key) -> Resource | None:
        try:
            return await RestClient(server).get(kind, key)
        except NotFound:
            return None

    admission = RuleAdmission(registry, find)
    server: ApiServer = ApiServer(home.database, machine.clock, machine.randomness, machine.offload, admission)
    await server.start()
    site = await _listen(server, settings, machine)
    parts.push_async_callback(site.stop)
    parts.push_async_callback(server.stop)
    await _install_definitions(server, registry)
    collected = CollectorRegistry()
    describe_process(collected)
    metrics = Metrics(collected)
    manager = Manager(RestClient(MeteredTransport(server, metrics)), machine.clock, machine.randomness, metrics)
    meter, recovered = LaneMetrics(collected, registry.engines), instance_waker(manager.enqueue)
    lanes = ServerLanes(machine.clock, machine.randomness, meter=meter, recovered=recovered)
    parts.push_async_callback(lanes.close_all)
    agent = Agent(manager.client, machine, home.path, manager.enqueue)
    parts.push_async_callback(agent.close)
    parts.push_async_callback(agent.stop_all)
    names, caller = ClusterNames(manager.client.get), call_over_http(machine.clock)
    servers = Servers(manager.client, lanes, names, manager.version_of, caller)
    again = admission.asking(manager.client.get)  # what a reconcile acts on is what the caches say
    controllers = build_controllers(manager, servers, registry, machine, again, collected)
    for controller in [agent.controller(), *controllers]:
        manager.add(controller)
    health = _watch_over(manager, machine.clock, collected, parts)
    face = await serve_metrics(collected, health.unhealthy, health.unready)
    parts.push_async_callback(face.close)
    await agent.resume()
    loop = asyncio.create_task(supervise("manager", manager.run, machine.clock))
    parts.push_async_callback(_stop_manager, manager, loop)
    await _look_once(manager, machine.clock)
    return replace(held, endpoint=site.url, metrics=f"http://{HOST}:{face.port}/metrics")


async def _listen(server: ApiServer, settings: Settings, machine: Machine) -> Site:
    """On the home's port; the first time on the first free one, which is then the home's."""
    home = settings.home
    secret = Secret(home.token.read_text() if home.token.exists() else token(machine.randomness))
    known = settings.port or home.read_port()
    for port in [known] if known else [*PORTS, 0]:
        try:
            site = await serve(server, HOST, port, secret, machine.offload)
        except ListenError as error:
            if known:
                text = (
                    f"{error.message}{describe_listener(port)}; end that program, or choose another: dbaas up --port N"
                )
                raise ListenError(text) from error
            continue
        write_privately(home.port, str(site.port))
        home.write_kubeconfig(site.url, secret)
        return site
    raise ListenError(f"no port is free on {HOST}")


async def _install_definitions(server: ApiServer, registry: Registry) -> None:
    rest = RestClient(server, Writing("dbaas-installation"))
    of_the_laptop = [(each, registry.blocks(each.kind.kind)) for each in LAPTOP_DEFINITIONS]
    for body in build_crds([*describe_kinds(registry), *of_the_laptop]):
        await rest.apply(CUSTOM_RESOURCE_DEFINITION, body, force=True)
    for entry in builtin_entries(registry):
        await rest.apply(DATABASE_ENGINE, entry, force=True)


def _watch_over(manager: Manager, clock: Clock, collected: CollectorRegistry, parts: AsyncExitStack) -> Health:
    """With the watchdog running. No election: the lock of the home has decided who acts."""
    watchdog = Watchdog(clock, collected)
    loop = asyncio.create_task(supervise("watchdog", watchdog.run, clock))

    async def end() -> None:
        loop.cancel()
        await asyncio.gather(loop, return_exceptions=True)

    parts.push_async_callback(end)
    return Health([manager.unhealthy, watchdog.unhealthy], [manager.unready])


async def _stop_manager(manager: Manager, loop: asyncio.Task[None]) -> None:
    await manager.stop()
    await asyncio.wait([loop], timeout=END_SECONDS)
    loop.cancel()  # one that fails again and again would never end
    await asyncio.gather(loop, return_exceptions=True)


async def _look_once(manager: Manager, clock: Clock) -> None:
    """Until every object has been looked at once: what an earlier run has said of it may not be true any more."""
    deadline = clock.monotonic() + FIRST_LOOK_SECONDS
    while not manager.is_idle and clock.monotonic() < deadline:
        await clock.sleep(0.02)
