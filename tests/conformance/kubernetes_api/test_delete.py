"""Deletion: preconditions, finalizers, propagation, collections."""

from __future__ import annotations

import pytest

from conformance.kubernetes_api.conftest import Widgets, widget
from fixtures.control_plane import Api

FINALIZER = "example.com/hold"


async def test_a_deletion_answers_with_what_it_deleted(widgets: Widgets) -> None:
    made = await widgets.create()
    deleted = await widgets.api.delete(widgets.at("one"))
    assert deleted.status == 200
    assert deleted.body == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": {
            "name": "one",
            "group": "conformance.example.com",
            "kind": "widgets",
            "uid": made["metadata"]["uid"],
        },
    }
    assert (await widgets.get()).status == 404
    assert (await widgets.api.delete(widgets.at("one"))).status == 404


async def test_a_new_object_of_the_same_name_has_a_new_uid(widgets: Widgets) -> None:
    first = await widgets.create()
    await widgets.api.delete(widgets.at("one"))
    second = await widgets.create()
    assert first["metadata"]["uid"] != second["metadata"]["uid"]


async def test_preconditions_protect_another_object_of_the_name(widgets: Widgets) -> None:
    made = (await widgets.create())["metadata"]
    wrong_uid = await widgets.api.delete(widgets.at("one"), {"preconditions": {"uid": "other"}})
    assert wrong_uid.status == 409
    assert wrong_uid.body["message"] == (
        'Operation cannot be fulfilled on Widget.conformance.example.com "one": the UID in the precondition (other) '
        f"does not match the UID in record ({made['uid']}). The object might have been deleted and then recreated"
    )
    wrong_version = await widgets.api.delete(widgets.at("one"), {"preconditions": {"resourceVersion": "1"}})
    assert wrong_version.status == 409
    right = {"preconditions": {"uid": made["uid"], "resourceVersion": made["resourceVersion"]}}
    assert (await widgets.api.delete(widgets.at("one"), right)).status == 200


async def test_a_dry_run_deletes_nothing(widgets: Widgets) -> None:
    await widgets.create()
    assert (await widgets.api.delete(widgets.at("one"), dryRun="All")).status == 200
    assert (await widgets.api.delete(widgets.at("one"), {"dryRun": ["All"]})).status == 200
    assert (await widgets.get()).status == 200


async def test_options_that_do_not_exist_are_refused(widgets: Widgets) -> None:
    await widgets.create()
    unknown = await widgets.api.delete(widgets.at("one"), {"propagationPolicy": "Sideways"})
    assert unknown.status == 422
    assert unknown.body["details"]["causes"][0]["field"] == "propagationPolicy"
    both = await widgets.api.delete(widgets.at("one"), {"propagationPolicy": "Orphan", "orphanDependents": True})
    assert both.status == 422
    assert (await widgets.api.delete(widgets.at("one"), b"{x")).status == 400
    assert (await widgets.get()).status == 200


async def test_a_finalizer_holds_an_object_until_it_is_removed(widgets: Widgets) -> None:
    made = await widgets.create(finalizers=[FINALIZER])
    held = await widgets.api.delete(widgets.at("one"))
    assert held.status == 200
    assert held.body["metadata"]["deletionTimestamp"]
    assert held.body["metadata"]["deletionGracePeriodSeconds"] == 0
    assert held.body["metadata"]["generation"] == made["metadata"]["generation"] + 1
    again = await widgets.api.delete(widgets.at("one"))
    assert again.body == held.body
    let_go = await widgets.api.patch(widgets.at("one"), {"metadata": {"finalizers": None}})
    assert let_go.status == 200
    assert (await widgets.get()).status == 404


async def test_while_it_is_deleted_an_object_can_change_but_not_gain_finalizers(widgets: Widgets) -> None:
    await widgets.create(finalizers=[FINALIZER])
    await widgets.api.delete(widgets.at("one"))
    changed = await widgets.api.patch(widgets.at("one"), {"spec": {"size": 4}})
    assert changed.body["metadata"]["generation"] == 3
    undone = await widgets.api.patch(widgets.at("one"), {"metadata": {"deletionTimestamp": None}})
    assert undone.body["metadata"]["deletionTimestamp"]
    more = {"metadata": {"finalizers": [FINALIZER, "example.com/more"]}}
    refused = await widgets.api.patch(widgets.at("one"), more)
    assert refused.status == 422
    assert refused.body["message"] == (
        'Widget.conformance.example.com "one" is invalid: metadata.finalizers: Forbidden: no new finalizers can be '
        'added if the object is being deleted, found new finalizers []string{"example.com/more"}'
    )


async def test_the_last_of_several_finalizers_counts(widgets: Widgets) -> None:
    await widgets.create(finalizers=[FINALIZER, "example.com/more"])
    await widgets.api.delete(widgets.at("one"))
    await widgets.api.patch(widgets.at("one"), {"metadata": {"finalizers": ["example.com/more"]}})
    assert (await widgets.get()).status == 200
    obj = (await widgets.get()).body
    obj["metadata"]["finalizers"] = []
    await widgets.api.put(widgets.at("one"), obj)
    assert (await widgets.get()).status == 404


async def test_foreground_and_orphan_leave_the_rest_to_the_garbage_collector(api: Api) -> None:
    configmaps = api.collection("configmaps")
    for policy, finalizer in {"Foreground": "foregroundDeletion", "Orphan": "orphan"}.items():
        body = {"metadata": {"name": policy.lower(), "finalizers": [FINALIZER]}}
        await api.post(configmaps, body)
        held = await api.delete(f"{configmaps}/{policy.lower()}", {"propagationPolicy": policy})
        assert held.body["metadata"]["finalizers"] == [FINALIZER, finalizer]


async def test_a_collection_is_deleted_as_selected(widgets: Widgets) -> None:
    for name, colour in {"a": "x", "b": "y", "c": "x"}.items():
        await widgets.create(name, labels={"colour": colour})
    deleted = await widgets.api.delete(widgets.path, labelSelector="colour=x")
    assert deleted.status == 200
    assert deleted.body["kind"] == "WidgetList"
    assert [item["metadata"]["name"] for item in deleted.body["items"]] == ["a", "c"]
    left = await widgets.api.get(widgets.path)
    assert [item["metadata"]["name"] for item in left.body["items"]] == ["b"]
    assert (await widgets.api.delete(widgets.path)).status == 200
    assert (await widgets.api.get(widgets.path)).body["items"] == []


async def test_some_kinds_answer_with_the_object(api: Api) -> None:
    accounts = api.collection("serviceaccounts")
    await api.post(accounts, {"metadata": {"name": "one"}})
    deleted = await api.delete(f"{accounts}/one")
    assert deleted.body["kind"] == "ServiceAccount"
    assert deleted.body["metadata"]["name"] == "one"


async def test_there_is_no_creation_by_the_path_of_an_object(api: Api, widgets: Widgets) -> None:
    refused = await api.post(f"{api.collection('configmaps')}/one", {"metadata": {"name": "one"}})
    assert refused.status == 405
    assert refused.body["reason"] == "MethodNotAllowed"
    everywhere = await api.post("/api/v1/configmaps", {"metadata": {"name": "one"}})
    assert everywhere.status == 405
    assert (await api.put(api.collection("configmaps"), widget())).status == 405


async def left(widgets: Widgets) -> list[str]:
    return [item["metadata"]["name"] for item in (await widgets.api.get(widgets.path)).body["items"]]


async def test_a_dry_run_deletes_nothing_of_a_collection(widgets: Widgets) -> None:
    for name in "ab":
        await widgets.create(name)
    for body, query in (({"dryRun": ["All"]}, {}), (None, {"dryRun": "All"})):
        answer = await widgets.api.delete(widgets.path, body, **query)
        assert (answer.status, answer.body["kind"]) == (200, "WidgetList")
        assert [item["metadata"]["name"] for item in answer.body["items"]] == ["a", "b"]
    assert await left(widgets) == ["a", "b"]


async def test_a_collection_is_not_deleted_by_options_that_make_no_sense(widgets: Widgets) -> None:
    await widgets.create()
    for query, status in (
        ({"dryRun": "x"}, 422),
        ({"propagationPolicy": "x"}, 422),
        ({"propagationPolicy": "Orphan", "orphanDependents": "true"}, 422),
        ({"labelSelector": "="}, 400),
        ({"fieldSelector": "spec.size=1"}, 400),
        ({"limit": "x"}, 400),
        ({"gracePeriodSeconds": "x"}, 400),
    ):
        assert (await widgets.api.delete(widgets.path, **query)).status == status, query
    refused = await widgets.api.delete(widgets.path, {"preconditions": {"uid": "another"}})
    assert (refused.status, refused.body["reason"]) == (409, "Conflict")
    assert (await widgets.api.delete(widgets.path, {"kind": "Widget", "apiVersion": "v1"})).status == 400
    assert await left(widgets) == ["one"]


async def test_what_is_held_of_a_collection_stays_until_it_is_let_go(widgets: Widgets) -> None:
    await widgets.create("free")
    await widgets.create("held", finalizers=["example.com/hold"])
    answer = await widgets.api.delete(widgets.path)
    assert [item["metadata"]["name"] for item in answer.body["items"]] == ["free", "held"]
    held = (await widgets.get("held")).body["metadata"]
    assert held["deletionTimestamp"]
    assert held["generation"] == 2
    assert await left(widgets) == ["held"]
    await widgets.api.patch(widgets.at("held"), {"metadata": {"finalizers": None}})
    assert await left(widgets) == []


@pytest.mark.parametrize(("policy", "finalizer"), [("Orphan", "orphan"), ("Foreground", "foregroundDeletion")])
async def test_a_collection_goes_in_the_way_that_is_asked_for(widgets: Widgets, policy: str, finalizer: str) -> None:
    made = await widgets.create(finalizers=["example.com/hold"])
    version = made["metadata"]["resourceVersion"]
    async with widgets.api.watch(widgets.path, resourceVersion=version) as watch:
        assert (await widgets.api.delete(widgets.path, {"propagationPolicy": policy})).status == 200
        changed = (await watch.next())["object"]["metadata"]
    assert changed["deletionTimestamp"]
    assert changed["finalizers"] == ["example.com/hold", finalizer]
