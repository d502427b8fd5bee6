"""What the pod of an instance is replaced for, told from what was served back with defaults in it."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from dbaas.api.core import SERVICE, STATEFUL_SET
from dbaas.api.resource import build_resource
from dbaas.contracts.provider import Disruption
from dbaas.providers.statefulset.disruption import RESTARTED_AT, SERVES_VERSION, TEMPLATE, digest_of, find_disruption


def template(*, image: str = "pg:18", cpu: str = "1", asked: str = "") -> dict[str, Any]:
    server = {"name": "server", "image": image, "resources": {"limits": {"cpu": cpu}}}
    annotations = {RESTARTED_AT: asked} if asked else {}
    init = [{"name": "init", "image": image}]
    return {"metadata": {"annotations": annotations}, "spec": {"initContainers": init, "containers": [server]}}


def wanted(replicas: int = 1, **more: Any) -> dict[str, Any]:
    made = template(**more)
    metadata = {"name": "main", "namespace": "default", "annotations": {TEMPLATE: digest_of(made)}}
    return {"kind": "StatefulSet", "metadata": metadata, "spec": {"replicas": replicas, "template": made}}


def disruption(after: dict[str, Any], before: dict[str, Any] | None = None) -> Disruption | None:
    served = deepcopy(before or wanted())
    served["spec"]["template"]["spec"]["restartPolicy"] = "Always"  # as the API server fills in
    return find_disruption(build_resource(STATEFUL_SET, served), after)


def test_what_stays_as_it_is_ends_nothing() -> None:
    assert disruption(wanted()) is None


def test_another_pod_is_a_restart() -> None:
    assert disruption(wanted(cpu="2")) == Disruption("settings, resources or placement")


def test_another_image_alone_is_an_upgrade() -> None:
    assert disruption(wanted(image="pg:18.1")) == Disruption("image pg:18.1 instead of pg:18", is_upgrade=True)
    assert disruption(wanted(image="pg:18.1", cpu="2")) == Disruption("image pg:18.1 instead of pg:18")


def of_version(number: str, ready: int = 1, **more: Any) -> dict[str, Any]:
    made = wanted(**more)
    made["metadata"]["annotations"][SERVES_VERSION] = number
    return {**made, "status": {"readyReplicas": ready}}


def test_another_version_is_more_than_another_image_and_ends_nothing_where_nothing_serves() -> None:
    after = of_version("18", image="pg:18")
    told = Disruption("version 18 instead of 16")
    assert disruption(after, of_version("16", image="pg:16")) == told
    assert disruption(after, of_version("16", 0, image="pg:16")) is None
    assert disruption(of_version("18", image="pg:18.1"), of_version("18", 0)) is not None


def test_a_restart_that_is_asked_for_says_so() -> None:
    found = disruption(wanted(asked="2026-01-01T00:00:00Z", cpu="2"))
    assert found is not None and found.is_asked


def test_one_that_is_to_live_with_others_does_not_wait_since_its_files_have_moved() -> None:
    after = wanted()
    after["spec"]["template"]["spec"]["serviceAccountName"] = "main-members"
    after["metadata"]["annotations"][TEMPLATE] = digest_of(after["spec"]["template"])
    assert disruption(after) == Disruption("settings, resources or placement", is_asked=True)


def test_a_server_that_does_not_run_or_is_to_stop_is_not_disturbed() -> None:
    assert disruption(wanted(0, cpu="2")) is None
    assert disruption(wanted(cpu="2"), wanted(0)) is None


def test_what_was_made_before_templates_were_noted_is_not_held_back() -> None:
    old = wanted()
    old["metadata"]["annotations"] = {}
    assert disruption(wanted(cpu="2"), old) is None


def test_other_children_end_nothing() -> None:
    service = build_resource(SERVICE, {"metadata": {"name": "main-rw", "namespace": "default"}, "spec": {}})
    assert find_disruption(service, {"kind": "Service", "metadata": {"name": "main-rw"}, "spec": {}}) is None
