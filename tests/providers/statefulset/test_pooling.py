"""A pooler's objects: what its pods are, what finds them and what must not, and what replaces them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from conformance.provider import SERVER_WORKLOAD, InstalledServer, declare
from dbaas.api.core import DEPLOYMENT
from dbaas.api.resource import LABEL_CLUSTER, LABEL_POOLER, build_resource
from dbaas.contracts.pooling import SERVER_HOST, SERVER_PORT, Pooler, pooler_login
from dbaas.contracts.provider import CheckCommand, Disruption, File, Instance, Port, ServerImage, Stop
from dbaas.providers.statefulset.disruption import find_disruption
from dbaas.providers.statefulset.provider import StatefulSetProvider

PLACE = File("pool.conf", content=f"{SERVER_HOST}:{SERVER_PORT}", on_change="reload")
LOGIN = File("login", content="$(PASSWORD)", on_change="reload", secrets={"PASSWORD": pooler_login("main")})
INSTANCE = Instance(
    "main-pooler", ("pool", "$(HOST)", "$(PORT_POOL)"), files=(PLACE, LOGIN), ports=(Port("pool", 6432),),
    ready=CheckCommand(("ask", "$(PORT_POOL)")), alive=CheckCommand(port="pool", failures=9), stop=Stop("SIGTERM", 30),
)  # fmt: skip
POOLER = Pooler(INSTANCE, "pool", pooler_login("main"), {"username": "pool"}, ServerImage("registry.test/pool:1", 7, 8))
ASKED = {"enabled": True}
Made = Mapping[tuple[str, str], dict[str, Any]]


def render(pooler: Pooler | None = POOLER, **spec: Any) -> Made:
    """What there is more than without a pooler, by kind and name."""
    provider, server = StatefulSetProvider(), InstalledServer()
    bodies = provider.children(declare(**{"proxy": ASKED, **spec}), replace(SERVER_WORKLOAD, pooler=pooler), server)
    plain = provider.children(declare(**{**spec, "proxy": None}), SERVER_WORKLOAD, server)
    return {(b["kind"], b["metadata"]["name"]): dict(b) for b in bodies if b not in plain}


def deployment(made: Made) -> dict[str, Any]:
    return made["Deployment", "main-pooler"]


def pod(made: Made) -> dict[str, Any]:
    found: dict[str, Any] = deployment(made)["spec"]["template"]
    return found


def test_a_pooler_has_pods_and_a_service_of_its_own_and_changes_nothing_else() -> None:
    assert render(None) == {}
    assert set(render()) == {
        ("ConfigMap", "main-pooler-settings"), ("Service", "main-pooler"), ("NetworkPolicy", "main-pooler"),
        ("PodDisruptionBudget", "main-pooler"), ("Deployment", "main-pooler"),
    }  # fmt: skip


def test_nothing_that_finds_servers_finds_its_pods() -> None:
    made = render()
    labels = pod(made)["metadata"]["labels"]
    assert LABEL_CLUSTER not in labels and labels[LABEL_POOLER] == "main"
    mine = {LABEL_POOLER: "main"}
    assert made["Service", "main-pooler"]["spec"]["selector"] == mine
    for kind in ("NetworkPolicy", "PodDisruptionBudget", "Deployment"):
        spec = made[kind, "main-pooler"]["spec"]
        assert spec.get("podSelector", spec.get("selector")) == {"matchLabels": mine}


@pytest.mark.parametrize(("expose", "port"), [(None, 5432), ({"type": "ClusterIP", "port": 6543}, 6543)], ids=str)
def test_it_leads_to_the_service_of_whoever_takes_writes(expose: dict[str, Any] | None, port: int) -> None:
    data = render(expose=expose)["ConfigMap", "main-pooler-settings"]["data"]
    assert data["pool.conf"] == f"main-rw.shop.svc.cluster.local:{port}"
    assert "pool 0.0.0.0 6432 &" in data["run"]


def test_its_password_is_mounted_and_stands_nowhere() -> None:
    made = render()
    assert made["ConfigMap", "main-pooler-settings"]["data"]["login"] == "$(PASSWORD)"
    (files,) = [each for each in pod(made)["spec"]["volumes"] if each["name"] == "files"]
    names = [each["secret"]["name"] for each in files["projected"]["sources"] if "secret" in each]
    assert names == ["main-pooler"], "nor is there any other"
    (container,) = pod(made)["spec"]["containers"]
    assert "env" not in container


def test_it_has_no_rights_and_writes_to_memory_and_empty_folders_alone() -> None:
    spec = pod(render())["spec"]
    (container,) = spec["containers"]
    assert (spec["securityContext"]["runAsUser"], spec["securityContext"]["runAsGroup"]) == (7, 8)
    assert spec["securityContext"]["runAsNonRoot"] and not spec["automountServiceAccountToken"]
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}, "readOnlyRootFilesystem": True,
    }  # fmt: skip
    assert {next(key for key in each if key != "name") for each in spec["volumes"]} == {"emptyDir", "projected"}


def test_it_is_asked_as_its_engine_says_and_has_time_for_its_clients_to_leave() -> None:
    spec = pod(render())["spec"]
    (container,) = spec["containers"]
    assert container["readinessProbe"]["exec"] == {"command": ["ask", "6432"]}
    assert container["livenessProbe"]["failureThreshold"] == 9
    assert spec["terminationGracePeriodSeconds"] == 35
    assert container["lifecycle"]["preStop"]["exec"]["command"] == ["sleep", "5"]


def test_there_are_as_many_as_are_asked_for_and_none_while_the_cluster_is_stopped() -> None:
    assert deployment(render())["spec"]["replicas"] == 2
    alone = render(proxy={**ASKED, "replicas": 1})
    assert deployment(alone)["spec"]["replicas"] == 1 and ("PodDisruptionBudget", "main-pooler") not in alone
    assert "affinity" not in pod(alone)["spec"] and "affinity" in pod(render())["spec"]
    assert deployment(render(stopped=True))["spec"]["replicas"] == 0


def test_its_resources_are_those_that_are_asked_for() -> None:
    asked = {"limits": {"memory": "99Mi"}}
    (container,) = pod(render(proxy={**ASKED, "resources": asked}))["spec"]["containers"]
    assert container["resources"] == asked
    (usual,) = pod(render())["spec"]["containers"]
    assert usual["resources"]["limits"]["memory"] == "256Mi"


def test_it_runs_where_servers_may_but_need_not_keep_their_distances() -> None:
    alike = {"matchLabels": {"a": "b"}}
    zone = {"topologyKey": "zone", "labelSelector": alike}
    terms = [{"matchExpressions": [{"key": "a", "operator": "Exists"}]}]
    nodes = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
    apart = {"requiredDuringSchedulingIgnoredDuringExecution": [zone]}
    policy = {"nodeSelector": {"disk": "fast"}, "affinity": {"nodeAffinity": nodes, "podAntiAffinity": apart}}
    spec = pod(render(podSchedulingPolicy=policy))["spec"]
    assert spec["nodeSelector"] == {"disk": "fast"}
    assert spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert set(spec["affinity"]["podAntiAffinity"]) == {"preferredDuringSchedulingIgnoredDuringExecution"}


def changed(**fields: Any) -> Made:
    return render(replace(POOLER, instance=replace(INSTANCE, **fields)))


def test_what_it_can_read_again_replaces_no_pod() -> None:
    other = replace(PLACE, content="elsewhere")
    assert deployment(changed(files=(other, LOGIN))) == deployment(render())
    assert deployment(changed(command=("pool", "otherwise"))) != deployment(render())


def test_another_pod_waits_for_a_window_as_a_server_does_and_more_of_them_need_not() -> None:
    running = build_resource(DEPLOYMENT, deployment(render()))
    image = render(replace(POOLER, image=ServerImage("registry.test/pool:2", 7, 8)))
    assert find_disruption(running, deployment(image)) == Disruption(
        "image registry.test/pool:2 instead of registry.test/pool:1", is_upgrade=True
    )
    assert find_disruption(running, deployment(render(proxy={**ASKED, "replicas": 3}))) is None
