"""What becomes of an operation, from the moment it is asked for until it is forgotten."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from controllers.operation.make import setting
from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.operation import OPERATION_MANAGER, OPS_REQUEST
from dbaas.api.resource import ANNOTATION_PAUSED
from dbaas.contracts.client import WriteConflict
from dbaas.core.clock import parse_time
from dbaas.kube.verbs import RestClient, Writing
from fixtures.grounds import Ground
from fixtures.operating import virtually
from fixtures.operations import CLUSTER, Tried, tried_world


def spec_writes(tried: Tried) -> list[dict[str, Any]]:
    """What operations have sent to the cluster."""
    sent = [r for r in tried.world.faults.writes if r.query.get("fieldManager") == OPERATION_MANAGER]
    return [orjson.loads(request.body)["spec"] for request in sent]


@pytest.mark.slow
async def test_each_acts_once_in_order_of_creation_and_says_what_was_there_before(ground: Ground) -> None:
    async with tried_world(ground) as tried:
        await tried.ask("z-first", "Stop")
        await tried.ask("a-second", "Start")
        await tried.settle()
        assert [await tried.end(name) for name in ("z-first", "a-second")] == [("Succeeded", "Succeeded")] * 2
        assert spec_writes(tried) == [{"stopped": True}, {"stopped": False}]
        status = await tried.status("z-first")
        assert status["previous"] == [{"field": "stopped", "value": "false"}]
        assert status["progress"] == "3/3"
        assert [step["phase"] for step in status["steps"]] == ["Succeeded"] * 3
        assert [entry["action"] for entry in status["actionLog"]] == ["Note", "Change", "Succeeded"]
        assert not (await tried.cluster()).spec["stopped"]


@pytest.mark.slow
async def test_who_applies_the_old_manifest_is_told_of_the_conflict(ground: Ground) -> None:
    async with tried_world(ground) as tried:
        gitops = RestClient(tried.world.api, Writing("gitops"))
        key = tried.world.key(DATABASE_CLUSTER, "main")
        manifest = {
            "apiVersion": "dbaas.io/v1", "kind": "DatabaseCluster",
            "spec": {**CLUSTER, "config": [{"name": "a", "value": "1"}]},
            "metadata": {"name": key.name, "namespace": key.namespace},
        }  # fmt: skip
        await gitops.apply(DATABASE_CLUSTER, manifest)
        await tried.ask("one", "Reconfiguring", **setting("a", "5"))
        await tried.ask("two", "VerticalScaling", verticalScaling={"resources": {"limits": {"cpu": "2"}}})
        await tried.settle()
        assert [await tried.end(name) for name in ("one", "two")] == [("Succeeded", "Succeeded")] * 2
        with pytest.raises(WriteConflict, match=rf"{OPERATION_MANAGER}.*config"):
            await gitops.apply(DATABASE_CLUSTER, manifest)
        await gitops.apply(DATABASE_CLUSTER, manifest, force=True)
        await tried.settle()
        assert (await tried.status("one"))["undone"] == ["config[a]"]
        assert "undone" not in await tried.status("two")
        assert (await tried.world.events("main")).count("OperationUndone") == 1


@virtually
async def test_what_goes_together_goes_on_at_once_and_what_does_not_waits() -> None:
    async with tried_world() as tried:
        tried.provider.trouble = "slow"
        await tried.ask("one", "Reconfiguring", **setting("a", "1"))
        await tried.ask("two", "Reconfiguring", **setting("b", "2"))
        await tried.ask("three", "Reconfiguring", **setting("a", "3"))
        await tried.settle()
        assert await tried.end("one") == await tried.end("two") == ("Running", "Running")
        assert await tried.end("three") == ("Pending", "Queued")
        assert "'one' (Reconfiguring) goes on" in (await tried.status("three"))["message"]
        await recover(tried)
        assert (await tried.cluster()).spec["config"] == [{"name": "a", "value": "3"}, {"name": "b", "value": "2"}]
        assert (await tried.status("three"))["previous"] == [{"field": "config[a]", "value": "1"}]


async def recover(tried: Tried) -> None:
    tried.provider.trouble = ""
    await poke(tried)
    await tried.settle()


async def poke(tried: Tried) -> None:
    """Lets the cluster look again."""
    patch = {"metadata": {"annotations": {"dbaas.io/reconcile-at": str(tried.world.sources.clock.monotonic())}}}
    await tried.world.user.patch(DATABASE_CLUSTER, tried.world.key(DATABASE_CLUSTER, "main"), patch)


@virtually
async def test_what_is_not_done_in_its_time_has_failed_and_the_next_one_goes_on() -> None:
    async with tried_world() as tried:
        tried.provider.trouble = "no disk"
        await tried.ask("one", "Restart", timeout="5m")
        await tried.ask("two", "Stop")
        await tried.settle()
        assert (await tried.end("one"), (await tried.end("two"))[1]) == (("Running", "Running"), "Queued")
        await tried.world.sources.clock.sleep(400)
        await tried.settle()
        assert await tried.end("one") == ("Failed", "TimedOut")
        message = (await tried.status("one"))["message"]
        assert "no disk" in message and "status.previous" in message
        assert (await tried.status("one"))["steps"][2]["phase"] == "Failed"
        assert await tried.end("two") == ("Succeeded", "Succeeded")


@virtually
async def test_a_cluster_that_cannot_become_that_has_failed_at_once() -> None:
    async with tried_world() as tried:
        tried.provider.trouble, tried.provider.refuses = "no such machine", True
        await tried.ask("one", "Restart")
        await tried.settle()
        assert await tried.end("one") == ("Failed", "Sick")
        assert "no such machine" in (await tried.status("one"))["message"]


@virtually
async def test_one_that_waits_and_is_cancelled_has_changed_nothing() -> None:
    async with tried_world() as tried:
        tried.provider.trouble = "slow"
        await tried.ask("one", "Restart")
        await tried.ask("two", "Stop")
        await tried.settle()
        await tried.world.change(OPS_REQUEST, "two", {"cancel": True})
        await tried.settle()
        assert await tried.end("two") == ("Cancelled", "Cancelled")
        assert "nothing was changed" in (await tried.status("two"))["message"]
        assert len(spec_writes(tried)) == 1


@virtually
async def test_one_that_goes_on_and_is_cancelled_leaves_what_it_has_changed() -> None:
    async with tried_world() as tried:
        tried.provider.trouble = "slow"
        await tried.ask("one", "Reconfiguring", **setting("a", "2"))
        await tried.settle()
        await tried.world.change(OPS_REQUEST, "one", {"cancel": True})
        await tried.settle()
        assert await tried.end("one") == ("Cancelled", "Cancelled")
        assert "what it has changed stays" in (await tried.status("one"))["message"]
        assert (await tried.cluster()).spec["config"] == [{"name": "a", "value": "2"}]


@virtually
async def test_it_is_deleted_when_its_time_has_come() -> None:
    async with tried_world() as tried:
        await tried.ask("one", "Restart", ttlSecondsAfterFinished=3600)
        await tried.ask("two", "Restart")
        await tried.settle()
        ended = parse_time((await tried.status("one"))["completionTime"])
        clock = tried.world.sources.clock
        await clock.sleep((ended - clock.now()).total_seconds() + 3598)
        assert await tried.world.look(OPS_REQUEST, "one") is not None
        await clock.sleep(4)
        assert await tried.world.look(OPS_REQUEST, "one") is None
        assert await tried.world.look(OPS_REQUEST, "two") is not None


@virtually
async def test_a_cluster_that_is_deleted_meanwhile_ends_it() -> None:
    async with tried_world() as tried:
        tried.provider.trouble = "slow"
        await tried.ask("one", "Restart")
        await tried.settle()
        await tried.world.delete(DATABASE_CLUSTER, "main")
        await tried.settle()
        assert await tried.end("one") == ("Failed", "ClusterDeleted")


@virtually
async def test_a_cluster_that_is_not_there_is_waited_for_a_minute() -> None:
    async with tried_world() as tried:
        await tried.world.make(OPS_REQUEST, "early", {"clusterRef": {"name": "other"}, "type": "Restart"})
        await tried.world.make(OPS_REQUEST, "lost", {"clusterRef": {"name": "nowhere"}, "type": "Restart"})
        await tried.world.sources.clock.sleep(20)
        assert await tried.end("early") == ("Pending", "ClusterNotFound")
        await tried.world.make(DATABASE_CLUSTER, "other", CLUSTER)
        await tried.world.sources.clock.sleep(100)
        assert (await tried.end("early"))[0] == "Running"
        assert await tried.end("lost") == ("Failed", "ClusterNotFound")


@virtually
async def test_nothing_begins_while_it_or_its_cluster_is_paused() -> None:
    async with tried_world() as tried:
        for paused in ("true", None):
            patch = {"metadata": {"annotations": {ANNOTATION_PAUSED: paused}}}
            await tried.world.user.patch(DATABASE_CLUSTER, tried.world.key(DATABASE_CLUSTER, "main"), patch)
            if paused:
                await tried.ask("one", "Stop")
            await tried.settle()
            assert await tried.end("one") == (("Pending", "ClusterPaused") if paused else ("Succeeded", "Succeeded"))


@virtually
async def test_a_sick_cluster_is_scaled_only_by_force_and_can_be_repaired_without() -> None:
    async with tried_world() as tried:
        tried.provider.trouble = "wrong setting"
        await poke(tried)
        await tried.settle()
        await tried.ask("scale", "HorizontalScaling", horizontalScaling={"replicas": 1})
        await tried.ask("repair", "Reconfiguring", **setting("a", "1"))
        await tried.settle()
        assert await tried.end("scale") == ("Pending", "ClusterNotReady")
        assert await tried.end("repair") == ("Running", "Running")
        await recover(tried)
        assert await tried.end("scale") == await tried.end("repair") == ("Succeeded", "Succeeded")


@virtually
async def test_what_has_become_impossible_when_its_turn_comes_has_failed_and_holds_up_nothing() -> None:
    async with tried_world() as tried:
        tried.provider.trouble = "slow"
        await tried.ask("grow", "VolumeExpansion", volumeExpansion={"size": "30Gi"})
        await tried.ask("less", "VolumeExpansion", volumeExpansion={"size": "20Gi"})
        await tried.ask("stop", "Stop")
        await tried.ask("restart", "Restart")
        await recover(tried)
        assert await tried.end("grow") == ("Succeeded", "Succeeded")
        assert await tried.end("less") == ("Failed", "OperationRefused")
        assert "spec.volumeExpansion.size: a volume cannot shrink" in (await tried.status("less"))["message"]
        assert await tried.end("stop") == ("Succeeded", "Succeeded")
        assert await tried.end("restart") == ("Failed", "ClusterStopped")


@virtually
async def test_a_later_operation_does_not_undo_an_earlier_one_and_a_hand_does() -> None:
    async with tried_world() as tried:
        await tried.ask("one", "Reconfiguring", **setting("a", "2"))
        await tried.settle()
        await tried.ask("two", "Reconfiguring", **setting("a", "3"))
        await tried.settle()
        assert "undone" not in await tried.status("one")
        await tried.world.change(DATABASE_CLUSTER, "main", {"config": []})
        await tried.settle()
        assert "undone" not in await tried.status("one")
        assert (await tried.status("two"))["undone"] == ["config[a]"]
        assert (await tried.status("two"))["phase"] == "Succeeded"


@virtually
async def test_what_has_ended_writes_nothing_more() -> None:
    async with tried_world() as tried:
        await tried.ask("one", "Restart")
        await tried.settle()
        before = len(tried.world.faults.writes)
        await poke(tried)
        await tried.world.stop()
        tried.world.start()
        await tried.settle()
        assert [r.path for r in tried.world.faults.writes[before:] if "/opsrequests" in r.path] == []
