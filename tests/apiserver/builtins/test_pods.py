"""Columns of Pods."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from dbaas.apiserver.builtins import pods

NOW = datetime(2026, 1, 1, tzinfo=UTC)
RUNNING = {"name": "a", "ready": True, "state": {"running": {}}}


def ended(code: int, name: str = "a", **state: Any) -> dict[str, Any]:
    return {"name": name, "ready": False, "state": {"terminated": {"exitCode": code, **state}}}


def pod(*statuses: dict[str, Any], phase: str = "Running", **more: Any) -> dict[str, Any]:
    spec = {"containers": [{"name": "a"}, {"name": "b"}], "initContainers": more.pop("initial", [])}
    return {
        "spec": spec,
        "metadata": more.pop("metadata", {}),
        "status": {"phase": phase, "containerStatuses": [*statuses], **more},
    }


READY = [{"type": "Ready", "status": "True"}]


@pytest.mark.parametrize(
    ("obj", "word"),
    [
        (pod(phase="Pending"), "Pending"),
        (pod(RUNNING), "Running"),
        (pod(reason="Evicted", phase="Failed"), "Evicted"),
        (pod({"name": "a", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}), "CrashLoopBackOff"),
        (pod(ended(1)), "ExitCode:1"),
        (pod(ended(1, signal=9)), "Signal:9"),
        (pod(ended(0, reason="Completed"), phase="Succeeded"), "Completed"),
        (pod(ended(0, reason="Completed"), RUNNING, conditions=READY), "Running"),
        (pod(ended(0, reason="Completed"), RUNNING), "NotReady"),
        (pod(ended(0, reason="Completed"), ended(2, reason="Error")), "Error"),
        (pod(RUNNING, metadata={"deletionTimestamp": "x"}), "Terminating"),
        (pod(phase="Succeeded", metadata={"deletionTimestamp": "x"}), "Succeeded"),
        (pod(reason="NodeLost", metadata={"deletionTimestamp": "x"}), "Unknown"),
        (pod(initial=[{"name": "i"}], initContainerStatuses=[ended(1, "i")], phase="Pending"), "Init:ExitCode:1"),
        (pod(initial=[{"name": "i"}], initContainerStatuses=[{"name": "i", "state": {}}]), "Init:0/1"),
        (
            pod(phase="Pending", conditions=[{"type": "S", "status": "False", "reason": "SchedulingGated"}]),
            "SchedulingGated",
        ),
    ],
)
def test_the_status_is_the_word_that_kubectl_shows(obj: dict[str, Any], word: str) -> None:
    assert pods.status(obj) == word


def test_ready_counts_containers_and_sidecars() -> None:
    sidecar = {"name": "s", "restartPolicy": "Always"}
    statuses = [{"name": "s", "started": True, "ready": True}]
    assert pods.ready(pod(RUNNING)) == "1/2"
    assert pods.ready(pod(RUNNING, initial=[sidecar], initContainerStatuses=statuses)) == "2/3"


def test_restarts_tell_when_the_last_one_was() -> None:
    last = {"terminated": {"finishedAt": "2025-12-31T23:50:00Z"}}
    assert pods.restarts(pod({**RUNNING, "restartCount": 3, "lastState": last}), NOW) == "3 (10m ago)"
    assert pods.restarts(pod(RUNNING), NOW) == "0"


def test_wide_columns_say_none_where_nothing_is_known() -> None:
    assert [column.cell({"spec": {}}, NOW) for column in pods.COLUMNS if column.priority] == ["<none>"] * 4
    known = {"spec": {"nodeName": "n"}, "status": {"podIPs": [{"ip": "10.0.0.1"}]}}
    assert [column.cell(known, NOW) for column in pods.COLUMNS if column.priority][:2] == ["10.0.0.1", "n"]
