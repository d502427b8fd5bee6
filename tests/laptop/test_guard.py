"""What is watched of a running process, on virtual time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from dbaas.api.process import Probes
from dbaas.core.clock import LoopClock
from dbaas.core.offload import InlineOffload
from dbaas.core.process import Command, Completed, Exit
from dbaas.core.randomness import SeededRandomness
from dbaas.core.simulation import run_virtually
from dbaas.laptop.guard import Guard, Probing
from dbaas.laptop.machine import Machine
from dbaas.laptop.surroundings import Surroundings
from fixtures.disks import SmallDisk
from fixtures.processes import FakeProcesses

PLACE = Surroundings(Path("/bin"), Path("/"), Path("/"), {})
YES, NO = Completed(Exit(code=0), ""), Completed(Exit(code=1), "no")
READY = Probes.model_validate({"ready": {"command": ["ready"], "period": "1s", "failures": 3}})
ALIVE = Probes.model_validate({"ready": {"command": ["ready"]}, "alive": {"command": ["alive"], "failures": 2}})


class Scene:
    """One guarded process; `calls` counts how often the guard has said that something changed."""

    def __init__(self, *, is_adopted: bool = False) -> None:
        self.processes = FakeProcesses()
        self.clock = LoopClock()
        self.calls = 0
        self.ended = 0
        self.is_adopted = is_adopted

    async def open(self, probes: Probes) -> Guard:
        machine = Machine(self.processes, self.clock, SeededRandomness(1), InlineOffload())
        identity = await self.processes.start(Command(("x",), Path("/")), Path("/"), lambda _: None)
        guard = Guard(identity, machine, Path("/nowhere.log"), self._count, self._end, is_adopted=self.is_adopted)
        guard.watch(Probing(probes, PLACE))
        return guard

    def _count(self) -> None:
        self.calls += 1

    async def _end(self) -> None:
        self.ended += 1

    def play(self, probes: Probes, story: Callable[[Guard], Awaitable[None]]) -> None:
        async def run() -> None:
            guard = await self.open(probes)
            await story(guard)
            await guard.close()

        run_virtually(run())

    def asked(self) -> list[str]:
        return [Path(command.argv[0]).name for command in self.processes.commands]


def test_it_is_ready_from_the_first_yes() -> None:
    scene = Scene()
    scene.processes.answer = NO

    async def story(guard: Guard) -> None:
        await scene.clock.sleep(0.2)
        assert not guard.is_ready
        assert guard.ready.why == "ready exited with code 1: no"
        scene.processes.answer = YES
        await scene.clock.sleep(1)
        assert guard.is_ready

    scene.play(READY, story)
    assert scene.calls == 2


def test_a_program_on_a_full_disk_is_not_ready_whatever_it_says_itself(small_disk: SmallDisk) -> None:
    scene = Scene()
    scene.processes.answer = YES
    place = Surroundings(Path("/bin"), small_disk.path, Path("/"), {})

    async def story(guard: Guard) -> None:
        guard.watch(Probing(READY, place))
        await scene.clock.sleep(1)
        assert guard.is_ready
        small_disk.fill()
        await scene.clock.sleep(4)
        assert not guard.is_ready
        assert (guard.ready.reason, guard.alive.holds) == ("DiskFull", True)
        assert guard.ready.why == f"the disk of {small_disk.path} is full: make room on it"
        small_disk.make_room()
        await scene.clock.sleep(2)
        assert guard.is_ready
        assert guard.ready.reason == ""

    scene.play(READY, story)


def test_until_it_is_ready_it_is_asked_eagerly_and_then_once_a_period() -> None:
    scene = Scene()

    async def story(guard: Guard) -> None:
        scene.processes.answer = NO
        await scene.clock.sleep(1)
        assert len(scene.asked()) >= 5
        scene.processes.answer = YES
        await scene.clock.sleep(1)
        before = len(scene.asked())
        await scene.clock.sleep(10)
        assert len(scene.asked()) - before == 10

    scene.play(READY, story)


def test_it_takes_as_many_failures_in_a_row_as_agreed_to_lose_readiness() -> None:
    scene = Scene()

    async def story(guard: Guard) -> None:
        await scene.clock.sleep(0.5)
        scene.processes.answer = NO
        await scene.clock.sleep(2)
        assert guard.is_ready
        scene.processes.answer = YES
        await scene.clock.sleep(1)
        scene.processes.answer = NO
        await scene.clock.sleep(2)
        assert guard.is_ready
        await scene.clock.sleep(1)
        assert not guard.is_ready

    scene.play(READY, story)


def test_a_program_that_is_still_starting_is_not_declared_dead() -> None:
    scene = Scene()

    async def story(guard: Guard) -> None:
        scene.processes.answer = NO
        await scene.clock.sleep(60)
        assert guard.alive.holds
        assert "alive" not in scene.asked()
        scene.processes.answer = YES
        await scene.clock.sleep(3)
        scene.processes.answer = NO
        await scene.clock.sleep(3)
        assert not guard.alive.holds

    scene.play(ALIVE, story)


def test_without_a_ready_probe_it_is_ready_while_it_runs() -> None:
    scene = Scene()

    async def story(guard: Guard) -> None:
        assert guard.is_ready
        scene.processes.end(guard.process, Exit(code=3))
        assert await guard.wait() == Exit(code=3)
        assert (guard.exit, guard.is_ready) == (Exit(code=3), False)

    scene.play(Probes(), story)
    assert scene.calls == 1


def test_nobody_is_asked_after_the_end() -> None:
    scene = Scene()

    async def story(guard: Guard) -> None:
        scene.processes.end(guard.process, Exit(code=0))
        await guard.wait()
        before = len(scene.asked())
        await scene.clock.sleep(60)
        assert len(scene.asked()) == before

    scene.play(READY, story)


def test_a_stop_is_asked_for_once_and_ends_in_a_kill_if_need_be() -> None:
    scene = Scene()
    scene.processes = FakeProcesses(obedient=False)

    async def story(guard: Guard) -> None:
        for _ in range(3):
            guard.stop("SIGTERM", 30)
        assert guard.is_stopping
        await scene.clock.sleep(29)
        assert guard.exit is None
        await scene.clock.sleep(2)
        assert guard.exit == Exit(signal="SIGKILL")

    scene.play(READY, story)
    assert scene.processes.signals == ["SIGTERM", "SIGKILL"]


def test_the_first_answer_of_an_adopted_process_can_be_awaited() -> None:
    scene = Scene(is_adopted=True)

    async def story(guard: Guard) -> None:
        await guard.answered()
        assert guard.is_ready

    scene.play(READY, story)


def test_an_adopted_process_that_has_ended_keeps_nobody_waiting() -> None:
    scene = Scene(is_adopted=True)

    async def story(guard: Guard) -> None:
        scene.processes.end(guard.process, Exit())
        await guard.answered()

    scene.play(READY, story)
