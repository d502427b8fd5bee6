"""From a workload to Process objects and back to facts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.core import CONFIG_MAP, POD
from dbaas.api.process import PROCESS, ProcessSpec
from dbaas.api.resource import Resource, build_resource
from dbaas.contracts.provider import (
    CheckCommand,
    ClusterFacts,
    File,
    Init,
    Instance,
    NotProvided,
    Port,
    Provider,
    SecretKey,
    ServerImage,
    Site,
    Stop,
    Workload,
)
from dbaas.providers.process.provider import ProcessProvider

INSTANCE = Instance(
    name="main-1",
    command=("serve", "-p", "$(PORT_MAIN)"),
    init=(Init(("make", "$(CREATES)"), "data"),),
    files=(File("conf", "x", on_change="reload"), File("pw", secret=SecretKey("main", "password")), File("empty")),
    env={"B": "2", "A": "1"},
    ports=(Port("main", 5432), Port("admin", 6000)),
    ready=CheckCommand(("ask",), period_seconds=0.5),
    alive=CheckCommand(port="main", failures=5),
    stop=Stop("SIGINT", 30),
)
WORKLOAD = Workload("engine", "18", (INSTANCE,), SecretKey("main", "password"), "admin")


class Server:
    """A ServerPart that has its programs in a folder, or not."""

    versions = ("18",)
    images: Mapping[str, ServerImage] = {}

    def __init__(self, folder: str | None = "/opt/bin") -> None:
        self._folder = folder

    def workload(self, name: str, spec: Any, site: Site = "laptop") -> Workload:
        return WORKLOAD

    def programs(self, version: str, *, encrypted: bool = False) -> str | None:
        return self._folder

    def missing_programs(self, version: str, *, encrypted: bool = False) -> str:
        return f"install version {version}"


def cluster(**spec: Any) -> Resource:
    metadata = {"name": "main", "namespace": "shop", "uid": "u-1"}
    return build_resource(
        DATABASE_CLUSTER, {"metadata": metadata, "spec": {"engine": {"type": "engine", "version": "18"}, **spec}}
    )


def child(status: Mapping[str, Any] | None, generation: int = 1) -> Resource:
    body = dict(ProcessProvider().children(cluster(), WORKLOAD, Server())[0])
    body["metadata"] = {**body["metadata"], "generation": generation}
    return build_resource(PROCESS, {**body, **({"status": status} if status else {})})


def status(ready: str = "True", **more: Any) -> dict[str, Any]:
    condition = {
        "type": "Ready", "status": ready, "reason": "Because", "message": "why",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    ports = {"admin": 6000, "main": 5433}
    return {"observedGeneration": 1, "conditions": [condition], "host": "127.0.0.1", "ports": ports, **more}


def test_it_is_a_provider() -> None:
    provider: Provider = ProcessProvider()
    assert (provider.name, list(provider.kinds)) == ("process", [PROCESS, POD, CONFIG_MAP])


def test_an_instance_becomes_a_process_that_the_cluster_owns() -> None:
    (process,) = ProcessProvider().children(cluster(), WORKLOAD, Server())
    assert (process["apiVersion"], process["kind"]) == ("laptop.dbaas.io/v1", "Process")
    metadata = build_resource(PROCESS, dict(process)).metadata
    assert (metadata.name, metadata.namespace) == ("main-1", "shop")
    assert metadata.owner is not None
    assert (metadata.owner.kind, metadata.owner.name, metadata.owner.uid) == ("DatabaseCluster", "main", "u-1")
    assert metadata.labels["dbaas.io/cluster"] == "main"
    assert metadata.labels["dbaas.io/engine"] == "engine"


def test_a_restart_that_was_asked_for_is_handed_on() -> None:
    time = "2026-01-01T00:00:00Z"
    (process,) = ProcessProvider().children(cluster(restartedAt=time), WORKLOAD, Server())
    assert process["spec"]["restartedAt"] == time


def test_nothing_of_a_workload_is_lost() -> None:
    (process,) = ProcessProvider().children(cluster(), WORKLOAD, Server())
    assert process["spec"] == {
        "programs": "/opt/bin",
        "command": ["serve", "-p", "$(PORT_MAIN)"],
        "init": [{"command": ["make", "$(CREATES)"], "creates": "data"}],
        "files": [
            {"path": "conf", "content": "x", "onChange": "reload"},
            {"path": "pw", "secretKeyRef": {"name": "main", "key": "password"}},
            {"path": "empty", "content": ""},
        ],
        "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
        "ports": [{"name": "main", "preferred": 5432}, {"name": "admin", "preferred": 6000}],
        "probes": {"ready": {"command": ["ask"], "period": "500ms"}, "alive": {"port": "main", "failures": 5}},
        "stopSignal": "SIGINT",
        "stopTimeout": "30s",
    }
    ProcessSpec.model_validate(process["spec"])


@pytest.mark.parametrize(
    ("asked", "rendered"),
    [
        ({}, {}),
        ({"stopped": True}, {"stopped": True}),
        ({"deletionPolicy": "Delete"}, {"dataPolicy": "Delete"}),
        ({"deletionPolicy": "Retain"}, {}),
    ],
    ids=str,
)
def test_what_the_cluster_asks_for_reaches_the_process(asked: dict[str, Any], rendered: dict[str, Any]) -> None:
    (process,) = ProcessProvider().children(cluster(**asked), WORKLOAD, Server())
    assert {name: process["spec"].get(name) for name in ("stopped", "dataPolicy") if name in process["spec"]} == (
        rendered
    )


def test_what_must_be_installed_is_told_and_nothing_where_all_is_there() -> None:
    assert ProcessProvider().missing(Server(), "18") == ""
    assert ProcessProvider().missing(Server(None), "18") == "install version 18"


def test_missing_programs_are_refused_with_what_to_install() -> None:
    with pytest.raises(NotProvided, match="install version 18"):
        ProcessProvider().children(cluster(), WORKLOAD, Server(None))


def test_a_cluster_is_reached_by_the_first_port_of_its_server() -> None:
    facts = ProcessProvider().observe(cluster(), [child(status(restarts=2))])
    assert (facts.host, facts.port) == ("127.0.0.1", 5433)
    (instance,) = facts.instances
    assert (instance.name, instance.is_ready, instance.role, instance.restarts) == ("main-1", True, "primary", 2)
    assert dict(instance.ports) == {"main": 5433, "admin": 6000}


def test_a_server_that_is_not_ready_says_why_and_keeps_its_endpoint() -> None:
    facts = ProcessProvider().observe(cluster(), [child(status("False"))])
    assert [(i.is_ready, i.reason, i.message) for i in facts.instances] == [(False, "Because", "why")]
    assert facts.port == 5433


@pytest.mark.parametrize(("ready", "pid", "lingers"), [("False", 7, True), ("False", None, False), ("True", 7, False)])
def test_a_server_that_serves_no_more_lingers_as_long_as_it_runs(ready: str, pid: int | None, lingers: bool) -> None:
    (instance,) = ProcessProvider().observe(cluster(), [child(status(ready, pid=pid))]).instances
    assert instance.lingers is lingers


def test_a_server_that_never_starts_as_things_stand_is_refused() -> None:
    refused = status("False")
    refused["conditions"].append({**refused["conditions"][0], "type": "Stalled", "status": "True"})
    for generation, expected in ((1, True), (2, False)):
        facts = ProcessProvider().observe(cluster(), [child(refused, generation)])
        assert [i.is_refused for i in facts.instances] == [expected]


def test_a_status_of_an_older_spec_does_not_count_as_ready() -> None:
    facts = ProcessProvider().observe(cluster(), [child(status(), generation=2)])
    assert [(i.is_ready, i.reason) for i in facts.instances] == [(False, "Pending")]


def test_a_cluster_without_anything_that_runs_has_no_endpoint() -> None:
    assert ProcessProvider().observe(cluster(), []) == ClusterFacts(exporters=())
    facts = ProcessProvider().observe(cluster(), [child(None)])
    assert (facts.host, facts.port, [i.is_ready for i in facts.instances]) == ("", 0, [False])
