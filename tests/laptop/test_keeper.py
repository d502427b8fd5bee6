"""The steps that bring one process to its spec: init, files, ports, probes, reload and restart."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from dbaas.api.resource import Key
from dbaas.laptop import initialise
from dbaas.laptop.keeper import RELOAD_GAP_SECONDS
from fixtures.laptop import WEB, Laptop, free_port, needs_root

OTHER = Key("shop", "other")
# serves TCP on the port it is told, and appends the content of `settings` to `seen` at start and at each SIGHUP
SERVER = """
import os, signal, socket, sys
def see(*_):
    with open("seen", "a") as seen: seen.write(open("settings").read() + "\\n")
signal.signal(signal.SIGHUP, see)
see()
listener = socket.create_server((sys.argv[1], int(sys.argv[2])))
while True: listener.accept()[0].close()
"""


def server(**more: Any) -> dict[str, Any]:
    files = [{"path": "settings", "content": "one", "onChange": "reload"}]
    return {
        "command": [sys.executable, "-c", SERVER, "$(HOST)", "$(PORT_MAIN)"],
        "programs": str(Path(sys.executable).parent),
        "files": files,
        "ports": [{"name": "main", "preferred": free_port()}],
        "probes": {"ready": {"port": "main", "period": "100ms"}},
        "restart": {"backoff": "100ms"},
        **more,
    }


def file(laptop: Laptop, path: str) -> Path:
    return laptop.home / "processes/shop.web/data" / path


async def test_a_preferred_port_is_taken_if_it_is_free_and_kept_for_ever(laptop: Laptop) -> None:
    spec = server()
    laptop.put(spec)
    status = await laptop.until_ready()
    assert status["host"] == "127.0.0.1"
    assert status["ports"] == {"main": spec["ports"][0]["preferred"]}
    laptop.put({**spec, "ports": [{"name": "main", "preferred": free_port()}]})
    assert (await laptop.until_ready())["ports"] == status["ports"]


async def test_the_next_free_port_is_chosen_where_the_preferred_one_is_taken(laptop: Laptop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        laptop.put(server(ports=[{"name": "main", "preferred": port}]))
        status = await laptop.until_ready()
        assert status["ports"]["main"] > port


async def test_two_processes_never_get_the_same_port_even_when_one_is_stopped(laptop: Laptop) -> None:
    spec = server()
    laptop.put(spec)
    first = await laptop.until_ready()
    laptop.put({**spec, "stopped": True})
    await laptop.until_reason("Stopped")
    laptop.put(spec, OTHER)
    assert (await laptop.until_ready(OTHER))["ports"]["main"] > first["ports"]["main"]


@pytest.mark.slow
async def test_a_known_port_that_somebody_else_has_taken_is_a_clear_condition_and_no_silent_change(
    laptop: Laptop,
) -> None:
    spec = server()
    laptop.put(spec)
    port = (await laptop.until_ready())["ports"]["main"]
    laptop.put({**spec, "stopped": True})
    await laptop.until_reason("Stopped")
    with socket.create_server(("127.0.0.1", port)):
        laptop.put(spec)
        status = await laptop.until_reason("PortInUse")
    assert f"port {port} (main) is taken by another program" in laptop.condition()["message"]
    assert f"process {os.getpid()}" in laptop.condition()["message"]
    assert status["ports"] == {"main": port}
    assert (await laptop.until_ready())["ports"] == {"main": port}


async def test_a_changed_file_is_reloaded_or_needs_a_restart_as_it_says(laptop: Laptop) -> None:
    spec = server()
    laptop.put(spec)
    pid = (await laptop.until_ready())["pid"]
    laptop.put({**spec, "files": [{"path": "settings", "content": "two", "onChange": "reload"}]})
    assert (await laptop.until_ready())["pid"] == pid
    laptop.put({**spec, "files": [{"path": "settings", "content": "three", "onChange": "restart"}]})
    await laptop.until(lambda s: s.get("pid") not in (pid, None))
    await laptop.until_ready()
    assert file(laptop, "seen").read_text().split() == ["one", "two", "three"]
    assert laptop.reasons() == ["Started", "Reloaded", "Restarting", "Started"]


@pytest.mark.slow
async def test_changes_that_follow_each_other_closely_are_all_read_without_a_signal_on_top_of_another(
    laptop: Laptop,
) -> None:
    """A program may be deaf while it reads its files again, so the next signal waits."""
    spec = server()
    laptop.put(spec)
    await laptop.until_ready()
    signalled = []
    for content in ("two", "three"):
        laptop.put({**spec, "files": [{"path": "settings", "content": content, "onChange": "reload"}]})
        await laptop.until(lambda _, content=content: file(laptop, "seen").read_text().split()[-1] == content)
        signalled.append(time.monotonic())
    assert signalled[1] - signalled[0] > RELOAD_GAP_SECONDS - 0.5
    assert file(laptop, "seen").read_text().split() == ["one", "two", "three"]


async def test_a_file_that_needs_nothing_is_written_and_nobody_is_told(laptop: Laptop) -> None:
    laptop.put({"files": [{"path": "notes", "content": "one", "onChange": "nothing"}]})
    await laptop.until_ready()
    laptop.put({"files": [{"path": "notes", "content": "two", "onChange": "nothing"}]})
    await laptop.until_ready()
    assert file(laptop, "notes").read_text() == "two"
    assert laptop.reasons() == ["Started"]


async def test_a_file_that_is_wanted_no_more_is_removed(laptop: Laptop) -> None:
    laptop.put({"files": [{"path": "etc/old", "content": "x", "onChange": "nothing"}]})
    await laptop.until_ready()
    assert file(laptop, "etc/old").exists()
    laptop.put({"files": [{"path": "etc/new", "content": "x", "onChange": "nothing"}]})
    await laptop.until_ready()
    assert [path.name for path in file(laptop, "etc").iterdir()] == ["new"]


async def test_a_changed_secret_is_written_and_the_program_told(laptop: Laptop) -> None:
    reference = {"name": "login", "key": "password"}
    laptop.put_secret("login", password="first")
    laptop.put(server(files=[{"path": "settings", "secretKeyRef": reference, "onChange": "reload"}]))
    await laptop.until_ready()
    laptop.put_secret("login", password="second")
    await laptop.settle()
    assert file(laptop, "settings").read_text() == "second"
    assert file(laptop, "settings").stat().st_mode & 0o777 == 0o600
    assert laptop.reasons() == ["Started", "Reloaded"]
    assert "first" not in str(laptop.client.events) + str(laptop.status())


@pytest.mark.parametrize(
    ("values", "message"),
    [(None, "Secret 'login' does not exist"), ({"other": "x"}, "needs key 'password' of Secret 'login', which has no")],
    ids=["no secret", "no key"],
)
async def test_a_missing_secret_is_waited_for(laptop: Laptop, values: dict[str, str] | None, message: str) -> None:
    if values is not None:
        laptop.put_secret("login", **values)
    laptop.put({"files": [{"path": "password", "secretKeyRef": {"name": "login", "key": "password"}}]})
    await laptop.until_reason("SecretMissing")
    assert message in laptop.condition()["message"]
    laptop.put_secret("login", password="here")
    await laptop.until_ready()


async def test_a_secret_that_vanishes_does_not_disturb_what_runs(laptop: Laptop) -> None:
    laptop.put_secret("login", password="here")
    laptop.put({"files": [{"path": "password", "secretKeyRef": {"name": "login", "key": "password"}}]})
    await laptop.until_ready()
    laptop.client.objects.pop(("secrets", Key("shop", "login")))
    await laptop.reconcile(WEB)
    assert laptop.condition()["status"] == "True"
    assert laptop.reasons() == ["Started", "SecretMissing"]


async def test_an_init_step_that_fails_leaves_nothing_and_is_tried_again(laptop: Laptop) -> None:
    script = 'touch "$(CREATES)/half"; test -f "$(DIRECTORY)/allowed" || { echo "$(cat secret) no"; exit 1; }'
    laptop.put_secret("login", password="hidden")
    spec = {
        "init": [{"command": ["sh", "-c", script], "creates": "stuff"}],
        "files": [{"path": "secret", "secretKeyRef": {"name": "login", "key": "password"}, "onChange": "nothing"}],
    }
    laptop.put(spec)
    await laptop.until_reason("InitFailed")
    assert laptop.condition()["message"] == "cannot make 'stuff': sh exited with code 1: ******** no"
    assert not file(laptop, "stuff").exists()
    file(laptop, "allowed").touch()
    await laptop.until_ready()
    assert [path.name for path in file(laptop, "stuff").iterdir()] == ["half"]


@pytest.mark.parametrize("is_brought_back", [True, False])
async def test_data_that_was_served_and_is_gone_is_not_made_anew_unless_somebody_says_so(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch, is_brought_back: bool
) -> None:
    monkeypatch.setattr(initialise, "LOOK_AGAIN_SECONDS", 0.1)
    step = {"command": ["touch", "$(CREATES)/rows"], "creates": "data", "once": True}
    laptop.put({"restart": {"backoff": "100ms"}, "init": [step]})
    first = await laptop.until_ready()
    await laptop.reconcile(WEB)
    elsewhere = file(laptop, "data").rename(laptop.home / "elsewhere")
    os.kill(first["pid"], signal.SIGKILL)
    held = await laptop.until_reason("DataMissing")
    assert f"{file(laptop, 'data')} is gone" in laptop.condition()["message"]
    assert ("pid" in held, file(laptop, "data").exists()) == (False, False)
    if is_brought_back:
        elsewhere.rename(file(laptop, "data"))
    else:
        laptop.delete()
        await laptop.until(lambda _: laptop.status() == {})
        laptop.put({"init": [{**step, "command": ["touch", "$(CREATES)/new"]}]})
    await laptop.until_ready()
    assert [each.name for each in file(laptop, "data").iterdir()] == ["rows" if is_brought_back else "new"]


async def test_files_in_a_folder_that_init_makes_are_written_after_it(laptop: Laptop) -> None:
    laptop.put(
        {
            "init": [{"command": ["cp", "$(DIRECTORY)/before", "$(CREATES)/copy"], "creates": "stuff"}],
            "files": [{"path": "before", "content": "x"}, {"path": "stuff/after", "content": "y"}],
        }
    )
    await laptop.until_ready()
    assert {path.name for path in file(laptop, "stuff").iterdir()} == {"copy", "after"}


async def test_a_program_that_does_not_serve_yet_says_why(laptop: Laptop) -> None:
    laptop.put({"probes": {"ready": {"command": ["sh", "-c", "echo not yet; test -f $(DIRECTORY)/go"]}}})
    await laptop.until(lambda s: "not yet" in laptop.condition().get("message", ""))
    assert laptop.condition()["reason"] == "Starting"
    file(laptop, "go").touch()
    await laptop.until_ready()


async def test_a_program_that_stops_serving_is_not_ready_after_as_many_failures_as_agreed(laptop: Laptop) -> None:
    probe = {"command": ["sh", "-c", "echo asked >> asked; test -f go"], "period": "50ms", "failures": 3}
    laptop.put({"files": [{"path": "go", "content": ""}], "probes": {"ready": probe}})
    await laptop.until_ready()
    file(laptop, "go").unlink()
    before = len(file(laptop, "asked").read_text().split())
    await laptop.until_reason("NotReady")
    assert len(file(laptop, "asked").read_text().split()) - before >= 3


async def test_a_program_that_is_not_alive_any_more_is_restarted(laptop: Laptop) -> None:
    probe = {"command": ["test", "!", "-f", "$(DIRECTORY)/sick"], "period": "50ms", "failures": 2}
    init = [{"command": ["true"], "creates": "stuff"}]
    laptop.put({"init": init, "probes": {"alive": probe}, "restart": {"backoff": "100ms"}})
    first = await laptop.until_ready()
    file(laptop, "sick").touch()
    await laptop.until(lambda s: s["restarts"] == 1)
    file(laptop, "sick").unlink()
    second = await laptop.until_ready()
    assert second["pid"] != first["pid"]
    assert laptop.reasons() == ["Initialised", "Started", "Restarting", "Crashed", "Started"]


async def test_what_a_program_is_given_is_in_its_environment_and_only_that(laptop: Laptop) -> None:
    laptop.put({"command": ["sh", "-c", "env > env.new; mv env.new env; exec sleep 1000"], "env": [
        {"name": "SOCKETS", "value": "$(RUN)"}], "probes": {"ready": {"command": ["test", "-f", "env"]}}})  # fmt: skip
    await laptop.until_ready()
    seen = dict(line.split("=", 1) for line in file(laptop, "env").read_text().splitlines())
    assert seen.keys() - {"PWD", "OLDPWD", "_", "SHLVL"} == {"PATH", "HOME", "SOCKETS"}
    assert Path(seen["SOCKETS"]).is_dir()


async def test_a_missing_program_is_a_clear_condition(laptop: Laptop) -> None:
    laptop.put({"command": ["nothing-of-that-name"]})
    await laptop.until_reason("ProgramMissing")
    assert laptop.condition()["message"] == "there is no program 'nothing-of-that-name' in /bin"


@needs_root
async def test_a_home_that_servers_cannot_enter_is_a_clear_condition(server_laptop: Laptop) -> None:
    server_laptop.home.chmod(0o700)
    server_laptop.put({})
    await server_laptop.until_reason("FolderNotReachable")
    assert f"allow it with `chmod o+x {server_laptop.home}`" in server_laptop.condition()["message"]
    server_laptop.home.chmod(0o711)
    await server_laptop.until_ready()


@needs_root
async def test_servers_run_as_their_user_and_cannot_touch_what_the_agent_records(server_laptop: Laptop) -> None:
    script = "id -un > who; rm -f ../record.json; echo x > ../new; exec sleep 1000"
    server_laptop.put({"command": ["sh", "-c", script], "probes": {"ready": {"command": ["test", "-s", "who"]}}})
    await server_laptop.until_ready()
    assert file(server_laptop, "who").read_text().strip() in ("dbaas", "nobody")
    assert {path.name for path in file(server_laptop, ".").parent.iterdir()} == {"data", "record.json"}


async def test_a_program_that_another_one_replaces_is_stopped_as_it_was_to_be_stopped(laptop: Laptop) -> None:
    script = "trap 'exit 7' INT; echo set > trap; while :; do sleep 0.01; done"
    probes = {"ready": {"command": ["test", "-s", "trap"]}}
    laptop.put({"command": ["sh", "-c", script], "stopSignal": "SIGINT", "probes": probes})
    await laptop.until_ready()
    laptop.put({"stopSignal": "SIGTERM"})
    status = await laptop.until(lambda s: "lastExit" in s)
    assert status["lastExit"]["code"] == 7
