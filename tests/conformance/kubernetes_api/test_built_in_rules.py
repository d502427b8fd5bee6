"""What built-in kinds refuse beyond their schemas, and what of them cannot change."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.kubernetes_api.specimens import listed
from fixtures.control_plane import Api

GROUPS = {"jobs": "batch", "endpointslices": "discovery.k8s.io", "leases": "coordination.k8s.io"}
MAIN: dict[str, Any] = {"name": "main", "image": "image:1"}
PORT = {"port": 5432}


def pod(*containers: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {"spec": {"containers": list(containers) or [MAIN], **spec}}


def job(template: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    return {"spec": {"template": template or pod(restartPolicy="Never"), **spec}}


def service(*ports: dict[str, Any]) -> dict[str, Any]:
    return {"spec": {"clusterIP": "None", "ports": list(ports)}}


def endpoints(**subset: Any) -> dict[str, Any]:
    return {"subsets": [subset]}


def slices(*addresses: str, **more: Any) -> dict[str, Any]:
    return {"addressType": "IPv4", "endpoints": [{"addresses": list(addresses)}], **more}


def path_of(api: Api, plural: str) -> str:
    return api.collection(plural, GROUPS.get(plural, ""))


ACCEPTED: list[tuple[str, dict[str, Any]]] = [
    ("pods", pod({**MAIN, "ports": [{"containerPort": 1}, {"containerPort": 1}]})),
    ("pods", pod({**MAIN, "env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]})),
    ("pods", pod(imagePullSecrets=[{"name": "a"}, {"name": "a"}])),
    ("serviceaccounts", {"secrets": [{"name": "a"}, {"name": "a"}]}),
    ("services", service({"port": 1, "name": "a"}, {"port": 2, "name": "b"})),
    ("endpoints", {"subsets": []}),
    ("endpoints", endpoints(notReadyAddresses=[{"ip": "10.0.0.1"}])),
    ("endpointslices", slices("10.0.0.1", "10.0.0.1")),
    ("leases", {}),
    ("leases", {"spec": {"leaseDurationSeconds": 1, "leaseTransitions": 0}}),
    ("secrets", {"type": "kubernetes.io/basic-auth", "data": {"username": "YQ=="}}),
    ("secrets", {"type": "example.com/any"}),
]


@pytest.mark.parametrize(("plural", "body"), ACCEPTED)
async def test_no_more_is_refused_than_has_to_be(api: Api, plural: str, body: dict[str, Any]) -> None:
    made = await api.post(path_of(api, plural), {"metadata": {"name": "one"}, **body})
    assert made.status == 201, made.body


NOT_NEGATIVE = "must be greater than or equal to 0"
POLICY = 'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'
IN_RANGE = "must be between 1 and 65535, inclusive"
REFUSED: list[tuple[str, dict[str, Any], list[str]]] = [
    ("pods", {"spec": {"containers": []}}, ["spec.containers: Required value"]),
    ("pods", pod({"name": "main"}), ["spec.containers[0].image: Required value"]),
    ("pods", pod(MAIN, MAIN), ['spec.containers[1].name: Duplicate value: "main"']),
    (
        "pods",
        pod(volumes=[{"name": "a", "emptyDir": {}}, {"name": "a", "emptyDir": {}}]),
        ['spec.volumes[1].name: Duplicate value: "a"'],
    ),
    (
        "pods",
        pod({**MAIN, "volumeMounts": [{"name": "data", "mountPath": "/data"}]}),
        ['spec.containers[0].volumeMounts[0].name: Not found: "data"'],
    ),
    (
        "pods",
        pod(
            {**MAIN, "volumeMounts": [{"name": "a", "mountPath": "/a"}, {"name": "a", "mountPath": "/a"}]},
            volumes=[{"name": "a", "emptyDir": {}}],
        ),
        ['spec.containers[0].volumeMounts[1].mountPath: Invalid value: "/a": must be unique'],
    ),
    (
        "pods",
        pod({**MAIN, "ports": [{"containerPort": 0}]}),
        ["spec.containers[0].ports[0].containerPort: Required value"],
    ),
    ("jobs", job(pod()), [POLICY]),
    ("jobs", job(pod(restartPolicy="Always")), [POLICY]),
    (
        "jobs",
        job(pod({"name": "main"}, restartPolicy="Never")),
        ["spec.template.spec.containers[0].image: Required value"],
    ),
    ("jobs", job(backoffLimit=-1), [f"spec.backoffLimit: Invalid value: -1: {NOT_NEGATIVE}"]),
    ("jobs", job(ttlSecondsAfterFinished=-1), [f"spec.ttlSecondsAfterFinished: Invalid value: -1: {NOT_NEGATIVE}"]),
    (
        "services",
        service(PORT, {"port": 1}),
        ["spec.ports[0].name: Required value", "spec.ports[1].name: Required value"],
    ),
    (
        "services",
        service({"port": 1, "name": "a"}, {"port": 2, "name": "a"}),
        ['spec.ports[1].name: Duplicate value: "a"'],
    ),
    (
        "services",
        service({"port": 1, "name": "a"}, {"port": 1, "name": "b"}),
        [
            'spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":1,'
            '"TargetPort":0,"NodePort":0}'
        ],
    ),
    (
        "endpoints",
        endpoints(ports=[PORT]),
        ["subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`"],
    ),
    (
        "endpoints",
        endpoints(addresses=[{"ip": "10.0.0.1"}], ports=[{"port": 70000}]),
        [f"subsets[0].ports[0].port: Invalid value: 70000: {IN_RANGE}"],
    ),
    (
        "endpoints",
        endpoints(addresses=[{"ip": "127.0.0.1"}]),
        [
            'subsets[0].addresses[0].ip: Invalid value: "127.0.0.1": '
            "may not be in the loopback range (127.0.0.0/8, ::1/128)"
        ],
    ),
    ("endpointslices", slices(), ["endpoints[0].addresses: Required value: must contain at least 1 address"]),
    (
        "endpointslices",
        slices("x"),
        [
            'endpoints[0].addresses[0]: Invalid value: "x": '
            "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
        ],
    ),
    (
        "endpointslices",
        slices("10.0.0.1", ports=[{"name": "a", "port": 1}, {"name": "a", "port": 2}]),
        ['ports[1].name: Duplicate value: "a"'],
    ),
    (
        "leases",
        {"spec": {"leaseDurationSeconds": 0, "leaseTransitions": -1}},
        [
            "spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0",
            f"spec.leaseTransitions: Invalid value: -1: {NOT_NEGATIVE}",
        ],
    ),
    (
        "secrets",
        {"type": "kubernetes.io/tls", "data": {"tls.crt": "YQ=="}},
        ["data[tls.key]: Required value"],
    ),
    (
        "secrets",
        {"type": "kubernetes.io/basic-auth"},
        ["data[password]: Required value", "data[username]: Required value"],
    ),
    ("secrets", {"stringData": {"a": "x" * 1048577}}, ["data: Too long: may not be more than 1048576 bytes"]),
    ("configmaps", {"data": {"a": "x" * 1048577}}, ["[]: Too long: may not be more than 1048576 bytes"]),
]


@pytest.mark.parametrize(("plural", "body", "causes"), REFUSED)
async def test_what_makes_no_sense_is_refused(api: Api, plural: str, body: dict[str, Any], causes: list[str]) -> None:
    answer = await api.post(path_of(api, plural), {"metadata": {"name": "one"}, **body})
    assert answer.status == 422, answer.body
    assert listed(answer) == causes


FIXED: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("jobs", job(), {"spec": {"completions": 3}}, "spec.completions"),
    ("jobs", job(), {"spec": {"template": {"spec": {"terminationGracePeriodSeconds": 5}}}}, "spec.template"),
    ("jobs", job(), {"spec": {"completionMode": "Indexed"}}, "spec.completionMode"),
    ("pods", pod(), {"spec": {"hostname": "other"}}, "spec"),
    ("endpointslices", slices("10.0.0.1"), {"addressType": "FQDN"}, "addressType"),
    ("secrets", {}, {"type": "other"}, "type"),
]


@pytest.mark.parametrize(("plural", "body", "patch", "field"), FIXED)
async def test_some_fields_stay(api: Api, plural: str, body: Any, patch: Any, field: str) -> None:
    path = path_of(api, plural)
    await api.post(path, {"metadata": {"name": "one"}, **body})
    refused = await api.patch(f"{path}/one", patch)
    assert refused.status == 422, refused.body
    assert field in [cause["field"] for cause in refused.body["details"]["causes"]]


CHANGES: list[tuple[str, dict[str, Any], dict[str, Any], int]] = [
    ("jobs", job(), {"spec": {"parallelism": 0}}, 2),
    ("jobs", job(), {"spec": {"suspend": True}}, 2),
    ("jobs", job(suspend=True), {"spec": {"template": {"spec": {"nodeSelector": {"a": "b"}}}}}, 2),
    ("jobs", job(), {"metadata": {"labels": {"a": "b"}}}, 1),
    ("pods", pod(), {"spec": {"containers": [{"name": "main", "image": "image:2"}]}}, 2),
    ("pods", pod(), {"metadata": {"annotations": {"a": "b"}}}, 1),
    ("endpointslices", slices("10.0.0.1"), {"endpoints": [{"addresses": ["10.0.0.2"]}]}, 2),
    ("endpointslices", slices("10.0.0.1"), {"metadata": {"labels": {"a": "b"}}}, 2),
    ("services", {"spec": {**service(PORT)["spec"], "selector": {"a": "b"}}}, {"spec": {"selector": {"a": "c"}}}, 0),
    ("leases", {"spec": {"holderIdentity": "a"}}, {"spec": {"holderIdentity": "b"}}, 0),
    ("endpoints", {"subsets": []}, {"subsets": [{"addresses": [{"ip": "10.0.0.1"}]}]}, 0),
    ("serviceaccounts", {}, {"automountServiceAccountToken": False}, 0),
]


@pytest.mark.parametrize(("plural", "body", "patch", "generation"), CHANGES)
async def test_the_rest_may_change_and_some_kinds_count_it(
    api: Api, plural: str, body: Any, patch: Any, generation: int
) -> None:
    path = path_of(api, plural)
    await api.post(path, {"metadata": {"name": "one"}, **body})
    changed = await api.patch(f"{path}/one", patch, "strategic")
    assert changed.status == 200, changed.body
    assert changed.body["metadata"].get("generation", 0) == generation


async def test_the_status_of_a_job_is_written_apart(api: Api) -> None:
    path = path_of(api, "jobs")
    await api.post(path, {"metadata": {"name": "one"}, **job(), "status": {"active": 7}})
    made = (await api.get(f"{path}/one")).body
    assert made["status"] == {}
    status = {"active": 1, "startTime": "2026-01-01T00:00:00Z"}
    written = await api.patch(f"{path}/one/status", {"status": status, "spec": {"suspend": True}})
    assert written.body["status"] == status
    assert written.body["spec"] == made["spec"]
    assert written.body["metadata"]["generation"] == 1


async def test_a_pod_keeps_its_quality_of_service(api: Api) -> None:
    path = path_of(api, "pods")
    await api.post(path, {"metadata": {"name": "one"}, **pod()})
    made = (await api.get(f"{path}/one")).body
    replaced = await api.put(f"{path}/one/status", {**made, "status": {"phase": "Running"}})
    assert replaced.body["status"]["qosClass"] == made["status"]["qosClass"] == "BestEffort"


async def test_a_namespace_goes_only_by_its_deletion(api: Api) -> None:
    path = f"/api/v1/namespaces/{api.namespace}"
    refused = await api.patch(f"{path}/status", {"status": {"phase": "Terminating"}})
    assert listed(refused) == [
        "status.Phase: Invalid value: \"Terminating\": may only be 'Active' if `deletionTimestamp` is empty"
    ]
    kept = await api.patch(path, {"spec": {"finalizers": []}, "metadata": {"labels": {"a": "b"}}})
    assert kept.body["spec"] == {"finalizers": ["kubernetes"]}


@pytest.mark.parametrize("plural", ["configmaps", "secrets", "serviceaccounts", "leases", "endpoints"])
async def test_built_in_kinds_make_names_too(api: Api, plural: str) -> None:
    names = set()
    for _ in range(2):
        made = await api.post(path_of(api, plural), {"metadata": {"generateName": f"{'g' * 60}-"}})
        assert made.status == 201, made.body
        names.add(made.body["metadata"]["name"])
        assert made.body["metadata"]["generateName"] == f"{'g' * 60}-"
    assert len(names) == 2
    assert {len(name) for name in names} == {63}
