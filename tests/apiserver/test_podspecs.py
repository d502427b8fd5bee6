"""The spec of a Pod; the conformance suite has what kube-apiserver says of it."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.apiserver.podspecs import job_change_problems, pod_change_problems, pod_problems, repeated

MAIN: dict[str, Any] = {"name": "main", "image": "image:1"}


def pod(**spec: Any) -> dict[str, Any]:
    return {"containers": [MAIN], **spec}


def test_names_of_all_containers_are_different() -> None:
    told = [str(each) for each in pod_problems(pod(initContainers=[MAIN]), "spec")]
    assert told == ['spec.initContainers[0].name: Duplicate value: "main"']


def test_each_further_name_is_told() -> None:
    told = [each.field for each in repeated([{"name": "a"}, {}, {"name": "a"}, {}, {"name": "a"}], "x")]
    assert told == ["x[2].name", "x[4].name"]


@pytest.mark.parametrize(
    ("change", "is_allowed"),
    [
        ({"containers": [{**MAIN, "image": "image:2"}]}, True),
        ({"activeDeadlineSeconds": 5}, True),
        ({"tolerations": [{"operator": "Exists"}]}, True),
        ({"containers": [{**MAIN, "command": ["sh"]}]}, False),
        ({"containers": [MAIN, {**MAIN, "name": "other"}]}, False),
        ({"hostname": "other"}, False),
    ],
)
def test_of_a_pod_little_may_change(change: dict[str, Any], is_allowed: bool) -> None:
    assert (not list(pod_change_problems(pod(**change), pod()))) == is_allowed


def test_where_a_suspended_job_runs_may_change() -> None:
    new, old = ({"template": {"spec": pod(nodeSelector={"a": value})}} for value in "bc")
    assert [each.field for each in job_change_problems(new, old)] == ["spec.template"]
    assert list(job_change_problems(new, {**old, "suspend": True})) == []


def test_an_indexed_job_may_grow_with_its_parallelism() -> None:
    old = {"completions": 1, "completionMode": "Indexed", "parallelism": 1}
    assert list(job_change_problems({**old, "completions": 2, "parallelism": 2}, old)) == []
    (alone,) = job_change_problems({**old, "completions": 2}, old)
    assert alone.message == "Invalid value: 2: can only be modified in tandem with spec.parallelism"
    assert len(list(job_change_problems({"completions": 2}, {"completions": 1}))) == 1
