"""Pauses after crashes, and what is recorded of an end, on virtual time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from dbaas.api.process import ProcessSpec, Restart
from dbaas.core.clock import LoopClock
from dbaas.core.offload import InlineOffload
from dbaas.core.process import Command, Exit
from dbaas.core.randomness import SeededRandomness
from dbaas.core.simulation import run_virtually
from dbaas.laptop.instance import Instance, mask
from dbaas.laptop.layout import Layout
from dbaas.laptop.logs import LOG_BYTES, LOOK_SECONDS, find_own_logs
from dbaas.laptop.machine import Machine
from dbaas.laptop.surroundings import Launch
from fixtures.laptop import WEB
from fixtures.processes import FakeProcesses

SPEC = ProcessSpec.model_validate({"programs": "/bin", "command": ["x"]})
LAUNCH = Launch(Command(("/bin/x",), Path("/")), "runs", "loaded")


class Scene:
    """An instance with imagined processes and a real folder."""

    def __init__(self, home: Path) -> None:
        self.processes, self.clock = FakeProcesses(), LoopClock()
        self.layout = Layout(home)
        self.layout.make(WEB)
        self.machine = Machine(self.processes, self.clock, SeededRandomness(1), InlineOffload())

    def play(self, story: Callable[[Instance], Awaitable[None]]) -> None:
        async def run() -> None:
            instance = Instance(WEB, self.layout, self.machine, lambda: None)
            await story(instance)
            if instance.guard:
                await instance.guard.close()

        run_virtually(run())

    async def crash(self, instance: Instance, after: float = 0.0) -> float:
        """Starts it, lets it crash, and gives the pause before the next start."""
        guard = await instance.start(LAUNCH, SPEC, {})
        await self.clock.sleep(after)
        self.processes.end(guard.process, Exit(code=1))
        await guard.wait()
        await instance.note_end(Restart(), {})
        return instance.start_at - self.clock.monotonic()


@pytest.fixture
def scene(home: Path) -> Scene:
    return Scene(home)


def test_pauses_double_up_to_the_longest_and_begin_anew_after_a_long_run(scene: Scene) -> None:
    async def story(instance: Instance) -> None:
        pauses = [await scene.crash(instance) for _ in range(9)]
        for pause, full in zip(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60], strict=True):
            assert full / 2 <= pause <= full
        assert await scene.crash(instance, after=61) <= 1
        assert instance.record.restarts == 10

    scene.play(story)


def test_what_was_started_is_recorded_before_it_runs(scene: Scene) -> None:
    async def story(instance: Instance) -> None:
        await instance.start(LAUNCH, SPEC, {"main": 5})
        later = Instance(WEB, scene.layout, scene.machine, lambda: None)
        assert later.record == instance.record
        assert (later.record.runs, later.record.ports, later.record.pid) == ("runs", {"main": 5}, 1000)
        assert later.adopt()
        assert later.guard is not None
        await later.guard.close()

    scene.play(story)


def test_an_end_that_was_asked_for_is_no_crash(scene: Scene) -> None:
    async def story(instance: Instance) -> None:
        guard = await instance.start(LAUNCH, SPEC, {})
        assert instance.begin_stop()
        await guard.wait()
        assert await instance.note_end(Restart(), {}) == ""
        assert not instance.begin_stop()
        assert (instance.record.restarts, instance.start_at) == (0, 0.0)
        assert instance.record.last_exit is not None
        assert instance.record.last_exit.message == "was killed by SIGTERM when it was stopped"

    scene.play(story)


def test_the_stop_of_a_sick_program_counts_as_a_crash(scene: Scene) -> None:
    async def story(instance: Instance) -> None:
        guard = await instance.start(LAUNCH, SPEC, {})
        instance.begin_stop(wanted=False)
        await guard.wait()
        assert await instance.note_end(Restart(), {}) == "was killed by SIGTERM"
        assert instance.record.restarts == 1

    scene.play(story)


def test_the_last_words_are_those_of_this_run_and_without_secrets(scene: Scene) -> None:
    async def story(instance: Instance) -> None:
        log = scene.layout.log(WEB)
        log.write_text("earlier run\n")
        guard = await instance.start(LAUNCH, SPEC, {})
        scene.processes.end(guard.process, Exit(code=1))
        await guard.wait()
        assert await instance.note_end(Restart(), {}) == "exited with code 1"
        guard = await instance.start(LAUNCH, SPEC, {})
        log.write_text("earlier run\nrefused: hunter2\n\n")
        scene.processes.end(guard.process, Exit(code=1))
        await guard.wait()
        assert await instance.note_end(Restart(), {"p": b"hunter2\n"}) == "exited with code 1: refused: ********"

    scene.play(story)


def test_the_last_words_are_the_gravest(scene: Scene) -> None:
    async def story(instance: Instance) -> None:
        guard = await instance.start(LAUNCH, SPEC, {})
        lines = ["LOG: starts", "FATAL: no such file", "DETAIL: 'x' is needed", "LOG: is shut down"]
        scene.layout.log(WEB).write_text("\n".join(lines))
        scene.processes.end(guard.process, Exit(code=1))
        await guard.wait()
        assert (
            await instance.note_end(Restart(), {}) == "exited with code 1: FATAL: no such file; DETAIL: 'x' is needed"
        )

    scene.play(story)


def test_a_start_on_other_ports_has_to_prove_itself_again(scene: Scene) -> None:
    async def story(instance: Instance) -> None:
        await scene.crash(instance)
        instance.save(proven=True, ports={"main": 5})
        await instance.start(LAUNCH, SPEC, {"main": 5})
        assert instance.record.proven
        await instance.start(LAUNCH, SPEC, {"main": 6})
        assert not instance.record.proven

    scene.play(story)


def test_masking_replaces_every_secret_and_ignores_empty_ones() -> None:
    assert mask("a b a", {"x": b"a", "y": b"", "z": b"\n"}) == "******** b ********"


def test_logs_that_a_program_writes_itself_stay_small_also_where_it_was_found_running(scene: Scene) -> None:
    own = find_own_logs(scene.layout, WEB, ["log/server.json"])

    async def grow() -> int:
        own[0].place.write_bytes(b"x" * LOG_BYTES)
        await scene.clock.sleep(LOOK_SECONDS + 1)
        return own[0].place.stat().st_size

    async def story(instance: Instance) -> None:
        own[0].place.parent.mkdir()
        instance.own_logs = own
        guard = await instance.start(LAUNCH, SPEC, {})
        assert await grow() == 0
        await guard.close()
        again = Instance(WEB, scene.layout, scene.machine, lambda: None)
        again.own_logs = own
        assert again.adopt() and again.guard is not None
        assert await grow() == 0
        await again.guard.close()

    scene.play(story)
    assert len([*own[0].kept.parent.glob(f"{own[0].kept.name}.*")]) == 2


def test_what_a_program_says_last_in_its_own_log_is_its_reason(scene: Scene) -> None:
    (own,) = find_own_logs(scene.layout, WEB, ["server.json"])
    own.place.write_text('{"error_severity":"FATAL","message":"of an earlier run"}\n')

    async def story(instance: Instance) -> None:
        instance.own_logs = (own,)
        guard = await instance.start(LAUNCH, SPEC, {})
        with own.place.open("a") as log:
            log.write('{"error_severity":"FATAL","message":"secret door closed"}\n{"message":"bye"}\n')
        scene.layout.log(WEB).write_text("printed\n")
        scene.processes.end(guard.process, Exit(code=1))
        await guard.wait()
        how = await instance.note_end(Restart(), {"login": b"secret"})
        assert how == "exited with code 1: FATAL:  ******** door closed"

    scene.play(story)
