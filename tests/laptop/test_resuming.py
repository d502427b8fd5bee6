"""What is waited for, and for how long."""

from __future__ import annotations

import asyncio

import pytest

from dbaas.core.simulation import run_virtually
from dbaas.laptop.resuming import Resumption


def test_all_that_is_quick_is_waited_for_and_the_rest_goes_on() -> None:
    async def main() -> None:
        done: list[float] = []

        async def work(seconds: float) -> None:
            await asyncio.sleep(seconds)
            done.append(seconds)

        resumption = Resumption()
        await resumption.run([work(1), work(2), work(30), work(90)], 10)
        assert done == [1, 2]
        await asyncio.sleep(30)
        assert done == [1, 2, 30]
        await resumption.end()
        await asyncio.sleep(90)
        assert done == [1, 2, 30]

    run_virtually(main())


def test_it_ends_early_and_tells_what_went_wrong() -> None:
    async def main() -> None:
        async def fail() -> None:
            raise ValueError("broken")

        resumption = Resumption()
        await resumption.run([], 10)
        with pytest.raises(ValueError, match="broken"):
            await resumption.run([fail()], 10)
        assert asyncio.get_running_loop().time() == 0
        await resumption.end()

    run_virtually(main())
