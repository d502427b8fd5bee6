"""Ending programs cleanly, on virtual time; the whole of it with real ones is in test_agent."""

from __future__ import annotations

from pathlib import Path

import msgspec

from dbaas.api.resource import Key
from dbaas.core.clock import LoopClock
from dbaas.core.process import Command, Exit, ProcessIdentity
from dbaas.core.simulation import run_virtually
from dbaas.laptop.layout import Layout
from dbaas.laptop.record import Record, load_record, save_record
from dbaas.laptop.stopping import stop_process, stop_recorded
from fixtures.processes import FakeProcesses

COMMAND = Command(("x",), Path("/"))


async def start(processes: FakeProcesses) -> ProcessIdentity:
    return await processes.start(COMMAND, Path("/"), lambda _: None)


def test_a_program_that_obeys_is_not_killed() -> None:
    processes = FakeProcesses()

    async def story() -> Exit:
        return await stop_process(processes, await start(processes), "SIGTERM", 10)

    assert run_virtually(story()) == Exit(signal="SIGTERM")
    assert processes.signals == ["SIGTERM"]


def test_all_recorded_programs_are_stopped_at_the_same_time(home: Path) -> None:
    processes, clock, layout = FakeProcesses(obedient=False), LoopClock(), Layout(home)
    keys = [Key("shop", name) for name in ("a", "b", "gone")]

    async def story() -> tuple[list[str], float]:
        for key in keys:
            identity = await start(processes)
            layout.make(key)
            record = Record(pid=identity.pid, born=identity.born, stop_timeout_seconds=20, ports={"main": 5})
            save_record(layout.record(key), record)
        processes.end(identity, Exit())
        return await stop_recorded(home, processes, clock), clock.monotonic()

    assert run_virtually(story()) == (["shop.a", "shop.b"], 20.0)
    record = load_record(layout.record(keys[0]))
    assert (record.identity, record.ports) == (None, {"main": 5})
    assert msgspec.json.decode(layout.record(keys[0]).read_bytes())["last_exit"]["signal"] == "SIGKILL"


def test_programs_are_stopped_though_nothing_can_be_written(home: Path) -> None:
    processes, layout, key = FakeProcesses(), Layout(home), Key("shop", "a")

    async def story() -> list[str]:
        identity = await start(processes)
        layout.make(key)
        save_record(layout.record(key), Record(pid=identity.pid, born=identity.born))
        layout.record(key).with_suffix(".new").mkdir()  # in the way of every write
        return await stop_recorded(home, processes, LoopClock())

    assert run_virtually(story()) == ["shop.a"]
    assert processes.signals == ["SIGTERM"]


def test_a_home_without_processes_needs_nothing(tmp_path: Path) -> None:
    assert run_virtually(stop_recorded(tmp_path / "nowhere", FakeProcesses(), LoopClock())) == []
