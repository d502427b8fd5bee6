"""A neutral instance as a Process: nothing is lost, nothing is said that is so by default."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.api.process import ProcessSpec
from dbaas.contracts.provider import CheckCommand, File, Init, Instance, Port, SecretKey, Stop, VersionMark
from dbaas.contracts.upgrade import Upgrade
from dbaas.providers.process.rendering import render_spec

PLAIN = {"programs": "/opt/bin", "command": ["serve"]}


def render(*, stopped: bool = False, keeps_data: bool = True, **instance: Any) -> dict[str, Any]:
    found = render_spec(Instance("main", ("serve",), **instance), "/opt/bin", stopped=stopped, keeps_data=keeps_data)
    ProcessSpec.model_validate(found)
    return {name: value for name, value in found.items() if PLAIN.get(name) != value}


def test_an_instance_with_nothing_special_says_only_what_to_run() -> None:
    assert render_spec(Instance("main", ("serve",)), "/opt/bin", stopped=False, keeps_data=True) == PLAIN


def test_what_is_not_as_by_default_is_said() -> None:
    assert render(stopped=True, keeps_data=False, reload_signal="SIGUSR1") == {
        "stopped": True, "dataPolicy": "Delete", "reloadSignal": "SIGUSR1",
    }  # fmt: skip


def test_steps_before_the_first_start_keep_their_order() -> None:
    steps = (Init(("one", "$(CREATES)"), "data"), Init(("two",), "more"))
    assert render(init=steps) == {
        "init": [{"command": ["one", "$(CREATES)"], "creates": "data"}, {"command": ["two"], "creates": "more"}]
    }


def test_a_step_says_how_to_tell_the_version_of_what_it_made() -> None:
    (step,) = render(init=(Init(("one",), "data", VersionMark("VERSION", "18")),))["init"]
    assert step["mark"] == {"path": "VERSION", "version": "18"}


def test_a_step_says_how_folders_of_older_versions_are_upgraded() -> None:
    upgrade = Upgrade(("ask",), ("do",), ("undo",), ("after",))
    instance = Instance("main", ("serve",), init=(Init(("one",), "data", VersionMark("V", "18"), upgrade),))
    found = render_spec(instance, "/opt/18", stopped=False, keeps_data=True, older={"16": "/opt/16"})
    ProcessSpec.model_validate(found)
    (step,) = found["init"]
    assert step["upgrade"] == {
        "sources": [{"version": "16", "programs": "/opt/16"}],
        "check": ["ask"], "command": ["do"], "undo": ["undo"], "after": ["after"],
    }  # fmt: skip


def test_the_environment_is_in_order_of_names() -> None:
    assert render(env={"B": "2", "A": ""}) == {"env": [{"name": "A"}, {"name": "B", "value": "2"}]}


@pytest.mark.parametrize(
    ("file", "rendered"),
    [
        (File("a", "text"), {"path": "a", "content": "text"}),
        (File("a", ""), {"path": "a", "content": ""}),
        (File("a"), {"path": "a", "content": ""}),
        (File("a", secret=SecretKey("s", "k")), {"path": "a", "secretKeyRef": {"name": "s", "key": "k"}}),
        (File("a", "x", on_change="nothing"), {"path": "a", "content": "x", "onChange": "nothing"}),
    ],
    ids=["text", "empty", "nothing", "secret", "on change"],
)
def test_a_file_has_its_content_or_a_secret(file: File, rendered: dict[str, Any]) -> None:
    assert render(files=(file,)) == {"files": [rendered]}


def test_the_usual_port_is_what_is_preferred() -> None:
    assert render(ports=(Port("main", 5432),)) == {"ports": [{"name": "main", "preferred": 5432}]}


def test_probes_are_commands_or_ports() -> None:
    ready = CheckCommand(("ask", "$(PORT_MAIN)"), period_seconds=0.25, timeout_seconds=1.5)
    assert render(ready=ready, alive=CheckCommand(port="main", failures=7)) == {
        "probes": {
            "ready": {"command": ["ask", "$(PORT_MAIN)"], "period": "250ms", "timeout": "1500ms"},
            "alive": {"port": "main", "failures": 7},
        }
    }


@pytest.mark.parametrize(
    ("seconds", "text"), [(30.0, "30s"), (0.5, "500ms"), (90, "90s"), (0.0004, "0s"), (1.0004, "1s"), (0.3, "300ms")]
)
def test_durations_are_written_to_the_millisecond(seconds: float, text: str) -> None:
    assert render(stop=Stop("SIGTERM", seconds)) == {"stopTimeout": text}
