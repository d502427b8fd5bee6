"""The pod of an instance."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from conformance.provider import SERVER_INSTANCE, SERVER_WORKLOAD, declare
from dbaas.api.cluster import DatabaseClusterSpec
from dbaas.contracts.provider import Exporter, ServerImage, Workload, exporter_login
from dbaas.providers.statefulset.pods import build_pod

EXPORTER = Exporter(
    ServerImage("registry.test/exporter:1", 65534, 65534), 9187, exporter_login("main"), {"username": "looker"},
    ("--listen=$(METRICS_PORT)",), {"TO": "127.0.0.1:$(PORT_MAIN)", "SECRET": "$(PASSWORD_FILE)"},
)  # fmt: skip


def pod(workload: Workload = SERVER_WORKLOAD, **spec: Any) -> dict[str, Any]:
    wanted = DatabaseClusterSpec.model_validate(declare(**spec).spec)
    assert workload.image is not None
    return build_pod(SERVER_INSTANCE, workload, wanted, workload.image, {"cluster": "main"})


def test_nothing_in_the_pod_may_become_more_than_it_is() -> None:
    made = pod(replace(SERVER_WORKLOAD, exporter=EXPORTER))
    assert made["automountServiceAccountToken"] is False
    assert made["securityContext"]["runAsNonRoot"] and made["securityContext"]["runAsUser"] == 70
    for container in (*made["initContainers"], *made["containers"]):
        security = container["securityContext"]
        assert security["readOnlyRootFilesystem"] and not security["allowPrivilegeEscalation"]


def test_every_probe_says_the_truth_about_one_thing() -> None:
    (server,) = pod()["containers"]
    assert server["readinessProbe"]["exec"]["command"] == ["ask", "0.0.0.0", "5432"]
    assert server["livenessProbe"]["tcpSocket"] == server["startupProbe"]["tcpSocket"] == {"port": "main"}
    assert server["startupProbe"]["failureThreshold"] > server["livenessProbe"]["failureThreshold"]


def test_the_end_has_as_much_time_as_the_engine_asks_for() -> None:
    assert pod()["terminationGracePeriodSeconds"] == 30


def test_an_instance_that_needs_no_preparation_has_no_init_container() -> None:
    spec = DatabaseClusterSpec.model_validate(declare().spec)
    bare, image = replace(SERVER_INSTANCE, init=()), SERVER_WORKLOAD.image
    assert image is not None
    assert build_pod(bare, SERVER_WORKLOAD, spec, image, {})["initContainers"] == []


def test_the_password_comes_from_the_secret_into_the_files_of_the_server_only() -> None:
    (files,) = [volume for volume in pod()["volumes"] if volume["name"] == "files"]
    secrets = [source["secret"] for source in files["projected"]["sources"] if "secret" in source]
    assert secrets == [{"name": "main-credentials", "items": [{"key": "password", "path": "files/pw"}]}]
    assert not [variable for variable in pod()["containers"][0]["env"] if "valueFrom" in variable]


def test_an_exporter_reads_its_own_password_from_a_file_and_nobody_elses() -> None:
    made = pod(replace(SERVER_WORKLOAD, exporter=EXPORTER))
    (source,) = made["volumes"][-1]["projected"]["sources"]
    assert source["secret"] == {"name": "main-exporter", "items": [{"key": "password", "path": "password"}]}
    _, exporter = made["containers"]
    assert [mount["name"] for mount in exporter["volumeMounts"]] == ["login"]
    assert exporter["env"] == [
        {"name": "SECRET", "value": "/etc/dbaas-login/password"}, {"name": "TO", "value": "127.0.0.1:5432"},
    ]  # fmt: skip
    assert exporter["args"] == ["--listen=9187"] and exporter["securityContext"]["runAsUser"] == 65534


def test_resources_are_those_of_the_profile_unless_they_are_given() -> None:
    (server,) = pod(profile="dev")["containers"]
    assert server["resources"]["requests"] == {"cpu": "100m", "memory": "256Mi"}
    (server,) = pod(profile="dev", resources={"limits": {"memory": "3Gi"}})["containers"]
    assert server["resources"] == {"limits": {"memory": "3Gi"}}


def test_scheduling_and_hooks_are_handed_on() -> None:
    made = pod(
        podSchedulingPolicy={
            "nodeSelector": {"disk": "fast"}, "priorityClassName": "high",
            "topologySpreadConstraints": [{"topologyKey": "zone"}],
        },
        hooks={"postStart": {"httpGet": {"port": 80}}, "preStop": {"exec": {"command": ["true"]}}},
    )  # fmt: skip
    assert (made["nodeSelector"], made["priorityClassName"]) == ({"disk": "fast"}, "high")
    assert made["topologySpreadConstraints"] == [
        {
            "maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": {"cluster": "main"}},
        }
    ]  # fmt: skip
    lifecycle = made["containers"][0]["lifecycle"]
    assert lifecycle["postStart"]["httpGet"] == {"path": "/", "port": 80, "scheme": "HTTP"}
    assert lifecycle["preStop"] == {"exec": {"command": ["true"]}}
