"""Blocking calls, off the loop and on it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from dbaas.core.offload import InlineOffload, ThreadOffload


@pytest.fixture
def pool() -> Iterator[ThreadOffload]:
    made = ThreadOffload(2, "test")
    yield made
    made.close()


def divide(a: int, *, by: int) -> float:
    return a / by


async def test_a_pool_returns_the_answer_and_takes_keywords(pool: ThreadOffload) -> None:
    assert await pool.run(divide, 6, by=3) == 2


async def test_a_pool_raises_what_the_function_raised(pool: ThreadOffload) -> None:
    with pytest.raises(ZeroDivisionError):
        await pool.run(divide, 6, by=0)


async def test_a_pool_runs_beside_the_loop_and_no_wider_than_its_threads(pool: ThreadOffload) -> None:
    barrier = threading.Barrier(2, timeout=10)
    indices = await asyncio.gather(*(pool.run(barrier.wait) for _ in range(4)))
    assert sorted(indices) == [0, 0, 1, 1]


async def test_a_pool_names_its_threads(pool: ThreadOffload) -> None:
    assert (await pool.run(lambda: threading.current_thread().name)).startswith("test")


async def test_inline_runs_on_the_loop_itself() -> None:
    assert await InlineOffload().run(threading.get_ident) == threading.get_ident()


async def test_inline_raises_what_the_function_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        await InlineOffload().run(divide, 1, by=0)
