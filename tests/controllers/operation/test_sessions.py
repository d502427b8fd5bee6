"""Where declared statements are sent: nothing is, where there is no way to the server."""

from __future__ import annotations

from controllers.operation.test_customs import ask, declare, ran, steps, sweep
from fixtures.operating import virtually
from fixtures.operations import tried_world


@virtually
async def test_a_server_that_is_away_is_waited_for_and_nothing_was_sent() -> None:
    async with tried_world() as tried:
        await declare(tried, sweep())
        tried.world.server.is_down = True
        await ask(tried, force=True)
        await tried.settle()
        assert await steps(tried) == ["Succeeded", "Pending", "Pending"]
        assert "statement 'first' was not sent" in (await tried.status("one"))["message"]
        tried.world.server.is_down = False
        await tried.world.sources.clock.sleep(120)
        assert await tried.end("one") == ("Succeeded", "Succeeded")
        assert len(ran(tried)) == 2


@virtually
async def test_a_database_that_is_not_there_is_told_and_nothing_was_sent() -> None:
    async with tried_world() as tried:
        await declare(tried, sweep(statements=[{"name": "only", "sql": "sweep $(table)", "database": "$(table)"}]))
        await ask(tried)
        await tried.settle()
        assert await tried.end("one") == ("Failed", "StatementFailed")
        assert (
            "statement 'only' was not sent: database 'floor' does not exist" in (await tried.status("one"))["message"]
        )
        assert ran(tried) == []


@virtually
async def test_a_server_with_one_connection_has_none_to_spare() -> None:
    async with tried_world(maxConnections=1) as tried:
        await declare(tried, sweep())
        await ask(tried)
        await tried.settle()
        assert await tried.end("one") == ("Failed", "TooFewConnections")
        assert ran(tried) == []
