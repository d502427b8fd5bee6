"""What happens after a deletion: garbage by owner references, namespaces and definitions that empty themselves.

Runs against the embedded server and against a real kube-apiserver with kube-controller-manager.
"""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from conformance.kubernetes_api.conftest import DEFINITION, widget
from fixtures.control_plane import KINDS, Answer, Api, open_embedded, open_kube

HOLD = "example.com/hold"
COLLECTING_SECONDS = 30.0
NAMESPACES = "/api/v1/namespaces"


@dataclass
class Family:
    """ConfigMaps that own each other in this test's namespace."""

    api: Api

    @property
    def path(self) -> str:
        return self.api.collection("configmaps")

    async def make(self, name: str, *owners: dict[str, Any], **metadata: object) -> dict[str, Any]:
        references = [reference(owner) if "metadata" in owner else owner for owner in owners]
        body = {"metadata": {"name": name, "ownerReferences": references, **metadata}}
        made = await self.api.post(self.path, body)
        assert made.status == 201, made.body
        found: dict[str, Any] = made.body
        return found

    async def delete(self, name: str, propagation: str = "Background") -> None:
        answer = await self.api.delete(f"{self.path}/{name}", {"propagationPolicy": propagation})
        assert answer.status == 200, answer.body

    async def let_go(self, name: str) -> None:
        answer = await self.api.patch(f"{self.path}/{name}", {"metadata": {"finalizers": None}})
        assert answer.status == 200, answer.body

    async def get(self, name: str) -> Any:
        answer = await self.api.get(f"{self.path}/{name}")
        assert answer.status == 200, answer.body
        return answer.body["metadata"]

    async def until_gone(self, *names: str) -> None:
        for name in names:
            await self.api.until(f"{self.path}/{name}", lambda answer: answer.status == 404, COLLECTING_SECONDS)

    async def until_deleting(self, name: str) -> Any:
        def deleting(answer: Answer) -> bool:
            return "deletionTimestamp" in answer.body["metadata"]

        return (await self.api.until(f"{self.path}/{name}", deleting, COLLECTING_SECONDS)).body["metadata"]

    async def until_looked_at(self) -> None:
        """What was there before has been looked at: something that came later has been collected."""
        for number in range(2):
            await self.make(f"canary-{number}", ghost(f"no-such-uid-{number}"))
            await self.until_gone(f"canary-{number}")

    async def event_about(self, name: str, namespace: str) -> Any:
        """The first event about an object of that name."""
        events = f"{NAMESPACES}/{namespace}/events?fieldSelector=involvedObject.name%3D{name}"
        answer = await self.api.until(events, lambda found: found.body["items"], COLLECTING_SECONDS)
        return answer.body["items"][0]


def reference(owner: dict[str, Any], **more: object) -> dict[str, Any]:
    metadata = owner["metadata"]
    named = {"name": metadata["name"], "uid": metadata["uid"], "blockOwnerDeletion": True}
    return {"apiVersion": owner["apiVersion"], "kind": owner["kind"], **named, **more}


def ghost(uid: str, name: str = "ghost", kind: str = "ConfigMap") -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": kind, "name": name, "uid": uid}


@pytest_asyncio.fixture(params=KINDS)
async def family(request: pytest.FixtureRequest) -> AsyncIterator[Family]:
    ours = request.param == "embedded"
    opened = open_embedded() if ours else open_kube(request.getfixturevalue("managed_kube_state"))
    async with opened as api:
        api.namespace = f"t-{api.suffix}"
        made = await api.post(NAMESPACES, {"metadata": {"name": api.namespace}})
        assert made.status == 201, made.body
        yield Family(api)
        await api.delete(f"{NAMESPACES}/{api.namespace}")


async def test_dependents_go_with_their_owner_and_theirs_with_them(family: Family) -> None:
    owner = await family.make("owner")
    child = await family.make("child", owner)
    await family.make("grandchild", child)
    await family.delete("owner")
    await family.until_gone("owner", "child", "grandchild")


@pytest.mark.parametrize("owner", [ghost("no-such-uid"), ghost("no-such-uid", kind="Secret")])
async def test_an_absent_owner_is_as_a_deleted_one(family: Family, owner: dict[str, Any]) -> None:
    await family.make("child", owner)
    await family.until_gone("child")


async def test_an_owner_of_the_same_name_but_another_uid_is_absent(family: Family) -> None:
    await family.make("owner")
    await family.make("child", ghost("no-such-uid", "owner"))
    await family.until_gone("child")
    await family.get("owner")


async def test_one_owner_that_is_left_is_enough(family: Family) -> None:
    first, second = await family.make("first"), await family.make("second")
    await family.make("child", first, second, ghost("no-such-uid"))
    await family.delete("first")

    def has_one_owner(answer: Answer) -> bool:
        return [each["name"] for each in answer.body["metadata"]["ownerReferences"]] == ["second"]

    await family.api.until(f"{family.path}/child", has_one_owner, COLLECTING_SECONDS)
    await family.delete("second")
    await family.until_gone("child")


async def test_an_owner_in_another_namespace_is_absent_and_an_event_says_why(family: Family) -> None:
    elsewhere = Family(family.api)
    other = f"{family.api.namespace}-other"
    await family.api.post(NAMESPACES, {"metadata": {"name": other}})
    owner = (await family.api.post(f"{NAMESPACES}/{other}/configmaps", {"metadata": {"name": "owner"}})).body
    await family.make("child", owner)
    await family.until_gone("child")
    event = await elsewhere.event_about("child", family.api.namespace)
    assert (event["reason"], event["type"]) == ("OwnerRefInvalidNamespace", "Warning")
    assert event["message"] == (
        f"ownerRef [v1/ConfigMap, namespace: {family.api.namespace}, name: owner, uid: {owner['metadata']['uid']}] "
        f'does not exist in namespace "{family.api.namespace}"'
    )
    assert event["source"] == {"component": "garbage-collector-controller"}
    assert event["reportingComponent"] == "garbage-collector-controller"
    assert event["count"] == 1
    assert event["involvedObject"]["kind"] == "ConfigMap"
    await family.api.delete(f"{NAMESPACES}/{other}")


async def test_a_cluster_scoped_owner_owns_in_every_namespace(family: Family) -> None:
    name = f"{family.api.namespace}-owner"
    owner = (await family.api.post(NAMESPACES, {"metadata": {"name": name}})).body
    await family.make("child", owner)
    await family.until_looked_at()
    await family.get("child")
    await family.api.delete(f"{NAMESPACES}/{name}")
    await family.until_gone("child")


async def test_a_cluster_scoped_dependent_of_a_namespaced_owner_stays(family: Family) -> None:
    owner = await family.make("owner")
    name = f"{family.api.namespace}-child"
    metadata = {"name": name, "ownerReferences": [reference(owner)]}
    assert (await family.api.post(NAMESPACES, {"metadata": metadata})).status == 201
    event = await family.event_about(name, "default")
    assert (event["reason"], event["type"]) == ("OwnerRefInvalidNamespace", "Warning")
    assert event["message"] == (
        f"ownerRef [v1/ConfigMap, namespace: , name: owner, uid: {owner['metadata']['uid']}] "
        'does not exist in namespace ""'
    )
    assert "namespace" not in event["involvedObject"]
    await family.delete("owner")
    await family.until_gone("owner")
    await family.until_looked_at()
    left = (await family.api.get(f"{NAMESPACES}/{name}")).body
    assert left["status"]["phase"] == "Active"
    await family.api.delete(f"{NAMESPACES}/{name}")


async def test_an_owner_of_a_kind_that_is_not_served_may_exist(family: Family) -> None:
    unknown = {"apiVersion": "nowhere.example.com/v1", "kind": "Thing", "name": "x", "uid": "u"}
    await family.make("child", unknown)
    await family.until_looked_at()
    await family.get("child")


async def test_in_the_foreground_an_owner_waits_for_the_dependents_that_block_it(family: Family) -> None:
    owner = await family.make("owner")
    await family.make("child", owner, finalizers=[HOLD])
    await family.make("free", reference(owner, blockOwnerDeletion=False), finalizers=[HOLD])
    await family.delete("owner", "Foreground")
    await family.until_deleting("child")
    assert (await family.get("owner"))["finalizers"] == ["foregroundDeletion"]
    await family.let_go("child")
    await family.until_gone("child", "owner")
    await family.until_deleting("free")
    await family.let_go("free")


async def test_in_the_foreground_a_dependent_with_dependents_waits_for_them_too(family: Family) -> None:
    owner = await family.make("owner")
    child = await family.make("child", owner)
    await family.make("grandchild", child, finalizers=[HOLD])
    await family.delete("owner", "Foreground")
    await family.until_deleting("grandchild")
    assert (await family.get("child"))["finalizers"] == ["foregroundDeletion"]
    await family.let_go("grandchild")
    await family.until_gone("grandchild", "child", "owner")


async def test_orphans_stay_without_their_owner(family: Family) -> None:
    owner, other = await family.make("owner"), await family.make("other")
    await family.make("child", owner)
    await family.make("shared", owner, other)
    await family.delete("owner", "Orphan")
    await family.until_gone("owner")
    await family.until_looked_at()
    assert "ownerReferences" not in await family.get("child")
    assert [each["name"] for each in (await family.get("shared"))["ownerReferences"]] == ["other"]


async def test_a_cycle_stays_until_one_of_it_is_deleted(family: Family) -> None:
    first = await family.make("first")
    second = await family.make("second", first)
    patch = {"metadata": {"ownerReferences": [reference(second)]}}
    await family.api.patch(f"{family.path}/first", patch)
    await family.until_looked_at()
    await family.get("first")
    await family.delete("first", "Foreground")
    await family.until_gone("first", "second")


async def test_a_dependent_that_nothing_owned_is_left_when_its_owner_is_removed_from_it(family: Family) -> None:
    owner = await family.make("owner")
    await family.make("child", owner)
    await family.api.patch(f"{family.path}/child", {"metadata": {"ownerReferences": None}})
    await family.delete("owner")
    await family.until_looked_at()
    await family.get("child")


CONTENT = ("NamespaceDeletionDiscoveryFailure", "NamespaceDeletionGroupVersionParsingFailure",
           "NamespaceDeletionContentFailure", "NamespaceContentRemaining", "NamespaceFinalizersRemaining")  # fmt: skip


async def test_a_namespace_says_what_holds_it(family: Family) -> None:
    await family.make("held", finalizers=[HOLD])
    await family.make("also-held", finalizers=[HOLD, "example.com/more"])
    await family.make("free")
    place = f"{NAMESPACES}/{family.api.namespace}"
    going = (await family.api.delete(place)).body
    assert going["status"]["phase"] == "Terminating"

    def remains(answer: Answer) -> bool:
        return any(
            each["type"] == "NamespaceFinalizersRemaining" for each in answer.body["status"].get("conditions", ())
        )

    held = (await family.api.until(place, remains, COLLECTING_SECONDS)).body
    conditions = {each.pop("type"): each for each in held["status"]["conditions"]}
    assert tuple(conditions) == CONTENT
    assert all(each.pop("lastTransitionTime") for each in conditions.values())
    assert list(conditions.values()) == [
        {"status": "False", "reason": "ResourcesDiscovered", "message": "All resources successfully discovered"},
        {"status": "False", "reason": "ParsedGroupVersions", "message": "All legacy kube types successfully parsed"},
        {
            "status": "False",
            "reason": "ContentDeleted",
            "message": "All content successfully deleted, may be waiting on finalization",
        },
        {
            "status": "True",
            "reason": "SomeResourcesRemain",
            "message": "Some resources are remaining: configmaps. has 2 resource instances",
        },
        {
            "status": "True",
            "reason": "SomeFinalizersRemain",
            "message": "Some content in the namespace has finalizers remaining: example.com/hold in 2 resource "
            "instances, example.com/more in 1 resource instances",
        },
    ]
    await family.let_go("held")
    await family.let_go("also-held")
    await family.api.until(place, lambda answer: answer.status == 404, COLLECTING_SECONDS)


async def test_a_namespace_with_finalizers_of_its_own_says_that_nothing_is_left_in_it(family: Family) -> None:
    place = f"{NAMESPACES}/{family.api.namespace}"
    await family.api.patch(place, {"metadata": {"finalizers": [HOLD]}})
    await family.make("free")
    await family.api.delete(place)
    held = (await family.api.until(place, lambda answer: not answer.body["spec"], COLLECTING_SECONDS)).body
    conditions = {each["type"]: each for each in held["status"]["conditions"]}
    assert [each["status"] for each in conditions.values()] == ["False"] * len(CONTENT)
    assert conditions["NamespaceContentRemaining"]["message"] == "All content successfully removed"
    assert conditions["NamespaceFinalizersRemaining"]["message"] == "All content-preserving finalizers finished"
    assert held["status"]["phase"] == "Terminating"
    await family.api.patch(place, {"metadata": {"finalizers": None}})
    await family.api.until(place, lambda answer: answer.status == 404, COLLECTING_SECONDS)


async def test_a_definition_says_that_its_objects_are_being_deleted(family: Family) -> None:
    made = copy.deepcopy(DEFINITION)
    made["spec"]["group"] = group = f"g{family.api.suffix}.example.com"
    made["metadata"]["name"] = name = f"widgets.{group}"
    place = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}"
    await family.api.define(made)
    objects = family.api.collection("widgets", group)
    for each in ("held", "free"):
        body = {**widget(each), "apiVersion": f"{group}/v1"}
        body["metadata"]["finalizers"] = [HOLD] if each == "held" else []
        assert (await family.api.post(objects, body)).status == 201
    await family.api.delete(place)
    await family.api.until(f"{objects}/free", lambda answer: answer.status == 404, COLLECTING_SECONDS)
    await family.api.until(
        f"{objects}/held", lambda answer: "deletionTimestamp" in answer.body["metadata"], COLLECTING_SECONDS
    )
    conditions = {each["type"]: each for each in (await family.api.get(place)).body["status"]["conditions"]}
    assert conditions["Terminating"]["status"] == "True"
    assert conditions["Terminating"]["reason"] == "InstanceDeletionInProgress"
    assert conditions["Terminating"]["message"] == "CustomResource deletion is in progress"
    await family.api.patch(f"{objects}/held", {"metadata": {"finalizers": None}})
    await family.api.until(place, lambda answer: answer.status == 404, COLLECTING_SECONDS)


async def test_nothing_new_comes_into_a_namespace_that_is_being_deleted(family: Family) -> None:
    await family.make("held", finalizers=[HOLD])
    place = f"{NAMESPACES}/{family.api.namespace}"
    await family.api.delete(place)
    refused = await family.api.post(family.path, {"metadata": {"name": "late"}})
    assert (refused.status, refused.body["reason"]) == (403, "Forbidden")
    assert refused.body["details"]["causes"][0]["reason"] == "NamespaceTerminating"
    await family.let_go("held")
    await family.api.until(place, lambda answer: answer.status == 404, COLLECTING_SECONDS)


async def test_a_namespace_goes_with_owners_and_dependents_in_it(family: Family) -> None:
    owner = await family.make("owner")
    await family.make("child", owner)
    pod = {"metadata": {"name": "pod"}, "spec": {"containers": [{"name": "main", "image": "none"}]}}
    await family.api.post(family.api.collection("pods"), pod)
    await family.api.post(family.api.collection("secrets"), {"metadata": {"name": "secret"}})
    place = f"{NAMESPACES}/{family.api.namespace}"
    await family.api.delete(place)
    await family.api.until(place, lambda answer: answer.status == 404, COLLECTING_SECONDS)
