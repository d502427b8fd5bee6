"""The Pod that stands for a process tells how that is."""

from __future__ import annotations

from typing import Any

from dbaas.api.core import POD
from dbaas.api.process import PROCESS
from dbaas.api.resource import Key, Resource, build_resource
from dbaas.contracts.reconcile import Condition, Outcome
from dbaas.core.clock import EPOCH
from dbaas.laptop.pods import tell_pod
from fixtures.clients import FakeClient

MAIN = Key("shop", "main-2")
LATER = EPOCH.replace(hour=1)
RUNS = {"pid": 7, "startedAt": "2026-01-01T00:00:00Z", "host": "127.0.0.1", "restarts": 2}
SERVES = Outcome((Condition("Ready", "True", "Serving", "it serves"),), RUNS)
STOPPED = Outcome((Condition("Ready", "False", "Stopped", "it does not run"),), {"restarts": 2})


def owned(uid: str) -> dict[str, Any]:
    owner = {"apiVersion": "dbaas.io/v1", "kind": "DatabaseCluster", "name": "main", "uid": uid, "controller": True}
    return {"metadata": {"name": MAIN.name, "namespace": MAIN.namespace, "ownerReferences": [owner]}}


PROCESS_OF_MAIN = build_resource(PROCESS, owned("1"))


def there(client: FakeClient) -> Resource:
    pod = client.peek(POD, MAIN)
    assert pod is not None
    return pod


async def test_it_is_as_its_process_is_and_is_written_only_when_that_changes() -> None:
    client = FakeClient()
    client.put(POD, owned("1"))
    await tell_pod(client, PROCESS_OF_MAIN, SERVES, EPOCH)
    before = client.writes
    await tell_pod(client, PROCESS_OF_MAIN, SERVES, EPOCH)
    assert client.writes == before
    status = there(client).status
    assert (status["phase"], status["podIP"]) == ("Running", "127.0.0.1")
    (container,), (ready,) = status["containerStatuses"], status["conditions"]
    assert (container["ready"], container["restartCount"]) == (True, 2)
    assert container["state"] == {"running": {"startedAt": RUNS["startedAt"]}}
    assert (ready["status"], ready["lastTransitionTime"]) == ("True", "2026-01-01T00:00:00Z")


async def test_one_that_does_not_run_says_why_and_since_when() -> None:
    client = FakeClient()
    client.put(POD, owned("1"))
    await tell_pod(client, PROCESS_OF_MAIN, SERVES, EPOCH)
    for now in (LATER, LATER.replace(hour=2)):
        await tell_pod(client, PROCESS_OF_MAIN, STOPPED, now)
    status = there(client).status
    assert status["phase"] == "Pending"
    assert status["containerStatuses"][0]["state"] == {"waiting": {"reason": "Stopped"}}
    assert status["conditions"][0]["lastTransitionTime"] == "2026-01-01T01:00:00Z"


async def test_somebody_elses_of_the_same_name_is_left_alone() -> None:
    client = FakeClient()
    await tell_pod(client, PROCESS_OF_MAIN, SERVES, EPOCH)
    client.put(POD, owned("2"))
    await tell_pod(client, PROCESS_OF_MAIN, SERVES, EPOCH)
    assert not there(client).status
