"""A gate: never more inside than it allows, in order of arrival, and nobody who gives up keeps a place."""

from __future__ import annotations

import asyncio

from dbaas.core.simulation import run_virtually
from dbaas.lanes.gate import Gate


def test_as_many_as_allowed_are_inside_in_order_of_arrival() -> None:
    async def main() -> None:
        gate, inside, order = Gate(lambda: 2), [0], list[int]()

        async def visit(number: int) -> None:
            async with gate.passed():
                order.append(number)
                inside[0] += 1
                assert inside[0] <= 2
                await asyncio.sleep(1)
                inside[0] -= 1

        await asyncio.gather(*(visit(number) for number in range(7)))
        assert order == list(range(7))
        assert gate.inside == 0

    run_virtually(main())


def test_who_gives_up_leaves_no_place_taken() -> None:
    async def main() -> None:
        gate = Gate(lambda: 1)

        async def visit() -> None:
            async with gate.passed():
                await asyncio.sleep(1)

        tasks = [asyncio.create_task(visit()) for _ in range(3)]
        await asyncio.sleep(0.5)
        tasks[1].cancel()
        tasks[0].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert not tasks[2].cancelled()
        assert gate.inside == 0

    run_virtually(main())


def test_who_gives_up_in_the_moment_of_its_turn_hands_it_on() -> None:
    async def main() -> None:
        gate = Gate(lambda: 1)
        entered = asyncio.Event()

        async def visit(then: asyncio.Event) -> None:
            async with gate.passed():
                then.set()

        async with gate.passed():
            late = asyncio.create_task(visit(asyncio.Event()))
            last = asyncio.create_task(visit(entered))
            await asyncio.sleep(0)
        late.cancel()
        await asyncio.gather(late, last, return_exceptions=True)
        assert entered.is_set()
        assert gate.inside == 0

    run_virtually(main())


def test_a_limit_that_rises_lets_more_in() -> None:
    async def main() -> None:
        limit, most = [1], [0]
        gate = Gate(lambda: limit[0])

        async def visit() -> None:
            async with gate.passed():
                most[0] = max(most[0], gate.inside)
                await asyncio.sleep(1)

        tasks = [asyncio.create_task(visit()) for _ in range(5)]
        await asyncio.sleep(0.5)
        limit[0] = 3
        await asyncio.gather(*tasks)
        assert most[0] == 3

    run_virtually(main())
