"""Operations that the provider does: begun once, looked at until they are done, and over when they have failed."""

from __future__ import annotations

from controllers.operation.test_controller import poke, recover
from dbaas.api.operation import OPS_REQUEST
from fixtures.operating import virtually
from fixtures.operations import tried_world


@virtually
async def test_it_is_done_once_and_has_succeeded_when_the_provider_says_so() -> None:
    async with tried_world(clusterSize=2) as tried:
        tried.provider.hesitates = "one leg is in the air"
        request = await tried.ask("one", "Switchover")
        await tried.settle()
        assert await tried.end("one") == ("Running", "Running")
        assert (await tried.status("one"))["message"] == "one leg is in the air"
        tried.provider.hesitates = ""
        await tried.world.sources.clock.sleep(10)
        assert await tried.end("one") == ("Succeeded", "Succeeded")
        assert tried.provider.withdrawn == []
        assert await tried.turns() == [request.metadata.uid]
        status = await tried.status("one")
        assert [entry["message"] for entry in status["actionLog"]][1] == "the instances are asked"
        assert "previous" not in status


@virtually
async def test_what_the_provider_says_of_a_failure_is_the_end() -> None:
    async with tried_world(clusterSize=2) as tried:
        tried.provider.declines = "the floor is wet"
        await tried.ask("one", "Switchover")
        await tried.settle()
        assert await tried.end("one") == ("Failed", "Dizzy")
        assert (await tried.status("one"))["message"] == "the floor is wet"
        assert len(await tried.turns()) == 1


@virtually
async def test_it_is_not_done_before_the_cluster_is_well_and_not_over_before_it_is_again() -> None:
    async with tried_world(clusterSize=2) as tried:
        tried.provider.hesitates = "one leg is in the air"
        tried.provider.trouble = "dizzy"
        await poke(tried)
        await tried.ask("one", "Switchover")
        await tried.settle()
        assert await tried.end("one") == ("Pending", "ClusterNotReady")
        await recover(tried)
        assert len(await tried.turns()) == 1
        tried.provider.trouble = "dizzy"
        await poke(tried)
        await tried.settle()
        tried.provider.hesitates = ""
        await tried.world.sources.clock.sleep(10)
        assert (await tried.status("one"))[
            "message"
        ] == "DatabaseCluster 'main': 0 of 1 instances are ready; main: dizzy"
        await recover(tried)
        assert await tried.end("one") == ("Succeeded", "Succeeded")


@virtually
async def test_one_that_takes_too_long_has_failed() -> None:
    async with tried_world(clusterSize=2) as tried:
        tried.provider.hesitates = "one leg is in the air"
        await tried.ask("one", "Switchover", timeout="1m")
        await tried.settle()
        await tried.world.sources.clock.sleep(120)
        assert await tried.end("one") == ("Failed", "TimedOut")
        assert tried.provider.withdrawn == [(await tried.world.read(OPS_REQUEST, "one")).metadata.uid]
        assert "one leg is in the air; what has begun goes on" in (await tried.status("one"))["message"]


@virtually
async def test_one_that_is_cancelled_tells_whether_it_had_begun() -> None:
    async with tried_world(clusterSize=2) as tried:
        tried.provider.hesitates = "one leg is in the air"
        await tried.ask("one", "Switchover")
        await tried.settle()
        await tried.ask("two", "Switchover")
        for name in ("two", "one"):
            await tried.world.change(OPS_REQUEST, name, {"cancel": True})
            await tried.settle()
        assert "what has begun goes on" in (await tried.status("one"))["message"]
        assert "nothing was changed" in (await tried.status("two"))["message"]
