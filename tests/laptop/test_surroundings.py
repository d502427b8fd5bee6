"""Variables in commands, and the digests that tell whether what runs is what is wanted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dbaas.api.process import EnvironmentVariable, ProcessFile, ProcessSpec
from dbaas.core.process import User
from dbaas.laptop.surroundings import Launch, Surroundings, build_launch, expand

PLACE = Surroundings(
    Path("/opt/bin"), Path("/data"), Path("/run/x"), {"main": 5, "admin-http": 6},
    [EnvironmentVariable(name="WHERE", value="$(RUN)")],
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$(A)", "1"), ("x$(A)y$(A)", "x1y1"), ("$(B)", "$(B)"), ("$$(A)", "$(A)"), ("$A $() $(A", "$A $() $(A"),
        ("$(LOOP)", "$(A)"),
    ],
)  # fmt: skip
def test_variables_are_expanded_once_as_kubernetes_does_it(text: str, expected: str) -> None:
    assert expand(text, {"A": "1", "LOOP": "$(A)"}) == expected


def test_a_command_knows_its_folders_ports_and_program() -> None:
    command = PLACE.command(["serve", "$(DIRECTORY)", "$(RUN)", "$(HOST):$(PORT_MAIN)", "$(PORT_ADMIN_HTTP)"])
    assert command.argv == ("/opt/bin/serve", "/data", "/run/x", "127.0.0.1:5", "6")
    assert command.env == {"PATH": "/opt/bin:/usr/bin:/bin", "HOME": "/data", "WHERE": "/run/x"}
    assert command.directory == Path("/data")


def test_others_reach_an_instance_where_it_listens_and_know_it_by_its_own_name() -> None:
    member = replace(PLACE, namespace="shop", more={"POD": "main-2"})
    argv = member.command(["/x", "$(ADDRESS):$(PORT_MAIN)", "$(NAMESPACE)/$(POD)"]).argv
    assert argv == ("/x", "127.0.0.1:5", "shop/main-2")


def test_a_program_by_path_is_taken_as_it_is() -> None:
    assert PLACE.command(["/bin/sh"]).argv == ("/bin/sh",)


def launch(content: str = "x", on_change: Any = "restart", **spec: Any) -> Launch:
    file = ProcessFile(path="f", content=content, on_change=on_change)
    wanted = ProcessSpec.model_validate({"programs": "/opt/bin", "command": ["serve"], "files": [file], **spec})
    return build_launch(wanted, PLACE, {"f": content.encode()})


@pytest.mark.parametrize(
    ("on_change", "restarts", "reloads"), [("restart", True, False), ("reload", False, True), ("nothing", False, False)]
)
def test_a_changed_file_shows_where_it_matters(on_change: str, restarts: bool, reloads: bool) -> None:
    one, two = launch("one", on_change), launch("two", on_change)
    assert (one.runs != two.runs, one.loaded != two.loaded) == (restarts, reloads)


def test_another_command_is_another_launch_and_another_probe_is_not() -> None:
    assert launch().runs != launch(command=["serve", "-v"]).runs
    assert launch().runs == launch(probes={"ready": {"port": "main"}}).runs
    assert launch().runs == launch().runs


def test_another_user_is_another_launch() -> None:
    spec = ProcessSpec.model_validate({"programs": "/opt/bin", "command": ["serve"]})
    other = Surroundings(Path("/opt/bin"), Path("/data"), Path("/run/x"), PLACE.ports, PLACE.env, User("nobody", 1, 1))
    assert build_launch(spec, PLACE, {}).runs != build_launch(spec, other, {}).runs


def test_a_restart_that_was_asked_for_is_another_launch() -> None:
    asked = launch(restartedAt="2026-01-01T00:00:00Z")
    assert launch().runs != asked.runs != launch(restartedAt="2026-01-02T00:00:00Z").runs
    assert launch(restartedAt="2026-01-01T00:00:00Z").runs == asked.runs
