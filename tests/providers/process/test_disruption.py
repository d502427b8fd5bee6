"""What a program on the laptop is started anew for, and what not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dbaas.api.process import PROCESS
from dbaas.api.resource import build_resource
from dbaas.contracts.provider import Disruption
from dbaas.providers.process.disruption import find_disruption

FILES = [
    {"path": "start.conf", "content": "a"},
    {"path": "reload.conf", "content": "a", "onChange": "reload"},
]
SPEC: dict[str, Any] = {"programs": "/opt/18", "command": ["server", "-D", "x"], "files": FILES}


def changed(**more: Any) -> Disruption | None:
    """Without what can be had meanwhile."""
    found = disruption(**more)
    return replace(found, meanwhile=None) if found is not None else None


def disruption(**more: Any) -> Disruption | None:
    metadata = {"name": "main", "namespace": "default"}
    before, status = {**SPEC, **more.pop("before", {})}, more.pop("status", {})
    running = build_resource(PROCESS, {"metadata": metadata, "spec": before, "status": status})
    return find_disruption(running, {"kind": "Process", "metadata": metadata, "spec": {**SPEC, **more}})


def test_what_stays_as_it_is_ends_nothing() -> None:
    assert changed() is None


def test_an_exporter_that_is_started_anew_ends_nothing() -> None:
    metadata = {"name": "main-exporter", "namespace": "default", "labels": {"app.kubernetes.io/component": "metrics"}}
    running = build_resource(PROCESS, {"metadata": metadata, "spec": SPEC})
    assert (
        find_disruption(running, {"kind": "Process", "metadata": metadata, "spec": {**SPEC, "command": ["x"]}}) is None
    )


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ({"command": ["server", "-D", "y"]}, "command"),
        ({"env": [{"name": "TZ", "value": "UTC"}]}, "env"),
        ({"files": [{"path": "start.conf", "content": "b"}, FILES[1]]}, "start.conf"),
        ({"files": [FILES[1]]}, "start.conf"),
        ({"files": [*FILES, {"path": "more.conf", "content": ""}]}, "more.conf"),
    ],
)
def test_what_is_read_at_start_needs_another_start(more: dict[str, Any], what: str) -> None:
    assert changed(**more) == Disruption(what)


@pytest.mark.parametrize(
    "more",
    [
        {"files": [FILES[0], {**FILES[1], "content": "b"}]},
        {"stopTimeout": "5s"},
        {"probes": {"ready": {"command": ["true"]}}},
        {"dataPolicy": "Delete"},
        {"stopped": True, "command": ["other"]},
        {"before": {"stopped": True}, "command": ["other"]},
    ],
)
def test_what_is_read_again_or_not_running_ends_nothing(more: dict[str, Any]) -> None:
    assert changed(**more) is None


def test_newer_programs_alone_are_an_upgrade() -> None:
    assert changed(programs="/opt/18.1") == Disruption("other programs", is_upgrade=True)
    assert changed(programs="/opt/18.1", command=["other"]) == Disruption("command, other programs")


def test_another_major_version_is_more_than_other_programs_and_is_begun_entirely_or_not_at_all() -> None:
    steps = {v: [{"command": ["make"], "creates": "data", "mark": {"path": "V", "version": v}}] for v in ("16", "18")}
    found = disruption(before={"programs": "/opt/16", "init": steps["16"]}, init=steps["18"])
    assert found is not None and found.meanwhile is not None
    assert (found.what, found.is_upgrade) == ("version 18 instead of 16", False)
    assert (found.meanwhile["spec"]["init"], found.meanwhile["spec"]["programs"]) == (steps["16"], "/opt/16")


def test_what_does_not_run_any_more_has_nothing_to_lose() -> None:
    assert changed(command=["other"], status={"observedGeneration": 1, "pid": 7}) == Disruption("command")
    assert changed(command=["other"], status={"observedGeneration": 1}) is None


def test_a_restart_that_is_asked_for_says_so() -> None:
    assert changed(restartedAt="2026-01-01T00:00:00Z") == Disruption("a restart", is_asked=True)


def test_meanwhile_it_has_what_needs_no_other_start() -> None:
    files = [{**FILES[0], "content": "b"}, {**FILES[1], "content": "b"}]
    found = disruption(files=files, command=["other"], env=[{"name": "TZ", "value": "UTC"}], stopTimeout="5s")
    assert found is not None and found.meanwhile is not None
    assert found.meanwhile["spec"] == {
        "programs": "/opt/18",
        "command": ["server", "-D", "x"],
        "files": [{**FILES[1], "content": "b"}, FILES[0]],
        "stopTimeout": "5s",
    }
    assert disruption(before=found.meanwhile["spec"], files=files, command=["other"]) is not None
