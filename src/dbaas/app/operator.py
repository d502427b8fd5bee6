"""The control plane of a Kubernetes cluster: the same controllers as on a laptop, in a process that may have rivals.

Every replica keeps its caches warm and serves webhooks, metrics and health; the one that has the lease works.
"""

from __future__ import annotations

import asyncio
import platform
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

import structlog
from prometheus_client import CollectorRegistry

from dbaas.admission import RuleAdmission
from dbaas.api.resource import Key
from dbaas.app.cluster import Sources, find_cluster_registry, find_kinds
from dbaas.app.definitions import Definitions
from dbaas.app.partition import PartitionedRest
from dbaas.app.tracing import open_traces
from dbaas.contracts.registry import Registry
from dbaas.contracts.rest import Rest
from dbaas.controllers.assembly import build_controllers, instance_waker
from dbaas.controllers.servers import Servers
from dbaas.core.clock import Clock
from dbaas.core.errors import DbaasError
from dbaas.core.fuse import ProcessFuse
from dbaas.core.key_pair import KeyPair
from dbaas.core.memory import set_aside
from dbaas.core.signals import on_stop_signal
from dbaas.kube.access import Access
from dbaas.kube.calling import call_over_http
from dbaas.kube.http import HttpTransport
from dbaas.kube.published import Published
from dbaas.kube.retries import RetryingTransport
from dbaas.kube.verbs import RestClient
from dbaas.lanes.lanes import ServerLanes
from dbaas.lanes.metering import Meter
from dbaas.lanes.metrics import LaneMetrics
from dbaas.manifests.installation import LEASE_NAME, WEBHOOKS
from dbaas.runtime.election import Candidate, Elector, Timing, build_identity
from dbaas.runtime.fencing import LeaderTransport
from dbaas.runtime.health import Health, LeaderMetrics, Problems
from dbaas.runtime.manager import Manager
from dbaas.runtime.metrics import MeteredTransport, Metrics
from dbaas.runtime.operator import Operator, Part
from dbaas.runtime.watchdog import Watchdog
from dbaas.server.identity import MountedIdentity, SharedIdentity
from dbaas.server.metrics import describe_process, serve_metrics
from dbaas.server.webhooks import Webhooks

log = structlog.get_logger(__name__)

LEASE = Key("dbaas-system", LEASE_NAME)
CERTIFICATE = Key("dbaas-system", WEBHOOKS)
USUAL_TIMING = Timing()
CERTIFICATE_SECONDS = 60.0
FIRST_CERTIFICATE_SECONDS = 2.0
MOST_TOLD = 5
FILLED_SECONDS = 60.0


@dataclass(frozen=True)
class WebhookSettings:
    """Where reviews are answered, and whose certificate is shown.

    With `certificates` it is read from that folder. Else it is kept in `secret`, for the Service of that name in the
    same namespace, and the webhook configuration of that name is told whom to believe.
    """

    host: str = ""  # any: a pod's own address is not known before it runs
    port: int = 9443
    certificates: Path | None = None
    secret: Key = CERTIFICATE
    service: str = WEBHOOKS
    configuration: str = "dbaas-system-operator"


@dataclass(frozen=True)
class OperatorSettings:
    """`namespaces` empty: all of them. `lease` None: no other process can be at work.

    `labels`: only objects of our kinds that have these are ours; empty where no other operator shares the cluster.
    `environment` says by OTEL_* whether there are traces.
    """

    access: Access
    namespaces: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    controllers: str = ""
    lease: Key | None = LEASE
    timing: Timing = USUAL_TIMING
    metrics_host: str = ""  # as above
    metrics_port: int = 8080
    webhooks: WebhookSettings | None = field(default_factory=WebhookSettings)
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Serving:
    """What a replica listens on. `webhooks` is 0 where it answers no reviews."""

    identity: str
    metrics: int
    webhooks: int = 0


class Identity(Protocol):
    """Where the certificate of the webhooks comes from."""

    async def keep(self) -> KeyPair: ...


async def run_operator(settings: OperatorSettings, announce: Callable[[Serving], None]) -> None:
    """Until SIGTERM, SIGINT or SIGHUP and what was in work has ended; a second signal ends it at once.

    `announce` is told when it listens, which is before it leads. Raises LeaseLost, PortInUse, UnknownController.
    """
    stop = asyncio.Event()
    on_stop_signal(stop.set)
    async with AsyncExitStack() as parts:
        operator, serving = await _assemble(settings, Sources(), parts)
        announce(serving)
        await operator.run(stop)


async def _assemble(settings: OperatorSettings, sources: Sources, parts: AsyncExitStack) -> tuple[Operator, Serving]:
    """Each part goes to `parts` as soon as it is open: they are closed in reverse order, whatever happens."""
    clock, randomness, registry = sources.clock, sources.randomness, find_cluster_registry()
    collected = CollectorRegistry()
    describe_process(collected)
    identity = build_identity(platform.node(), randomness)
    elector = _build_elector(settings, identity, sources, parts)
    if elector is not None:
        collected.register(LeaderMetrics(elector, "dbaas-operator"))
    metrics = Metrics(collected)
    traces = open_traces(settings.environment, clock)
    parts.push_async_callback(traces.close)
    transport = HttpTransport(settings.access, clock, user_agent="dbaas-operator")
    parts.push_async_callback(transport.close)
    fenced = LeaderTransport(transport, elector) if elector is not None else transport
    patient = MeteredTransport(RetryingTransport(fenced, clock, randomness), metrics)
    rest: Rest = RestClient(traces.transport(patient))
    if settings.labels:
        rest = PartitionedRest(rest, settings.labels, find_kinds(registry))
    manager = Manager(rest, clock, randomness, metrics, elector, settings.namespaces)
    lanes = _open_lanes(manager, sources, traces.meter(LaneMetrics(collected, registry.engines)), parts)
    servers = Servers(manager.client, lanes, versions=manager.version_of, caller=call_over_http(sources.clock))
    admission = RuleAdmission(registry, manager.client.get)
    for controller in build_controllers(manager, servers, registry, sources, admission, collected):
        manager.add(traces.controller(controller))
    if settings.controllers:
        manager.switch(settings.controllers)
    watchdog = Watchdog(clock, collected)
    definitions = Definitions(Published(RestClient(patient)), registry, manager, clock, collected)
    beside: list[tuple[str, Part]] = [("watchdog", watchdog.run), ("definitions", definitions.run)]
    beside.append(("memory", partial(_set_aside_caches, manager, clock)))
    ready: list[Problems] = [partial(_tell_unready, manager)]
    webhooks = await _serve_webhooks(settings, manager, registry, sources, collected, parts)
    if webhooks is not None and settings.webhooks is not None:
        ready.append(webhooks.unready)
        own = RestClient(RetryingTransport(transport, clock, randomness))  # a standby renews certificates too
        keeping = _Keeping(_find_identity(settings.webhooks, own, clock), webhooks, clock)
        beside.append(("webhook certificate", keeping.run))
    health = Health([manager.unhealthy, watchdog.unhealthy], ready)
    face = await serve_metrics(
        collected, health.unhealthy, health.unready, host=settings.metrics_host, port=settings.metrics_port
    )
    parts.push_async_callback(face.close)
    telling = _Telling(health.unready, clock)
    beside.append(("telling", telling.run))
    serving = Serving(identity, face.port, webhooks.port if webhooks is not None else 0)
    return Operator(manager, elector, clock, beside), serving


def _tell_unready(manager: Manager) -> list[str]:
    """With what keeps a cache from being filled: a kind that is not served, or that we may not read."""
    why = {f"{cache.kind.resource} not synced": progress.trouble for cache, progress in manager.reflectors()}
    return [f"{problem}: {why[problem]}" if why.get(problem) else problem for problem in manager.unready()]


async def _set_aside_caches(manager: Manager, clock: Clock) -> None:
    """Once, when all that was there at the start has been looked at, or when that takes long."""
    deadline = clock.monotonic() + FILLED_SECONDS
    while not manager.is_idle and (manager.unready() or clock.monotonic() < deadline):
        await clock.sleep(1.0)
    log.info("caches_set_aside", objects=set_aside())


def _build_elector(
    settings: OperatorSettings, identity: str, sources: Sources, parts: AsyncExitStack
) -> Elector | None:
    """With a way to the API of its own: what waits behind other requests cannot renew in time."""
    if settings.lease is None:
        return None
    way = HttpTransport(settings.access, sources.clock, user_agent="dbaas-operator/leader-election")
    parts.push_async_callback(way.close)
    candidate = Candidate(settings.lease, identity, settings.timing)
    return Elector(RestClient(way), candidate, sources.clock, sources.randomness, ProcessFuse())


def _open_lanes(manager: Manager, sources: Sources, meter: Meter, parts: AsyncExitStack) -> ServerLanes:
    lanes = ServerLanes(
        sources.clock, sources.randomness, meter=meter,
        recovered=instance_waker(manager.enqueue), leadership=manager.leadership,
    )  # fmt: skip
    parts.push_async_callback(lanes.close_all)
    return lanes


async def _serve_webhooks(
    settings: OperatorSettings, manager: Manager, registry: Registry, sources: Sources,
    collected: CollectorRegistry, parts: AsyncExitStack,
) -> Webhooks | None:  # fmt: skip
    """What a rule looks up comes from the caches: a review must not wait for the API that waits for the review."""
    if settings.webhooks is None:
        return None
    webhooks = Webhooks(RuleAdmission(registry, manager.client.get), sources.clock, collected)
    await webhooks.start(settings.webhooks.host, settings.webhooks.port)
    parts.push_async_callback(webhooks.close)
    return webhooks


def _find_identity(settings: WebhookSettings, rest: RestClient, clock: Clock) -> Identity:
    if settings.certificates is not None:
        return MountedIdentity(settings.certificates)
    return SharedIdentity(rest, clock, settings.secret, settings.service, settings.configuration)


class _Keeping:
    """Shows the present certificate, and looks for a newer one every minute."""

    def __init__(self, identity: Identity, webhooks: Webhooks, clock: Clock) -> None:
        self._identity = identity
        self._webhooks = webhooks
        self._clock = clock

    async def run(self) -> None:
        while True:
            try:
                self._webhooks.show(await self._identity.keep())
            except (DbaasError, OSError) as error:
                log.warning("webhook_certificate_not_kept", error=str(error))
            shows = not self._webhooks.unready()
            await self._clock.sleep(CERTIFICATE_SECONDS if shows else FIRST_CERTIFICATE_SECONDS)


class _Telling:
    """Says in the log what this replica waits for, once for each change."""

    def __init__(self, unready: Callable[[], Sequence[str]], clock: Clock) -> None:
        self._unready = unready
        self._clock = clock

    async def run(self) -> None:
        said: list[str] | None = None
        while True:
            waits = list(self._unready())
            if waits and waits != said:
                log.info("waiting_for", what=waits[:MOST_TOLD], more=max(0, len(waits) - MOST_TOLD))
            elif not waits and said != []:
                log.info("ready")
            said = waits
            await self._clock.sleep(1.0)
