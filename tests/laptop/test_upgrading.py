"""A process whose folder is of an older version: asked while it serves, upgraded, finished; refused; taken back."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from dbaas.core.process import Command
from dbaas.laptop.stopping import stop_recorded
from fixtures.laptop import WEB, Laptop

# What it was started on, and what it serves: its own folder, as a server would.
SERVE = "cat data/VERSION > served; exec sleep 1000"
COMMAND = "cp $(OLD)/rows $(CREATES)/rows; echo 18 > $(CREATES)/VERSION"
UNDO = "test ! -e $(NEW)/used || { echo 'tool: error: it was used'; exit 1; }"


def shell(script: str) -> list[str]:
    return ["/bin/sh", "-ec", script]


def process(version: str, **scripts: str) -> dict[str, Any]:
    sources = [{"version": "16", "programs": "/bin"}] if version == "18" else []
    upgrade = {
        "sources": sources,
        "check": shell(scripts.get("check", ":")),
        "command": shell(scripts.get("command", COMMAND)),
        "undo": shell(UNDO),
        "after": shell(scripts.get("after", "echo extensions are old")),
    }
    step = {
        "command": shell(f"echo 42 > $(CREATES)/rows; echo {version} > $(CREATES)/VERSION"),
        "creates": "data", "mark": {"path": "VERSION", "version": version}, "upgrade": upgrade,
    }  # fmt: skip
    ready = {"command": shell('grep -qx "$VERSION" served'), "period": "50ms"}
    return {
        "init": [step], "command": shell(scripts.get("serve", SERVE)), "probes": {"ready": ready},
        "restart": {"backoff": "50ms"}, "env": [{"name": "VERSION", "value": version}],
    }  # fmt: skip


@pytest.fixture
def folder(laptop: Laptop) -> Path:
    return laptop.home / f"processes/{WEB.namespace}.{WEB.name}/data"


async def begin(laptop: Laptop) -> int:
    """One that serves with data of version 16; its pid."""
    laptop.put(process("16"))
    return int((await laptop.until_ready())["pid"])


def version(folder: Path) -> str:
    return (folder / "data" / "VERSION").read_text().strip()


async def test_a_newer_version_takes_over_the_data_and_what_that_was_made_from_goes(
    laptop: Laptop, folder: Path
) -> None:
    pid = await begin(laptop)
    laptop.put(process("18"))
    await laptop.until(lambda _: "UpgradeFinished" in laptop.reasons())
    status = await laptop.until_ready()
    assert status["pid"] != pid
    assert (version(folder), (folder / "data/rows").read_text()) == ("18", "42\n")
    assert (folder / "served").read_text() == "18\n"
    assert not (folder / "data.before").exists()
    (event,) = (each for each in laptop.client.events if each.reason == "UpgradeFinished")
    assert event.note == "there is no way back any more; extensions are old"
    writes = laptop.client.writes
    laptop.enqueue(None, WEB)  # type: ignore[arg-type]
    await laptop.settle()
    assert laptop.client.writes == writes


async def test_while_it_is_asked_the_program_serves_on_and_where_it_cannot_be_nothing_is_ended(
    laptop: Laptop, folder: Path
) -> None:
    pid = await begin(laptop)
    os.mkfifo(folder / "go")
    laptop.put(process("18", check=f"cat {folder}/go > /dev/null; echo 'tool: error: it has slots'; exit 1"))
    await laptop.until_reason("Upgrading")
    assert "the program serves on" in laptop.condition()["message"]
    await asyncio.get_running_loop().run_in_executor(None, (folder / "go").write_text, "x")
    await laptop.until_reason("UpgradeFailed")
    assert laptop.condition()["message"] == "the data stays as it was, because it cannot be upgraded: it has slots"
    assert laptop.status()["pid"] == pid
    laptop.put(process("16"))
    assert (await laptop.until_ready())["pid"] == pid
    assert "Restarting" not in laptop.reasons()


async def test_one_that_fails_leaves_the_data_and_the_older_version_serves_again(laptop: Laptop, folder: Path) -> None:
    await begin(laptop)
    laptop.put(process("18", command="echo 'tool: error: no room'; exit 1"))
    await laptop.until_reason("UpgradeFailed")
    assert "no room" in laptop.condition()["message"]
    assert "pid" not in laptop.status()
    laptop.put(process("16"))
    await laptop.until_ready()
    assert version(folder) == "16"


async def test_one_whose_program_does_not_come_up_can_be_taken_back(laptop: Laptop, folder: Path) -> None:
    await begin(laptop)
    laptop.put(process("18", serve="exit 3"))
    await laptop.until_reason("CrashBackOff")
    assert version(folder) == "18"
    laptop.put(process("16"))
    await laptop.until_ready()
    assert "UpgradeUndone" in laptop.reasons()
    assert (version(folder), (folder / "served").read_text()) == ("16", "16\n")


async def test_there_is_no_way_back_from_what_has_been_used(laptop: Laptop, folder: Path) -> None:
    await begin(laptop)
    laptop.put(process("18", serve="touch data/used; exit 3"))
    await laptop.until_reason("CrashBackOff")
    laptop.put(process("16"))
    await laptop.until_reason("DataOfOtherVersion")
    assert "there is no way back to 16: it was used; ask for version 18" in laptop.condition()["message"]
    laptop.put(process("18"))
    await laptop.until_ready()


async def test_killed_at_any_point_of_it_the_next_run_of_ours_brings_it_to_its_end(
    laptop: Laptop, folder: Path
) -> None:
    await begin(laptop)
    os.mkfifo(folder / "reached")
    stay = f"test -e $(DIRECTORY)/again || {{ echo x > {folder}/reached; sleep 1000; }}"
    laptop.put(process("18", command=f"{COMMAND}; {stay}"))
    await laptop.until(lambda s: "pid" not in s and laptop.condition().get("reason") == "Upgrading")
    await asyncio.get_running_loop().run_in_executor(None, (folder / "reached").read_text)
    (folder / "again").touch()
    await laptop.restart()
    await laptop.until_ready()
    assert version(folder) == "18"
    assert not list(folder.glob(".data.new-*"))


async def test_a_stopped_process_gives_up_what_goes_on(laptop: Laptop, folder: Path) -> None:
    await begin(laptop)
    laptop.put(process("18", command="exec sleep 1000"))
    await laptop.until(lambda s: "pid" not in s and laptop.condition().get("reason") == "Upgrading")
    laptop.put({**process("18"), "stopped": True})
    await laptop.until_reason("Stopped")
    assert version(folder) == "16"
    assert laptop.machine.processes.kill_workers(folder) == []
    laptop.delete()
    await laptop.until_gone()


async def test_what_a_run_of_ours_that_was_killed_has_left_at_work_is_ended_with_all_else(
    laptop: Laptop, folder: Path
) -> None:
    await begin(laptop)
    laptop.put({**process("16"), "stopped": True})
    await laptop.until(lambda s: s["phase"] == "Stopped")
    left = await laptop.runs[0].start(Command(("/bin/sleep", "1000"), folder), laptop.home / "log", lambda _: None)
    await stop_recorded(laptop.home, laptop.machine.processes, laptop.machine.clock)
    assert not laptop.runs[0].is_running(left)
