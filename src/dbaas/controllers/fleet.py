"""How servers and what is inside them are, read from the caches whenever somebody scrapes.

Servers and clusters are named, since there are hundreds; what is inside them is counted by namespace, since there are
tens of thousands, but for the largest databases.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from heapq import nlargest
from sys import intern
from typing import Any, NamedTuple, Protocol

import msgspec
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.database import DATABASE
from dbaas.api.instance import INSTANCE_KINDS
from dbaas.api.resource import Key, Kind, Resource

LARGEST = 100
UNKNOWN = "Unknown"


class Fleet(Protocol):
    """The objects of one kind."""

    @property
    def kind(self) -> Kind: ...

    @property
    def objects(self) -> Iterable[Resource]: ...


class _Condition(msgspec.Struct):
    type: str = ""
    status: str = ""


class _Drift(msgspec.Struct):
    detected: bool = False


class _Inside(msgspec.Struct, rename="camel"):
    """`status.database`, of which a Database and a DatabaseCluster each have their own fields."""

    size_bytes: int | None = None
    instances: int = 0
    ready_instances: int = 0


class _Found(msgspec.Struct):
    adopted: bool = False


class _Status(msgspec.Struct, rename="camel"):
    phase: str | None = None
    version: str | None = None
    current_version: str | None = None
    conditions: list[_Condition] | None = None
    drift: _Drift | None = None
    database: _Inside | None = None
    discovered_resources: dict[str, list[_Found] | str] | None = None


class _Name(msgspec.Struct):
    name: str = ""
    namespace: str = ""


class _Spec(msgspec.Struct, rename="camel"):
    engine: Any = None
    instance_ref: _Name | None = None
    cluster_instance_ref: _Name | None = None


class _Object(msgspec.Struct):
    spec: _Spec | None = None
    status: _Status | None = None


_OBJECT = msgspec.json.Decoder(_Object)


class State(NamedTuple):
    """What is kept of an object until it changes: the less the better, there are tens of thousands.

    `body` only of servers and clusters; `server` only of a database whose size is known.
    """

    phase: str = UNKNOWN
    drifted: bool = False
    size_bytes: int | None = None
    server: Key | None = None
    body: _Object | None = None


@dataclass
class _Tally:
    """What one scrape has counted."""

    phases: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    drifted: Counter[tuple[str, str]] = field(default_factory=Counter)
    servers: dict[Key, _Object] = field(default_factory=dict)
    clusters: dict[Key, _Object] = field(default_factory=dict)
    sizes: dict[Key, tuple[int, Key]] = field(default_factory=dict)


class FleetStates(Collector):
    """`fleets` answers with the caches of all kinds that have a controller; those of the core group are not told of."""

    def __init__(self, fleets: Callable[[], Iterable[Fleet]]) -> None:
        self._fleets = fleets
        self._known: dict[Kind, dict[str, tuple[Resource, State]]] = {}  # by uid

    def collect(self) -> Iterator[Metric]:
        tally = _Tally()
        for fleet in self._fleets():
            if fleet.kind.group:
                self._count(fleet, tally)
        yield _gauge("dbaas_resource_count", "Objects by phase.", ("kind", "phase", "namespace"), tally.phases.items())
        yield _gauge(
            "dbaas_drift_detected", "Objects that differ from what they stand for.", ("kind", "namespace"),
            tally.drifted.items(),
        )  # fmt: skip
        yield from _tell_servers(tally.servers)
        yield from _tell_clusters(tally.clusters)
        yield from _tell_sizes(tally)

    def _count(self, fleet: Fleet, tally: _Tally) -> None:
        """The cache has the same object until it changes."""
        kind, known, fresh = fleet.kind, self._known.get(fleet.kind, {}), dict[str, tuple[Resource, State]]()
        phases: dict[tuple[str, str], int] = {}
        for resource in fleet.objects:
            metadata = resource.metadata
            before = known.get(metadata.uid)
            if before is None or before[0] is not resource:
                before = (resource, read_state(resource))
            fresh[metadata.uid] = before
            state = before[1]
            place = (state.phase, metadata.namespace)
            phases[place] = phases.get(place, 0) + 1
            if state.drifted:
                tally.drifted[kind.resource, metadata.namespace] += 1
            if state.server is not None and state.size_bytes is not None:
                tally.sizes[resource.key] = state.size_bytes, state.server
            elif state.body is not None:
                (tally.servers if kind in INSTANCE_KINDS else tally.clusters)[resource.key] = state.body
        tally.phases.update({(kind.resource, *place): count for place, count in phases.items()})
        self._known[kind] = fresh


def read_state(resource: Resource) -> State:
    """What cannot be read is Unknown: a scrape tells of everything else all the same."""
    try:
        body = _OBJECT.decode(resource.raw)
    except msgspec.DecodeError:
        return State()
    status = body.status or _Status()
    drifted = status.drift is not None and status.drift.detected
    state = State(intern(status.phase or UNKNOWN), drifted)
    if resource.kind in (*INSTANCE_KINDS, DATABASE_CLUSTER):
        return state._replace(body=body)
    size = status.database.size_bytes if status.database is not None and resource.kind == DATABASE else None
    return state if size is None else state._replace(size_bytes=size, server=_server_of(resource, body.spec or _Spec()))


def _tell_servers(servers: Mapping[Key, _Object]) -> Iterator[Metric]:
    where = ("namespace", "server")
    healthy = _gauge(
        "dbaas_instance_healthy", "1 where a server answers, is well and lets us in.", (*where, "engine"),
        (((*key, _engine(body)), float(_is_healthy(body))) for key, body in servers.items()),
    )  # fmt: skip
    info = _gauge(
        "dbaas_instance_info", "1; what a server is.", (*where, "engine", "version"),
        (((*key, _engine(body), (body.status or _Status()).version or ""), 1.0) for key, body in servers.items()),
    )  # fmt: skip
    orphans = _gauge(
        "dbaas_discovered_orphans", "What there is on a server and no object stands for, where discovery is on.",
        (*where, "sort"),
        (((*key, sort), count) for key, body in servers.items() for sort, count in _orphans(body)),
    )  # fmt: skip
    yield from (healthy, info, orphans)


def _tell_clusters(clusters: Mapping[Key, _Object]) -> Iterator[Metric]:
    where, inside = ("namespace", "cluster"), {key: _inside(body) for key, body in clusters.items()}
    yield _gauge(
        "dbaas_cluster_info", "1; what a cluster is.", (*where, "engine", "version"),
        (((*k, _engine(b), (b.status or _Status()).current_version or ""), 1.0) for k, b in clusters.items()),
    )  # fmt: skip
    yield _gauge(
        "dbaas_cluster_instances", "Instances of a cluster that should serve; none of one that is stopped.", where,
        ((key, float(0 if _is_stopped(clusters[key]) else found.instances)) for key, found in inside.items()),
    )  # fmt: skip
    yield _gauge(
        "dbaas_cluster_ready_instances", "Instances of a cluster that serve.", where,
        ((key, float(found.ready_instances)) for key, found in inside.items()),
    )  # fmt: skip


def _tell_sizes(tally: _Tally) -> Iterator[Metric]:
    sums: Counter[str] = Counter()
    for key, (size, _) in tally.sizes.items():
        sums[key.namespace] += size
    yield _gauge(
        "dbaas_databases_size_bytes", "About how large all databases of a namespace are.", ("namespace",),
        (((namespace,), float(size)) for namespace, size in sums.items()),
    )  # fmt: skip
    largest = nlargest(LARGEST, tally.sizes.items(), key=lambda each: each[1][0])
    yield _gauge(
        "dbaas_database_size_bytes", f"About how large each of the {LARGEST} largest databases is.",
        ("namespace", "database", "server", "engine"),
        (((*key, *_name_server(server, tally)), float(size)) for key, (size, server) in largest),
    )  # fmt: skip


def _gauge(
    name: str, text: str, labels: tuple[str, ...], values: Iterable[tuple[tuple[str, ...], float]]
) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(name, text, labels=labels)
    for named, value in values:
        gauge.add_metric(named, value)
    return gauge


def _engine(body: _Object) -> str:
    """Of a server by its name, of a cluster in a block of its own."""
    engine = body.spec.engine if body.spec is not None else None
    return str(engine.get("type", "") if isinstance(engine, dict) else engine or "").lower()


def _is_healthy(body: _Object) -> bool:
    conditions = {each.type: each.status for each in (body.status or _Status()).conditions or ()}
    return conditions.get("Connected") == "True" and conditions.get("Healthy") != "False"


def _orphans(body: _Object) -> Iterator[tuple[str, float]]:
    for sort, found in ((body.status or _Status()).discovered_resources or {}).items():
        if not isinstance(found, str):
            yield sort, float(sum(not each.adopted for each in found))


def _is_stopped(body: _Object) -> bool:
    return (body.status or _Status()).phase == "Stopped"


def _inside(body: _Object) -> _Inside:
    return (body.status or _Status()).database or _Inside()


def _server_of(database: Resource, spec: _Spec) -> Key:
    if spec.cluster_instance_ref is not None:
        return Key("", spec.cluster_instance_ref.name)
    named = spec.instance_ref or _Name()
    return Key(named.namespace or database.metadata.namespace, named.name)


def _name_server(server: Key, tally: _Tally) -> tuple[str, str]:
    """And its engine; a cluster is found by the server of its name that it publishes."""
    found = tally.servers.get(server) or tally.servers.get(Key("", server.name))
    return str(server), _engine(found) if found is not None else ""
