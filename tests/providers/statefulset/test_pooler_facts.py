"""How a pooler is, from its Deployment and its pods."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.provider import declare
from dbaas.api.core import DEPLOYMENT, POD, SERVICE
from dbaas.api.resource import LABEL_POOLER, Resource, build_resource
from dbaas.contracts.pooling import PoolerFacts
from dbaas.contracts.provider import ClusterFacts
from dbaas.providers.statefulset.pooler_facts import describe_pooler
from dbaas.providers.statefulset.provider import StatefulSetProvider

PLACE = "main-pooler.shop.svc.cluster.local:6432"
METADATA = {"name": "main-pooler", "namespace": "shop", "generation": 3}
SETTLED = {"observedGeneration": 3, "readyReplicas": 2, "updatedReplicas": 2}
SERVED_BY = build_resource(SERVICE, {"metadata": METADATA, "spec": {"ports": [{"port": 6432}]}})


def deployment(replicas: int = 2, **status: Any) -> Resource:
    body = {"metadata": METADATA, "spec": {"replicas": replicas}, "status": {**SETTLED, **status}}
    return build_resource(DEPLOYMENT, body)


def pod(name: str, *, ready: bool, **status: Any) -> Resource:
    metadata = {"name": name, "namespace": "shop", "labels": {LABEL_POOLER: "main"}}
    conditions = [{"type": "Ready", "status": str(ready)}]
    body = {"metadata": metadata, "spec": {"nodeName": "n"}, "status": {"conditions": conditions, **status}}
    return build_resource(POD, body)


def in_state(**state: Any) -> dict[str, Any]:
    return {"containerStatuses": [{"name": "pooler", "state": state}]}


def look(*children: Resource) -> PoolerFacts:
    found = describe_pooler(declare(), [SERVED_BY, *children])
    assert found is not None
    return found


def test_where_there_is_none_nothing_is_told() -> None:
    assert describe_pooler(declare(), [SERVED_BY]) is None


def test_it_is_whole_when_all_of_its_newest_pods_are_ready() -> None:
    assert look(deployment()) == PoolerFacts(2, 2, PLACE)
    assert look(deployment()).is_whole


@pytest.mark.parametrize(
    ("status", "ready"),
    [
        ({"readyReplicas": None}, 0),
        ({"readyReplicas": 1}, 1),
        ({"observedGeneration": 2}, 0),
        ({"readyReplicas": 3, "updatedReplicas": 1}, 2),
    ],
    ids=str,
)
def test_one_that_is_not_says_how_many_serve(status: dict[str, Any], ready: int) -> None:
    found = look(deployment(**status))
    assert not found.is_whole and found.ready_replicas == ready
    assert found.message.startswith(f"{ready} of 2 poolers are ready")


def test_one_that_is_replaced_says_so() -> None:
    assert look(deployment(updatedReplicas=1)).message == "2 of 2 poolers are ready; those of before are replaced"


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (in_state(waiting={"reason": "ErrImagePull", "message": "no"}), "no"),
        (in_state(running={}), "it does not answer yet"),
        (
            in_state(terminated={"exitCode": 1, "message": "FATAL: old"}),
            "container pooler ended with code 1: FATAL: old",
        ),
    ],
    ids=["image", "running", "ended"],
)
def test_the_pod_that_does_not_serve_tells_why(status: dict[str, Any], why: str) -> None:
    found = look(deployment(readyReplicas=1), pod("a", ready=True), pod("b", ready=False, **status))
    assert found.message == f"1 of 2 poolers are ready; b: {why}"


def test_its_pods_are_no_servers() -> None:
    facts = StatefulSetProvider().observe(declare(), [SERVED_BY, deployment(), pod("a", ready=True)])
    assert facts == ClusterFacts(pooler=PoolerFacts(2, 2, PLACE))
