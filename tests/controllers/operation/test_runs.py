"""Statements on their way: held until they are noted, and ended with whoever has begun them."""

from __future__ import annotations

import asyncio

from dbaas.controllers.operation.runs import Run, Runs


class Statement:
    """Notes what becomes of it."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.is_done = asyncio.Event()

    async def work(self, run: Run) -> str:
        try:
            await run.wait_for_release(lambda: self.told.append("open"))
            self.told.append("sent")
            await self.is_done.wait()
        except asyncio.CancelledError:
            self.told.append("ended")
            raise
        return "DONE"


async def turn() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_nothing_is_sent_before_it_is_released_and_its_end_is_told_once() -> None:
    runs, run, statement, woken = Runs(), Run("a", "s"), Statement(), []
    runs.begin("uid", run, statement.work, lambda: woken.append(1))
    await turn()
    assert (statement.told, run.state.is_open, run.state.is_released) == (["open"], True, False)
    run.release()
    statement.is_done.set()
    await turn()
    assert (run.state.has_ended, run.tag, run.failure, woken) == (True, "DONE", None, [1])
    runs.forget("uid")
    assert runs.find("uid") is None


async def test_whatever_goes_wrong_is_kept_for_who_asks() -> None:
    runs, run = Runs(), Run("a", "s")

    async def fail(run: Run) -> str:
        raise OSError("no wire")

    runs.begin("uid", run, fail, lambda: None)
    await turn()
    assert run.state.has_ended
    assert isinstance(run.failure, OSError)


async def test_all_are_ended_with_the_process() -> None:
    runs, statements = Runs(), [Statement(), Statement()]
    for number, statement in enumerate(statements):
        runs.begin(f"uid-{number}", Run("a", "s"), statement.work, lambda: None)
    keeping = asyncio.create_task(runs.keep())
    await turn()
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    assert [statement.told for statement in statements] == [["open", "ended"]] * 2
    assert runs.find("uid-0") is None
    await runs.stop("uid-0")
