"""One seed from its first step to an empty API: chaos, calm, a time in which nothing is written, and the end."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from dbaas.core.supervise import attempt
from fixtures.settle import settle
from simulation.endings import delete_everything, wait_until
from simulation.expectations import Expectations
from simulation.histories import Author, Step
from simulation.keepsakes import lost_legacy
from simulation.lives import Parts
from simulation.mirrors import find_ghosts
from simulation.oracle import Violated
from simulation.performing import perform
from simulation.scheduler import Endless, run_shuffled
from simulation.stage import Stage, set_stage

LOOK_SECONDS = 2.0
LONG_QUIET_SECONDS = 3600.0
QUIET_SECONDS = 700.0  # a round of what is done every ten minutes; the long one sees what is done once an hour
LONG_EVERY = 10
PERIODIC = frozenset({"lastVerified", "verifiedObjects"})
PERIODIC_SECONDS = 600.0
LEAST_RETRY_SECONDS = 60.0
LONGEST_RETRY_SECONDS = 330.0  # what the API refused amid the faults is tried again after up to five minutes
GIVEN_UP_SECONDS = 660.0  # a deletion waits for a server that is away for ten minutes
"""What a server refuses is tried again from time to time, for what is in the way may go without a word."""
_WRITE = re.compile(r"[\d.]+ (POST|PUT|PATCH|DELETE) (\S+) (.*)")


@dataclass(frozen=True)
class Verdict:
    """How a run ended. `violation` is empty where every invariant held; `trace` has all that was sent, in order."""

    seed: int
    steps: Sequence[Step]
    digest: str
    violation: str
    trace: Sequence[str]
    lives: int

    def __str__(self) -> str:
        history = "\n".join(f"  {number:2}. {step}" for number, step in enumerate(self.steps, 1))
        end = f"violated: {self.violation}" if self.violation else "every invariant held"
        return f"seed {self.seed}, trace {self.digest}\n{history}\n{end}"


def write_history(seed: int) -> list[Step]:
    return Author(seed).write()


def run_seed(seed: int, steps: Sequence[Step] | None = None, parts: Parts | None = None) -> Verdict:
    """`steps` other than the seed's own replay a shortened history in the same world."""
    steps = write_history(seed) if steps is None else steps
    try:
        return run_shuffled(_run(seed, steps, parts or Parts()), seed)
    except Endless as endless:
        return Verdict(seed, steps, "", str(endless), (), 0)


def shrink(verdict: Verdict, parts: Parts | None = None) -> Verdict:
    """Without each step in turn; what is left fails as well, perhaps of something else."""
    number = len(verdict.steps) - 1
    while number >= 0:
        fewer = [*verdict.steps[:number], *verdict.steps[number + 1 :]]
        tried = run_seed(verdict.seed, fewer, parts)
        if tried.violation:
            verdict = tried
        number -= 1
    return verdict


async def _run(seed: int, steps: Sequence[Step], parts: Parts) -> Verdict:
    keeps_store = any(step.verb == "the API restarts" for step in steps)
    async with set_stage(seed, parts, keeps_store=keeps_store) as stage:
        violation = ""
        try:
            await _play(stage, steps)
            await _calm_down(stage)
            await _stay_quiet(stage, QUIET_SECONDS if seed % LONG_EVERY else LONG_QUIET_SECONDS)
            await delete_everything(stage)
        except Violated as violated:
            violation = str(violated)
        return Verdict(seed, steps, stage.trace.digest, violation, stage.trace.lines, stage.lives)


async def _play(stage: Stage, steps: Sequence[Step]) -> None:
    looking = asyncio.get_running_loop().create_task(_keep_looking(stage))
    try:
        for step in steps:
            await perform(stage, step)
            stage.oracle.look()
            stage.oracle.check()
        await stage.clock.sleep(30)
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
    stage.oracle.check()


async def _keep_looking(stage: Stage) -> None:
    while not stage.oracle.violations:
        await stage.clock.sleep(LOOK_SECONDS)
        stage.oracle.look()


async def _calm_down(stage: Stage) -> None:
    """No more faults; then every object must become what can be made of it."""
    stage.calm()
    await wait_until(stage, lambda: next(iter(Expectations(stage.oracle).violations()), ""))
    await _settle(stage)
    await wait_until(stage, lambda: _find_ghost(stage))
    for loss in (*stage.keepsakes.lost(stage.oracle.declared()), *lost_legacy(stage.servers)):
        raise Violated(f"settled, and something is lost: {loss}")


def _find_ghost(stage: Stage) -> str:
    if stage.life is None or stage.life.manager.unready():
        return "the operator is not running"
    return next(find_ghosts(stage.life.manager, stage.user), "")


async def _settle(stage: Stage) -> None:
    async def wait() -> None:
        assert stage.life is not None, "an operator that dies is started again"
        await settle(stage.life.manager, stage.clock)

    waits = any(thing.is_deleting for thing in stage.oracle.declared().ours())
    await stage.clock.sleep(GIVEN_UP_SECONDS if waits else LONGEST_RETRY_SECONDS)
    if (error := await attempt(wait)) is not None:
        raise Violated(str(error)) from error


async def _stay_quiet(stage: Stage, seconds: float) -> None:
    """Afterwards nothing has been written but what is written now and then on purpose."""
    before, effects, statements = stage.trace.length, len(stage.oracle.effects), stage.oracle.statements
    await stage.clock.sleep(seconds)
    stage.oracle.look()
    stage.oracle.check()
    for violation in Expectations(stage.oracle).violations():
        raise Violated(f"settled, and {seconds:g} s later: {violation}")
    for effect in stage.oracle.effects[effects:]:
        raise Violated(f"settled, and still a statement is executed: {effect}")
    refused = stage.oracle.statements - statements
    if refused > seconds / LEAST_RETRY_SECONDS:
        raise Violated("settled, and a statement that is refused is sent more often than once a minute")
    periodic: dict[str, int] = {}
    for line in stage.trace.lines[before:]:
        if (write := _WRITE.match(line)) is None:
            continue
        if refused and "/events/" in f"{write[2]}/":
            refused -= 1  # it is said each time
            continue
        if not _is_periodic(write[2], write[3]):
            raise Violated(f"settled, and still something is written: {line}")
        periodic[write[2]] = periodic.get(write[2], 0) + 1
    await wait_until(stage, lambda: _find_ghost(stage))
    for path, count in periodic.items():
        if count > seconds / PERIODIC_SECONDS + 1:
            raise Violated(f"settled, and {path} is written {count} times within {seconds:g} s")


def _is_periodic(path: str, body: str) -> bool:
    if not path.endswith("/status") or "/databaseinstances/" not in path:
        return False
    return set(json.loads(body)["status"]) <= PERIODIC
