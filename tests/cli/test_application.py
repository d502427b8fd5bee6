"""Every end of a command is a message and an exit code that scripts can rely on."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.conftest import put
from dbaas.api.database import DATABASE
from dbaas.cli.application import execute, load_command
from dbaas.cli.commands import SUMMARIES
from dbaas.cli.exits import ExitCode
from dbaas.cli.session import Session
from dbaas.core.home import Home
from fixtures.laptop import free_port

pytestmark = pytest.mark.usefixtures("clean_environment")

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize("name", SUMMARIES)
def test_the_list_of_commands_says_what_each_says_of_itself(name: str) -> None:
    assert load_command(name).help.splitlines()[0] == SUMMARIES[name]


def test_help_lists_all_commands_and_exit_codes(capsys: Capture) -> None:
    assert execute(["-h"]) == ExitCode.OK
    out = capsys.readouterr().out
    assert [name for name in SUMMARIES if f"\n  {name} " not in out] == []
    assert "4 waited too long, 5 it runs already" in out


def test_a_command_that_is_done_ends_with_0(capsys: Capture) -> None:
    assert execute(["explain", "database.spec.owner"]) == ExitCode.OK
    assert capsys.readouterr().out.startswith("Database.spec.owner  <string>\n")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nonsense"], "No such command 'nonsense'"),
        (["get", "--nonsense"], "No such option: --nonsense"),
        (["get", "-o", "xml"], "'xml' is not one of 'table', 'wide', 'yaml', 'json', 'name'"),
        (["apply", "-o", "json"], "'json' is not one of 'table', 'name'"),
        (["plan", "-o", "name"], "'name' is not one of 'table', 'yaml', 'json'"),
        (["status", "-o", "wide"], "'wide' is not one of 'table', 'yaml', 'json'"),
        (["version", "-o", "name"], "'name' is not one of 'table', 'yaml', 'json'"),
        (["aply"], "No such command 'aply'. Did you mean 'apply'?"),
        (["credentials"], "Missing argument 'USER'"),
    ],
)
def test_a_wrong_command_line_ends_with_2(arguments: list[str], told: str, capsys: Capture) -> None:
    assert execute(arguments) == ExitCode.USAGE
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["get", "db", "-w", "-o", "json"], "--watch prints tables: it cannot go with -o json"),
        (["apply", "--wait", "--dry-run"], "nothing becomes ready by a dry run: leave out --wait or --dry-run"),
        (["delete"], "name either objects or manifests (-f)"),
        (["delete", "db/a", "-f", "a.yaml"], "name either objects or manifests (-f)"),
    ],
)
def test_arguments_that_make_no_sense_together_end_with_2_too(arguments: list[str], told: str, capsys: Capture) -> None:
    assert execute(arguments) == ExitCode.USAGE
    assert capsys.readouterr().err == f"error: {told}\n"


def test_a_refusal_ends_with_1_and_a_line_for_each_reason(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("{apiVersion: dbaas.io/v1, kind: Databse, metadata: {name: shop}}")
    assert execute(["validate", "-f", str(file)]) == ExitCode.FAILED
    assert capsys.readouterr().err == (
        "error: 1 problem in 1 object; nothing was changed\n"
        f"  {file}:1: Databse shop: kind: there is no kind 'Databse'; did you mean 'Database'?\n"
    )


def test_where_nothing_runs_it_ends_with_3_and_what_to_do(tmp_path: Path, capsys: Capture) -> None:
    assert execute(["get", "databases", "--home", str(tmp_path)]) == ExitCode.UNREACHABLE
    assert capsys.readouterr().err == (
        f"error: dbaas does not run on this machine (home {tmp_path})\n"
        "  start it: dbaas up -d\n"
        "  or name a Kubernetes cluster: --kubeconfig FILE, --context NAME\n"
    )


def test_a_server_that_does_not_answer_ends_with_3(tmp_path: Path, capsys: Capture) -> None:
    server = f"http://127.0.0.1:{free_port()}"
    body = {
        "current-context": "away", "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": {}}], "contexts": [{"name": "away", "context": {"cluster": "c", "user": "u"}}],
    }  # fmt: skip
    (tmp_path / "config").write_text(json.dumps(body))
    assert execute(["get", "databases", "--kubeconfig", str(tmp_path / "config")]) == ExitCode.UNREACHABLE
    err = capsys.readouterr().err
    assert err.startswith(f"target: context away\nerror: cannot reach {server}: ")


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    program = [sys.executable, "-c", "from dbaas.cli.main import run; run()", "explain", "cluster", "-r"]
    with os.fdopen(write) as closed:
        done = subprocess.run(program, stdout=closed, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


async def test_an_answer_goes_to_the_output_and_the_target_beside_it(
    session: Session, laptop_home: Home, capsys: Capture
) -> None:
    await put(session, DATABASE, "shop", {"instanceRef": {"name": "main"}})
    code = await asyncio.to_thread(execute, ["get", "db", "--home", str(laptop_home.path)])
    captured = capsys.readouterr()
    assert (code, captured.err) == (ExitCode.OK, "target: laptop\n")
    assert captured.out.splitlines()[1].split()[:2] == ["shop", "main"]


async def test_machines_get_nothing_but_the_answer(session: Session, laptop_home: Home, capsys: Capture) -> None:
    await put(session, DATABASE, "shop", {"instanceRef": {"name": "main"}})
    assert await asyncio.to_thread(execute, ["get", "db", "-o", "name", "--home", str(laptop_home.path)]) == 0
    assert capsys.readouterr() == ("database.dbaas.io/shop\n", "")


async def test_what_is_absent_ends_with_1(laptop_home: Home, capsys: Capture) -> None:
    assert await asyncio.to_thread(execute, ["get", "db", "none", "--home", str(laptop_home.path)]) == ExitCode.FAILED
    assert capsys.readouterr().err == "target: laptop\nerror: there is no Database 'none' in namespace 'default'\n"


async def test_waiting_too_long_ends_with_4(session: Session, laptop_home: Home, capsys: Capture) -> None:
    await put(session, DATABASE, "shop", {"instanceRef": {"name": "main"}})
    code = await asyncio.to_thread(execute, ["wait", "db", "--timeout", "0s", "--home", str(laptop_home.path)])
    assert code == ExitCode.TIMED_OUT
    assert capsys.readouterr().err == (
        "target: laptop\n"
        "error: 1 of 1 object not ready after 0 s\n"
        "  database/shop: nothing has looked at it yet\n"
        "  more: dbaas describe database shop -n default\n"
    )


async def test_a_server_that_refuses_is_told_in_a_line(laptop_home: Home, capsys: Capture) -> None:
    laptop_home.token.write_text("wrong")
    code = await asyncio.to_thread(execute, ["get", "db", "--home", str(laptop_home.path)])
    assert code == ExitCode.FAILED
    assert "Unauthorized" in capsys.readouterr().err.splitlines()[1]
