"""The status of a cluster, from facts alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import Resource, build_resource
from dbaas.contracts.provider import ClusterFacts, InstanceFacts
from dbaas.contracts.reconcile import Refused
from dbaas.controllers.cluster.report import REFUSED_SECONDS, TURN_SECONDS, WITNESS_SECONDS, build_outcome
from dbaas.controllers.cluster.subject import Cluster, read_cluster
from fixtures.registries import RUNNER, RunnerProvider, granite_registry, granite_spec

DOWN = InstanceFacts("main-0", False, reason="CrashLoop", message="exit code 1")
UP = InstanceFacts("main-0", True)


def cluster(phase: str, observed: int = 1, **more: object) -> Cluster:
    body = {
        "metadata": {"name": "main", "namespace": "default", "generation": 1},
        "spec": granite_spec(**more),
        "status": {"phase": phase, "observedGeneration": observed},
    }
    return read_cluster(build_resource(DATABASE_CLUSTER, body), granite_registry())


@pytest.mark.parametrize(
    ("before", "observed", "after"),
    [
        ("", 1, "Provisioning"),
        ("Provisioning", 1, "Provisioning"),
        ("Ready", 1, "Healing"),
        ("Healing", 1, "Healing"),
        ("Ready", 0, "Updating"),
        ("Updating", 1, "Updating"),
        ("Stopped", 1, "Updating"),
        ("Upgrading", 1, "Upgrading"),
    ],
)
def test_the_phase_of_a_cluster_that_does_not_serve_tells_what_happens(before: str, observed: int, after: str) -> None:
    assert build_outcome(cluster(before, observed), ClusterFacts((DOWN,)), None).phase == after


def test_the_reason_is_that_of_the_instance_that_fails() -> None:
    (condition,) = build_outcome(cluster("Ready"), ClusterFacts((DOWN,)), None).conditions
    assert (condition.reason, condition.message) == ("CrashLoop", "0 of 1 instances are ready; main-0: exit code 1")


def test_a_server_that_is_not_published_yet_is_not_ready() -> None:
    (condition,) = build_outcome(cluster(""), ClusterFacts((UP,), "127.0.0.1", 1), None).conditions
    assert condition.reason == "Publishing"


def test_a_cluster_is_not_ready_before_somebody_could_take_over() -> None:
    exposed = ClusterFacts((UP,), "127.0.0.1", 1, exposed="commits wait for no replica yet")
    outcome = build_outcome(cluster("Ready"), exposed, published())
    (condition,) = outcome.conditions
    assert (condition.status, condition.reason) == ("False", "NotSynchronous")
    assert condition.message == "the cluster serves, but commits wait for no replica yet"
    assert outcome.phase == "Healing"


def test_an_instance_that_never_starts_as_things_stand_refuses_the_cluster() -> None:
    refused = InstanceFacts("main-0", False, reason="DataOfOtherVersion", message="made by 18", is_refused=True)
    with pytest.raises(Refused, match="main-0: made by 18") as caught:
        build_outcome(cluster(""), ClusterFacts((refused,)), None)
    assert caught.value.reason == "DataOfOtherVersion"
    assert caught.value.status is not None
    assert build_outcome(cluster("", stopped=True), ClusterFacts((refused,)), None).phase == "Stopped"


def test_an_instance_that_could_not_be_upgraded_refuses_nothing_because_it_goes_back() -> None:
    failed = InstanceFacts(
        "main-0", False, reason="UpgradeFailed", message="it has slots", is_refused=True, wants_back=True
    )
    told = build_outcome(cluster("Ready"), ClusterFacts((failed,)), None)
    assert (told.phase, told.message) == ("Upgrading", "main-0: it has slots; the version before is started again")
    assert build_outcome(cluster("", stopped=True), ClusterFacts((failed,)), None).phase == "Stopped"


def test_a_cluster_is_stopped_when_nothing_of_any_instance_runs_any_more() -> None:
    stopped = cluster("Ready", stopped=True)
    witnessed = replace(stopped, provider=WitnessedProvider())
    ends = ClusterFacts((replace(DOWN, lingers=True), UP))
    told = build_outcome(stopped, ends, None)
    (condition,) = told.conditions
    assert (told.phase, condition.status, condition.reason) == ("Updating", "False", "Stopping")
    assert condition.message == f"the servers are being stopped: {DOWN.name}, {UP.name}"
    assert told.requeue_after is None
    assert build_outcome(witnessed, ends, None).requeue_after == WITNESS_SECONDS
    (condition,) = build_outcome(stopped, ClusterFacts((DOWN,)), None).conditions
    assert (condition.reason, condition.message) == ("Stopped", "the servers are stopped; their data is kept")


def test_only_what_has_witnesses_and_is_not_settled_is_looked_at_again_soon() -> None:
    plain = cluster("")
    witnessed = replace(plain, provider=WitnessedProvider())
    facts = ClusterFacts((DOWN,), "db.test", 1)
    assert build_outcome(plain, facts, None).requeue_after is None
    assert build_outcome(witnessed, facts, None).requeue_after == WITNESS_SECONDS
    assert build_outcome(witnessed, ClusterFacts((UP,)), None).requeue_after is None
    assert build_outcome(replace(witnessed, spec=cluster("", stopped=True).spec), facts, None).requeue_after is None


class WitnessedProvider(RunnerProvider):
    """One that something can be asked about."""

    witnesses = (RUNNER,)


def test_every_endpoint_that_there_is_stands_in_the_status() -> None:
    facts = ClusterFacts((UP,), "db.test", 1, external="lb.test:2")
    status = build_outcome(cluster(""), facts, None).status
    assert status["database"]["endpoints"] == {"primary": "db.test:1", "external": "lb.test:2"}


def published() -> Resource:
    ready = {"type": "Ready", "status": "True", "reason": "Connected"}
    body = {"metadata": {"name": "main", "namespace": "default"}, "status": {"conditions": [ready]}}
    return build_resource(DATABASE_INSTANCE, body)


def test_the_identity_of_its_data_is_kept_while_nobody_answers() -> None:
    facts, told = ClusterFacts((UP,), "h", 1), published()
    assert "identity" not in build_outcome(cluster("Ready"), facts, told).status
    answered = build_resource(DATABASE_INSTANCE, {**told.body(), "status": {**told.status, "identity": "7412"}})
    assert build_outcome(cluster("Ready"), facts, answered).status["identity"] == "7412"
    known = cluster("Ready")
    body = {**known.resource.body(), "status": {**known.resource.status, "identity": "7411"}}
    later = replace(known, resource=build_resource(DATABASE_CLUSTER, body))
    assert build_outcome(later, facts, None).status["identity"] == "7411"
    assert build_outcome(later, facts, answered).status["identity"] == "7412"


def test_a_cluster_whose_volume_grows_is_ready_meanwhile_and_looked_at_again_soon() -> None:
    witnessed = replace(cluster("Ready"), provider=WitnessedProvider())
    outcome = build_outcome(witnessed, ClusterFacts((UP,), "h", 1, growing=("main-0: it grows",)), published())
    (condition,) = outcome.conditions
    assert (condition.status, condition.message) == ("True", "the cluster serves; main-0: it grows")
    assert (outcome.phase, outcome.requeue_after) == ("Updating", WITNESS_SECONDS)


def test_a_volume_that_cannot_be_as_it_is_wanted_is_told_where_nothing_worse_is() -> None:
    outcome = build_outcome(cluster("Ready"), ClusterFacts((UP,), "h", 1), published(), "its class does not grow")
    (condition,) = outcome.conditions
    assert (condition.status, condition.reason) == ("False", "VolumeCannotGrow")
    assert "its class does not grow" in condition.message
    assert (outcome.phase, outcome.requeue_after) == ("Failed", REFUSED_SECONDS)
    (condition,) = build_outcome(cluster("Ready"), ClusterFacts((DOWN,)), None, "its class does not grow").conditions
    assert condition.reason == "CrashLoop"


def test_a_cluster_is_not_ready_while_one_of_its_instances_waits_for_its_turn() -> None:
    facts = ClusterFacts((UP,), "127.0.0.1", 1)
    outcome = build_outcome(cluster("Ready"), facts, published(), rolling="restart of main-0 waits: main-1 comes first")
    (condition,) = outcome.conditions
    assert (condition.status, condition.reason) == ("False", "RollingOut")
    assert condition.message == "the cluster serves; restart of main-0 waits: main-1 comes first"
    assert (outcome.phase, outcome.requeue_after) == ("Updating", TURN_SECONDS)
    assert build_outcome(cluster("Ready"), facts, published()).phase == "Ready"
    worse = build_outcome(cluster("Ready"), ClusterFacts((DOWN,)), published(), rolling="main-1 comes first")
    assert (worse.conditions[0].reason, worse.requeue_after) == ("CrashLoop", TURN_SECONDS)
