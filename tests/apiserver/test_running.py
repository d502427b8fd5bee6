"""What is filled into Pods; the suites of clients compare whole objects with kube-apiserver's."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.apiserver.running import complete_containers, mark_pods_of_job, quality_of_service, schedule


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("postgres", "Always"),
        ("registry:5000/postgres", "Always"),
        ("registry:5000/postgres:latest", "Always"),
        ("postgres:18", "IfNotPresent"),
        ("postgres@sha256:abc", "IfNotPresent"),
    ],
)
def test_an_image_without_a_version_is_pulled_each_time(image: str, policy: str) -> None:
    spec = {"initContainers": [{"image": image}], "containers": [{"image": image, "imagePullPolicy": "Never"}]}
    complete_containers(spec)
    assert [each[0]["imagePullPolicy"] for each in spec.values()] == [policy, "Never"]


def test_a_toleration_of_everything_needs_no_other() -> None:
    everything = {"operator": "Exists"}
    spec: dict[str, Any] = {"tolerations": [everything]}
    schedule(spec)
    assert spec["tolerations"] == [everything]


def test_nodes_in_trouble_are_tolerated_for_five_minutes() -> None:
    spec: dict[str, Any] = {"tolerations": [{"key": "mine", "operator": "Exists"}]}
    schedule(spec)
    assert [each.get("tolerationSeconds") for each in spec["tolerations"]] == [None, 300, 300]


FULL = {"cpu": "1", "memory": "1Gi"}


@pytest.mark.parametrize(
    ("resources", "quality"),
    [
        ([{}], "BestEffort"),
        ([{"requests": {"cpu": "0"}}], "BestEffort"),
        ([{"limits": FULL}], "Guaranteed"),
        ([{"limits": FULL, "requests": FULL}], "Guaranteed"),
        ([{"limits": FULL}, {}], "Burstable"),
        ([{"limits": FULL, "requests": {"cpu": "500m"}}], "Burstable"),
        ([{"requests": FULL}], "Burstable"),
    ],
)
def test_the_quality_of_service_follows_from_all_containers(resources: list[Any], quality: str) -> None:
    assert quality_of_service({"containers": [{"resources": each} for each in resources]}) == quality


def test_a_job_that_selects_by_itself_is_left_alone() -> None:
    job: dict[str, Any] = {"metadata": {"uid": "u"}, "spec": {"manualSelector": True, "template": {}}}
    mark_pods_of_job(job)
    assert job["spec"] == {"manualSelector": True, "template": {}}
