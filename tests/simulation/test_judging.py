"""What judges a run sees what it is there for: each invariant is broken once, on purpose."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from dbaas.api.core import SECRET
from dbaas.api.resource import Key
from simulation.histories import Step
from simulation.keepsakes import BASE, lost_legacy
from simulation.lives import Parts
from simulation.mirrors import find_ghosts
from simulation.performing import perform
from simulation.scheduler import run_shuffled
from simulation.stage import Stage, set_stage

GIVEN = Key("default", "given")
GIVE = Step(0.1, "give", SECRET, GIVEN, {"username": "root", "password": "word"})


def on_stage(story: Callable[[Stage], Awaitable[None]]) -> None:
    async def main() -> None:
        async with set_stage(1, Parts(), keeps_store=True) as stage:
            await stage.clock.sleep(1)
            await story(stage)

    run_shuffled(main(), 1)


def test_an_object_that_the_user_did_not_delete_is_missed() -> None:
    async def story(stage: Stage) -> None:
        await perform(stage, GIVE)
        assert list(stage.keepsakes.lost(stage.oracle.declared())) == []
        await stage.user.delete(SECRET, GIVEN)
        assert "given is gone" in next(stage.keepsakes.lost(stage.oracle.declared()))

    on_stage(story)


def test_an_object_that_the_user_deleted_is_not_missed() -> None:
    async def story(stage: Stage) -> None:
        await perform(stage, GIVE)
        await perform(stage, Step(0.1, "delete", SECRET, GIVEN))
        assert list(stage.keepsakes.lost(stage.oracle.declared())) == []

    on_stage(story)


def test_what_was_on_a_server_before_us_is_missed() -> None:
    async def story(stage: Stage) -> None:
        assert list(lost_legacy(stage.servers)) == []
        del stage.servers["alpha"].bases[BASE]
        assert "alpha" in next(lost_legacy(stage.servers))

    on_stage(story)


def test_a_statement_that_nobody_asked_for_is_a_violation() -> None:
    async def story(stage: Stage) -> None:
        for text in ("DROP ROLE dba", "CREATE ROLE dba", "REVOKE table legacy-a SELECT FROM dba"):
            stage.oracle.violations.clear()
            stage.oracle.about_to(stage.servers["alpha"], text, "system")
            assert stage.oracle.violations, text

    on_stage(story)


def test_what_a_cache_has_and_the_server_has_not_is_a_ghost() -> None:
    async def story(stage: Stage) -> None:
        await perform(stage, GIVE)
        await stage.clock.sleep(1)
        assert stage.life is not None
        assert list(find_ghosts(stage.life.manager, stage.user)) == []
        stage.faults.mute_streams()
        await stage.user.delete(SECRET, GIVEN)
        await stage.clock.sleep(1)
        assert "a cache still has it" in next(find_ghosts(stage.life.manager, stage.user))

    on_stage(story)


def test_an_api_server_that_starts_again_has_what_it_had() -> None:
    async def story(stage: Stage) -> None:
        await perform(stage, GIVE)
        await perform(stage, Step(0.1, "the API restarts", values={"seconds": 5.0}))
        assert await stage.find(SECRET, GIVEN) is not None
        await stage.clock.sleep(60)
        assert stage.life is not None
        assert list(find_ghosts(stage.life.manager, stage.user)) == []
        await stage.user.delete(SECRET, GIVEN)
        await stage.clock.sleep(1)
        assert list(find_ghosts(stage.life.manager, stage.user)) == []

    on_stage(story)
