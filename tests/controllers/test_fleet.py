"""How the fleet is told of: servers by name, what is inside them by number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
from prometheus_client import CollectorRegistry

from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.core import SECRET
from dbaas.api.database import DATABASE
from dbaas.api.instance import CLUSTER_DATABASE_INSTANCE, DATABASE_INSTANCE
from dbaas.api.resource import Kind, Metadata, Resource
from dbaas.controllers.fleet import LARGEST, FleetStates, State, read_state


@dataclass
class Objects:
    """Of one kind."""

    kind: Kind
    objects: list[Resource] = field(default_factory=list)


def make(kind: Kind, name: str, status: Mapping[str, Any], version: int = 1, **spec: Any) -> Resource:
    namespace = "shop" if kind.namespaced else ""
    metadata = Metadata(name, namespace, uid=f"uid-{name}", resourceVersion=str(version))
    return Resource(kind, metadata, orjson.dumps({"spec": spec, "status": status}))


def told(*fleets: Objects) -> dict[str, dict[tuple[str, ...], float]]:
    """Every series by its name and the values of its labels."""
    registry = CollectorRegistry()
    registry.register(FleetStates(lambda: fleets))
    return {
        metric.name: {tuple(sample.labels.values()): sample.value for sample in metric.samples}
        for metric in registry.collect()
    }


def conditions(**statuses: str) -> dict[str, Any]:
    return {"conditions": [{"type": name, "status": status} for name, status in statuses.items()]}


def test_objects_are_counted_by_kind_phase_and_namespace() -> None:
    found = told(
        Objects(DATABASE, [
            make(DATABASE, "a", {"phase": "Ready"}), make(DATABASE, "b", {"phase": "Ready"}), make(DATABASE, "c", {}),
        ]),
        Objects(SECRET, [make(SECRET, "s", {})]),
    )  # fmt: skip
    assert found["dbaas_resource_count"] == {
        ("databases.dbaas.io", "Ready", "shop"): 2, ("databases.dbaas.io", "Unknown", "shop"): 1,
    }  # fmt: skip


def test_drift_is_counted_while_it_lasts() -> None:
    drifted = make(DATABASE, "a", {"drift": {"detected": True}})
    settled = make(DATABASE, "b", {"drift": {"detected": False}})
    assert told(Objects(DATABASE, [drifted, settled]))["dbaas_drift_detected"] == {("databases.dbaas.io", "shop"): 1}


@pytest.mark.parametrize(
    ("stated", "healthy"),
    [
        (conditions(Connected="True"), 1), (conditions(Connected="True", Healthy="True"), 1),
        (conditions(Connected="True", Healthy="False"), 0), (conditions(Connected="False"), 0), ({}, 0),
    ],
)  # fmt: skip
def test_a_server_is_healthy_when_it_lets_us_in_and_is_well(stated: Mapping[str, Any], healthy: float) -> None:
    server = make(DATABASE_INSTANCE, "main", {**stated, "version": "18.1"}, engine="Basalt")
    found = told(Objects(DATABASE_INSTANCE, [server]))
    assert found["dbaas_instance_healthy"] == {("shop", "main", "basalt"): healthy}
    assert found["dbaas_instance_info"] == {("shop", "main", "basalt", "18.1"): 1}


def test_a_cluster_tells_how_many_of_its_instances_serve() -> None:
    status = {"currentVersion": "18.1", "database": {"instances": 3, "readyInstances": 2, "ready": False}}
    found = told(Objects(DATABASE_CLUSTER, [make(DATABASE_CLUSTER, "main", status, engine={"type": "basalt"})]))
    assert found["dbaas_cluster_instances"] == {("shop", "main"): 3}
    assert found["dbaas_cluster_ready_instances"] == {("shop", "main"): 2}
    assert found["dbaas_cluster_info"] == {("shop", "main", "basalt", "18.1"): 1}


def test_what_nobody_stands_for_is_told_by_server() -> None:
    discovered = {"databases": [{"name": "x", "adopted": False}, {"name": "y", "adopted": True}], "lastScan": "now"}
    server = make(DATABASE_INSTANCE, "main", {"discoveredResources": discovered}, engine="basalt")
    found = told(Objects(DATABASE_INSTANCE, [server]))
    assert found["dbaas_discovered_orphans"] == {("shop", "main", "databases"): 1}


def test_the_largest_databases_are_named_with_their_server_and_all_are_in_the_sum() -> None:
    count = LARGEST + 1
    sized = [
        make(DATABASE, f"d{n}", {"database": {"sizeBytes": n}}, clusterInstanceRef={"name": "big"})
        for n in range(count)
    ]
    server = make(CLUSTER_DATABASE_INSTANCE, "big", {}, engine="basalt")
    found = told(Objects(DATABASE, sized), Objects(CLUSTER_DATABASE_INSTANCE, [server]))
    assert found["dbaas_databases_size_bytes"] == {("shop",): sum(range(count))}
    assert len(found["dbaas_database_size_bytes"]) == LARGEST
    assert found["dbaas_database_size_bytes"]["shop", f"d{LARGEST}", "big", "basalt"] == LARGEST
    assert ("shop", "d0", "big", "basalt") not in found["dbaas_database_size_bytes"]


def test_what_has_changed_is_read_again_and_what_is_gone_is_forgotten() -> None:
    fleet = Objects(DATABASE, [make(DATABASE, "a", {"phase": "Ready"}), make(DATABASE, "b", {"phase": "Ready"})])
    registry = CollectorRegistry()
    registry.register(FleetStates(lambda: [fleet]))

    def count(phase: str) -> float | None:
        labels = {"kind": "databases.dbaas.io", "phase": phase, "namespace": "shop"}
        return registry.get_sample_value("dbaas_resource_count", labels)

    assert (count("Ready"), count("Failed")) == (2, None)
    fleet.objects = [make(DATABASE, "a", {"phase": "Failed"}, version=2)]
    assert (count("Ready"), count("Failed")) == (None, 1)


@pytest.mark.parametrize("raw", [b"?", b"{}", b'{"status":null}', b'{"status":{"drift":7}}', b'{"status":{"phase":7}}'])
def test_what_cannot_be_read_is_unknown(raw: bytes) -> None:
    known = make(DATABASE, "a", {})
    assert read_state(Resource(DATABASE, known.metadata, raw)) == State()
