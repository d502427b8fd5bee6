"""The agent as a whole, with real programs: objects come and go, programs crash, dbaas itself is killed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dbaas.api.process import PROCESS
from dbaas.api.resource import FINALIZER, Key
from dbaas.core.clock import SystemClock
from dbaas.core.process import LocalProcesses
from dbaas.laptop.record import load_record, save_record
from dbaas.laptop.stopping import stop_recorded
from fixtures.disks import SmallDisk
from fixtures.laptop import SLEEPER, WEB, Laptop

OTHER = Key("shop", "other")
MADE = {"init": [{"command": ["touch", "$(CREATES)/made"], "creates": "stuff"}]}
QUICK = {"restart": {"backoff": "100ms"}}


async def test_a_process_is_started_and_its_status_tells_where_and_how(laptop: Laptop) -> None:
    laptop.put({})
    status = await laptop.until_ready()
    os.kill(status["pid"], 0)
    assert (status["phase"], status["restarts"]) == ("Running", 0)
    assert status["log"] == str(laptop.home / "logs/shop.web.log")
    assert laptop.condition(type="Alive")["status"] == "True"
    assert laptop.reasons() == ["Started"]


async def test_the_finalizer_is_there_before_the_program(laptop: Laptop) -> None:
    laptop.put({})
    await laptop.until_ready()
    found = laptop.client.peek(PROCESS, WEB)
    assert found is not None
    assert found.metadata.finalizers == [FINALIZER]


async def test_what_a_clean_stop_has_ended_serves_before_anybody_looks_for_it(laptop: Laptop) -> None:
    ready = {"ready": {"command": ["test", "-e", "$(DIRECTORY)/serves"], "period": "100ms"}}
    laptop.put({"command": ["sh", "-c", "sleep 0.2; touch serves; exec sleep 1000"], "probes": {**ready}})
    laptop.put({"stopped": True}, OTHER)
    await laptop.until_ready()
    await laptop.agent.stop_all()
    serves = laptop.home / "processes" / "shop.web" / "data" / "serves"
    serves.unlink()
    await laptop.restart()
    await laptop.agent.resume()
    assert serves.exists()
    assert load_record(laptop.home / "processes" / "shop.other" / "record.json").pid == 0
    assert "Crashed" not in laptop.reasons()


async def test_what_cannot_be_started_again_does_not_hold_up_the_rest(laptop: Laptop) -> None:
    laptop.put({"command": ["no-such-program"]}, OTHER)
    laptop.put({})
    await laptop.agent.resume()
    assert load_record(laptop.home / "processes" / "shop.web" / "record.json").pid > 0


async def test_a_slow_first_step_does_not_hold_up_the_start_and_is_finished_beside_it(laptop: Laptop) -> None:
    slow = {"init": [{"command": ["sh", "-c", "until test -e ../go; do sleep 0.02; done"], "creates": "stuff"}]}
    laptop.put(slow)
    await laptop.agent.resume(within_seconds=0.1)
    assert load_record(laptop.home / "processes" / "shop.web" / "record.json").pid == 0
    (laptop.home / "processes" / "shop.web" / "go").touch()
    await laptop.until_ready()
    assert laptop.reasons() == ["Initialised", "Started"]


async def test_a_slow_first_step_does_not_hold_up_the_stop(laptop: Laptop) -> None:
    laptop.put({"init": [{"command": ["sleep", "1000"], "creates": "stuff"}]})
    await laptop.agent.resume(within_seconds=0.1)
    async with asyncio.timeout(20):
        await laptop.agent.stop_all()
    assert not (laptop.home / "processes" / "shop.web" / "data" / "stuff").exists()


async def test_a_settled_process_writes_nothing_more(laptop: Laptop) -> None:
    laptop.put({})
    await laptop.until_ready()
    await laptop.settle()
    before = laptop.client.writes, len(laptop.client.events)
    await laptop.reconcile(WEB)
    await laptop.reconcile(WEB)
    assert (laptop.client.writes, len(laptop.client.events)) == before


async def test_a_program_that_is_killed_is_started_again_and_everybody_can_see_it(laptop: Laptop) -> None:
    laptop.put(QUICK)
    first = await laptop.until_ready()
    os.kill(first["pid"], signal.SIGKILL)
    held = await laptop.until_reason("CrashBackOff")
    assert held["lastExit"]["signal"] == "SIGKILL"
    assert "pid" not in held
    assert "was killed by SIGKILL; it is started again at 20" in laptop.condition()["message"]
    second = await laptop.until_ready()
    assert second["pid"] != first["pid"]
    assert second["restarts"] == 1
    assert laptop.reasons() == ["Started", "Crashed", "Started"]


async def test_a_program_that_fails_at_once_tells_the_last_line_of_its_log(laptop: Laptop) -> None:
    ready = {"ready": {"command": ["false"]}}
    laptop.put({**QUICK, "probes": ready, "command": ["sh", "-c", "echo first; echo no such option; exit 3"]})
    status = await laptop.until(lambda s: s.get("restarts", 0) >= 3)
    assert status["lastExit"]["code"] == 3
    assert status["lastExit"]["message"] == "exited with code 3: no such option"


async def test_a_program_that_ends_of_a_full_disk_says_so_by_its_reason(laptop: Laptop) -> None:
    said = "FATAL:  could not extend file: No space left on device"
    ready = {"ready": {"command": ["false"]}}
    laptop.put({**QUICK, "probes": ready, "command": ["sh", "-c", f"echo '{said}'; exit 1"]})
    await laptop.until_reason("DiskFull")
    assert said in laptop.condition()["message"]


async def test_a_changed_command_restarts_the_program_without_a_pause(laptop: Laptop) -> None:
    laptop.put({"restart": {"backoff": "1h", "maxBackoff": "2h"}})
    first = await laptop.until_ready()
    laptop.put({"command": ["sh", "-c", "exec sleep 2000"], "restart": {"backoff": "1h", "maxBackoff": "2h"}})
    second = await laptop.until(lambda s: s.get("pid") not in (first["pid"], None))
    assert (second["restarts"], second["lastExit"]["message"]) == (0, "was killed by SIGTERM when it was stopped")
    assert laptop.reasons() == ["Started", "Restarting", "Started"]


async def test_a_program_is_found_again_by_the_next_agent(laptop: Laptop) -> None:
    laptop.put({})
    first = await laptop.until_ready()
    await laptop.restart()
    await laptop.settle()
    assert laptop.status()["pid"] == first["pid"]
    assert laptop.condition()["status"] == "True"
    assert laptop.reasons() == ["Started", "Adopted"]


async def test_the_end_of_an_adopted_program_is_noticed(laptop: Laptop) -> None:
    laptop.put(QUICK)
    first = await laptop.until_ready()
    await laptop.restart()
    await laptop.settle()
    os.kill(first["pid"], signal.SIGKILL)
    second = await laptop.until(lambda s: s.get("pid") not in (first["pid"], None))
    assert second["restarts"] == 1


async def test_a_program_that_ended_while_dbaas_was_away_is_started_at_once(laptop: Laptop) -> None:
    laptop.put({"restart": {"backoff": "1h", "maxBackoff": "2h"}})
    first = await laptop.until_ready()
    await laptop.agent.close()
    await laptop.runs[0].end()
    await laptop.restart()
    second = await laptop.until(lambda s: s.get("pid") not in (first["pid"], None))
    assert second["lastExit"]["message"] == "ended while dbaas was not running"


async def test_a_pid_that_now_belongs_to_another_program_is_left_alone(laptop: Laptop) -> None:
    laptop.put({})
    await laptop.until_ready()
    await laptop.agent.close()
    stranger = subprocess.Popen(["sleep", "1000"])
    path = laptop.home / "processes/shop.web/record.json"
    save_record(path, load_record(path).__class__(pid=stranger.pid, born="another boot:1", runs="x"))
    await laptop.restart()
    laptop.delete()
    await laptop.until_gone()
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path

import pytest
sys.path.insert(0, sys.argv[2])
from fixtures.laptop import Laptop
async def main():
    laptop = Laptop(Path(sys.argv[1]))
    laptop.put({})
    status = await laptop.until_ready()
    print(status["pid"], flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""


async def test_a_program_survives_the_kill_of_dbaas_and_is_adopted(laptop: Laptop) -> None:
    tests = Path(__file__).parents[1]
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, laptop.home, tests], capture_output=True, check=False, text=True
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    laptop.put({})
    status = await laptop.until_ready()
    assert status["pid"] == int(killed.stdout)
    assert laptop.reasons() == ["Adopted"]
    laptop.delete()
    await laptop.until_gone()


async def test_a_stopped_process_keeps_its_data_and_can_be_started_again(laptop: Laptop) -> None:
    laptop.put(MADE)
    await laptop.until_ready()
    laptop.put({**MADE, "stopped": True})
    status = await laptop.until_reason("Stopped")
    assert "pid" not in status
    laptop.put(MADE)
    assert (await laptop.until_ready())["restarts"] == 0
    assert laptop.reasons() == ["Initialised", "Started", "Started"]


async def test_deletion_stops_the_program_and_keeps_its_folder(laptop: Laptop) -> None:
    laptop.put(MADE)
    await laptop.until_ready()
    laptop.delete()
    await laptop.until_gone()
    assert not laptop.runs[0].is_running(laptop.runs[0].started[0])
    assert (laptop.home / "processes/shop.web/data/stuff/made").exists()


async def test_a_folder_that_was_kept_is_used_again_by_a_new_object_of_that_name(laptop: Laptop) -> None:
    laptop.put(MADE)
    await laptop.until_ready()
    laptop.delete()
    await laptop.until_gone()
    laptop.put(MADE)
    assert (await laptop.until_ready())["restarts"] == 0
    assert laptop.reasons() == ["Initialised", "Started", "Started"]


async def test_deletion_with_policy_delete_leaves_nothing(laptop: Laptop) -> None:
    laptop.put({**MADE, "dataPolicy": "Delete"})
    await laptop.until_ready()
    laptop.delete()
    await laptop.until_gone()
    assert [path.name for path in sorted(laptop.home.rglob("*"))] == ["logs", "processes", "run"]


async def test_deletion_after_a_restart_of_dbaas_still_stops_the_program(laptop: Laptop) -> None:
    laptop.put({})
    await laptop.until_ready()
    laptop.client.mark_deleted(PROCESS, WEB)
    await laptop.restart()
    await laptop.until_gone()
    assert not laptop.runs[0].is_running(laptop.runs[0].started[0])


async def test_a_process_that_never_ran_can_be_deleted(laptop: Laptop) -> None:
    laptop.put({"programs": "/nowhere"})
    await laptop.until_reason("ProgramMissing")
    laptop.delete()
    await laptop.until_gone()


async def test_a_program_that_ignores_the_signal_is_killed_after_the_time(laptop: Laptop) -> None:
    script = "trap '' TERM; echo up > $(DIRECTORY)/up; while :; do sleep 1000; done"
    ready = {"ready": {"command": ["test", "-f", "$(DIRECTORY)/up"]}}
    laptop.put({"command": ["sh", "-c", script], "stopTimeout": "200ms", "probes": ready})
    await laptop.until_ready()
    laptop.put({"command": SLEEPER, "stopped": True})
    status = await laptop.until_reason("Stopped")
    assert status["lastExit"]["signal"] == "SIGKILL"


async def test_stop_all_stops_every_program_and_the_next_agent_starts_them(laptop: Laptop) -> None:
    for key in (WEB, OTHER):
        laptop.put({}, key)
    first = [(await laptop.until_ready(key))["pid"] for key in (WEB, OTHER)]
    await laptop.agent.stop_all()
    await laptop.reconcile(WEB)
    assert laptop.condition()["message"] == "the program does not run: dbaas is shutting down"
    assert not any(laptop.runs[0].is_running(process) for process in laptop.runs[0].started)
    await laptop.restart()
    status = await laptop.until_ready()
    assert status["restarts"] == 0
    assert status["pid"] not in first


async def test_stop_all_also_stops_what_was_not_adopted_yet(laptop: Laptop) -> None:
    laptop.put({})
    await laptop.until_ready()
    await laptop.agent.close()
    laptop.start()
    await laptop.agent.stop_all()
    assert not laptop.runs[0].is_running(laptop.runs[0].started[0])


async def test_without_any_agent_the_recorded_programs_can_be_stopped(laptop: Laptop) -> None:
    laptop.put({})
    await laptop.until_ready()
    await laptop.agent.close()
    processes = LocalProcesses(SystemClock())
    assert await stop_recorded(laptop.home, processes, SystemClock()) == ["shop.web"]
    assert await stop_recorded(laptop.home, processes, SystemClock()) == []
    await laptop.restart()
    assert (await laptop.until_ready())["restarts"] == 0


async def test_a_controller_watches_the_secrets_that_files_come_from(laptop: Laptop) -> None:
    laptop.put({"files": [{"path": "password", "secretKeyRef": {"name": "login", "key": "password"}}]})
    await laptop.until_reason("SecretMissing")
    controller = laptop.agent.controller()
    login = laptop.client.put_secret(Key("shop", "login"), {})
    elsewhere = laptop.client.put_secret(Key("other", "login"), {})
    assert list(controller.watches[0].wakes(login)) == [WEB]
    assert list(controller.watches[0].wakes(elsewhere)) == []


async def test_a_home_that_cannot_be_written_is_a_clear_condition(laptop: Laptop) -> None:
    (laptop.home / "logs").write_text("in the way")
    laptop.put({})
    await laptop.until_reason("FolderNotOurs")
    (laptop.home / "logs").unlink()
    (laptop.home / "logs").mkdir()
    (laptop.home / "logs" / "shop.web.log").mkdir()
    laptop.put({"command": ["sh", "-c", "exec sleep 2000"]})
    await laptop.until_reason("HomeNotWritable")
    assert "Is a directory" in laptop.condition()["message"]


async def test_where_the_disk_of_the_home_is_full_it_says_so_and_goes_on_when_there_is_room(
    small_disk: SmallDisk,
) -> None:
    laptop = Laptop(small_disk.path / "home")
    try:
        laptop.put({})
        first = await laptop.until_ready()
        small_disk.fill()
        laptop.put({"command": ["sh", "-c", "exec sleep 2000"]})
        await laptop.until_reason("DiskFull")
        assert str(small_disk.path) in laptop.condition()["message"]
        small_disk.make_room()
        assert (await laptop.until_ready())["pid"] != first["pid"]
    finally:
        await laptop.close()


@pytest.mark.parametrize("sets_aside", [False, True])
async def test_what_an_earlier_process_has_left_is_used_or_put_aside_once(laptop: Laptop, sets_aside: bool) -> None:
    spec = {"init": [{"command": ["true"], "creates": "stuff"}]}
    laptop.put(spec)
    await laptop.until_ready()
    folder = laptop.home / "processes" / "shop.web"
    (folder / "data" / "stuff" / "mine").touch()
    laptop.delete()
    await laptop.until_gone()
    laptop.put({**spec, "setsAside": sets_aside})
    await laptop.until_ready()
    assert (folder / "data" / "stuff" / "mine").exists() is not sets_aside
    assert (folder / "data.left-1" / "stuff" / "mine").exists() is sets_aside
    (folder / "data" / "stuff" / "later").touch()
    await laptop.restart()
    await laptop.until_ready()
    assert (folder / "data" / "stuff" / "later").exists()


async def test_data_is_thrown_away_once_for_each_wish_and_made_anew(laptop: Laptop) -> None:
    laptop.put(MADE)
    before = await laptop.until_ready()
    mine = laptop.home / "processes" / "shop.web" / "data" / "stuff" / "mine"
    for mark in ("a", "b"):
        mine.touch()
        laptop.put({**MADE, "dataMark": mark})
        status = await laptop.until_ready()
        assert not mine.exists() and mine.with_name("made").exists()
        assert status["pid"] != before["pid"]
        assert status["restarts"] == 0
        before = status
    mine.touch()
    laptop.put({**MADE, "dataMark": "b", "command": ["sh", "-c", "exec sleep 999"]})
    await laptop.until_ready()
    (laptop.home / "processes" / "shop.web" / "record.json").unlink()
    await laptop.restart()
    await laptop.until_ready()
    assert mine.exists(), "the folder itself says for whom it was made anew"
    assert laptop.reasons().count("DataDiscarded") == 2


async def test_a_program_that_cannot_start_gets_its_new_data_at_once(laptop: Laptop) -> None:
    broken = {"command": ["sh", "-c", "test ! -e stuff/bad && exec sleep 1000"], "restart": {"backoff": "60s"}, **MADE}
    laptop.put(broken)
    await laptop.until_ready()
    (laptop.home / "processes" / "shop.web" / "data" / "stuff" / "bad").touch()
    laptop.put({**broken, "env": [{"name": "A", "value": "1"}]})
    await laptop.until_reason("CrashBackOff")
    laptop.put({**broken, "dataMark": "a"})
    await laptop.until_ready()
