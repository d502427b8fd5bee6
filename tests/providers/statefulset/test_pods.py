"""The pod of an instance."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from conformance.provider import MEMBER_WORKLOAD, MEMBERS, SERVER_INSTANCE, SERVER_WORKLOAD, declare
from dbaas.api.cluster import DatabaseClusterSpec
from dbaas.api.resource import LABEL_CLUSTER
from dbaas.contracts.exporting import Exporter, exporter_login
from dbaas.contracts.provider import Instance, ServerImage, Workload
from dbaas.providers.statefulset.places import Places
from dbaas.providers.statefulset.pods import PodSource, build_pod

EXPORTER = Exporter(
    ServerImage("registry.test/exporter:1", 65534, 65534), 9187, exporter_login("main"), {"username": "looker"},
    ("--listen=$(METRICS_PORT)",), {"TO": "127.0.0.1:$(PORT_MAIN)", "SECRET": "$(PASSWORD_FILE)"},
)  # fmt: skip


def pod(workload: Workload = SERVER_WORKLOAD, instance: Instance = SERVER_INSTANCE, **spec: Any) -> dict[str, Any]:
    wanted = DatabaseClusterSpec.model_validate(declare(**spec).spec)
    assert workload.image is not None
    source = PodSource(workload, wanted, workload.image, {LABEL_CLUSTER: "main"}, Places(namespace="shop"))
    return build_pod(instance, source)


def member(at: int = 0, **spec: Any) -> dict[str, Any]:
    return pod(MEMBER_WORKLOAD, MEMBERS[at], clusterSize=3, **spec)


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
    assert pod(instance=replace(SERVER_INSTANCE, init=()))["initContainers"] == []


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
            "labelSelector": {"matchLabels": {LABEL_CLUSTER: "main"}},
        }
    ]  # fmt: skip
    lifecycle = made["containers"][0]["lifecycle"]
    assert lifecycle["postStart"]["httpGet"] == {"path": "/", "port": 80, "scheme": "HTTP"}
    assert lifecycle["preStop"] == {"exec": {"command": ["true"]}}


def test_only_the_container_with_business_there_has_a_token_for_the_api() -> None:
    made = member()
    assert made["serviceAccountName"] == "main-members"
    assert made["automountServiceAccountToken"] is False
    (server,), (initialiser,) = made["containers"], made["initContainers"]
    paths = {mount["mountPath"] for mount in server["volumeMounts"]}
    assert paths - {mount["mountPath"] for mount in initialiser["volumeMounts"]} == {
        "/var/run/secrets/kubernetes.io/serviceaccount"
    }
    (api,) = [volume["projected"]["sources"] for volume in made["volumes"] if volume["name"] == "api"]
    assert [path for source in api for path in _paths(source)] == ["token", "ca.crt", "namespace"]
    assert made["serviceAccount"] == "main-members", "else it would stay when there is one instance again"
    assert not pod().keys() & {"serviceAccountName", "serviceAccount"}


def _paths(source: dict[str, Any]) -> list[str]:
    if "serviceAccountToken" in source:
        return [source["serviceAccountToken"]["path"]]
    (content,) = source.values()
    return [item["path"] for item in content["items"]]


def test_a_member_knows_its_own_pod_and_where_others_reach_it() -> None:
    (server,) = member(1)["containers"]
    first, *others = server["env"]
    assert (first["name"], first["valueFrom"]["fieldRef"]["fieldPath"]) == ("POD_IP", "status.podIP")
    assert others == [
        {"name": "MEMBER", "value": "main-2-0"}, {"name": "NAMESPACE", "value": "shop"},
        {"name": "WHERE", "value": "$(POD_IP):5432"},
    ]  # fmt: skip


def test_what_is_not_alive_and_holds_a_server_is_killed_before_others_would_elect_another() -> None:
    (server,) = member()["containers"]
    probe = server["livenessProbe"]
    assert probe["httpGet"] == {"port": "control", "path": "/alive"}
    found = (probe["periodSeconds"] + probe["timeoutSeconds"]) * probe["failureThreshold"]
    assert found + probe["terminationGracePeriodSeconds"] < 20
    assert "terminationGracePeriodSeconds" not in pod()["containers"][0]["livenessProbe"]


def test_secrets_in_a_file_are_mounted_beside_it_and_stand_nowhere() -> None:
    (files,) = [volume for volume in member()["volumes"] if volume["name"] == "files"]
    secrets = [source["secret"] for source in files["projected"]["sources"] if "secret" in source]
    wanted = {"key": "password", "path": "secrets/member.json/PASSWORD"}
    assert secrets == [{"name": "main-credentials", "items": [wanted]}]
    (scripts,) = [source["configMap"] for source in files["projected"]["sources"] if "configMap" in source]
    assert scripts["name"] == "main-files"
    assert {"key": "fill", "path": "scripts/fill"} in scripts["items"]
