"""Replace and patch: versions, generations, what cannot change, no-ops, the status subresource."""

from __future__ import annotations

from typing import Any

from conformance.kubernetes_api.conftest import VERSION, Widgets, widget
from fixtures.control_plane import Api

STALE = "the object has been modified; please apply your changes to the latest version and try again"


def with_metadata(obj: dict[str, Any], **metadata: object) -> dict[str, Any]:
    return {**obj, "metadata": {**obj["metadata"], **metadata}}


async def test_a_replace_needs_the_version(widgets: Widgets) -> None:
    await widgets.create()
    refused = await widgets.api.put(widgets.at("one"), widget())
    assert refused.status == 422
    assert refused.body["details"]["causes"] == [
        {
            "reason": "FieldValueInvalid",
            "message": "Invalid value: 0: must be specified for an update",
            "field": "metadata.resourceVersion",
        }
    ]


async def test_a_stale_version_conflicts(widgets: Widgets) -> None:
    old = await widgets.create()
    new = await widgets.api.put(widgets.at("one"), {**old, "spec": {"size": 2}})
    assert new.status == 200
    refused = await widgets.api.put(widgets.at("one"), {**old, "spec": {"size": 3}})
    assert refused.status == 409
    assert refused.body["reason"] == "Conflict"
    assert refused.body["message"] == (
        f'Operation cannot be fulfilled on widgets.conformance.example.com "one": {STALE}'
    )
    assert (await widgets.get()).body == new.body


async def test_each_change_of_the_spec_counts_a_generation_and_a_version(widgets: Widgets) -> None:
    old = await widgets.create()
    new = (await widgets.api.put(widgets.at("one"), {**old, "spec": {"size": 2}})).body
    assert new["metadata"]["generation"] == 2
    assert int(new["metadata"]["resourceVersion"]) > int(old["metadata"]["resourceVersion"])
    labelled = (await widgets.api.put(widgets.at("one"), with_metadata(new, labels={"a": "b"}))).body
    assert labelled["metadata"]["generation"] == 2
    assert int(labelled["metadata"]["resourceVersion"]) > int(new["metadata"]["resourceVersion"])


async def test_a_change_of_nothing_writes_nothing(widgets: Widgets) -> None:
    old = await widgets.create(labels={"a": "b"})
    assert (await widgets.api.put(widgets.at("one"), old)).body == old
    assert (await widgets.api.patch(widgets.at("one"), {"spec": {"size": 1}})).body == old
    assert (await widgets.api.patch(widgets.at("one"), {"metadata": {"labels": {"a": "b"}}})).body == old


async def test_identity_cannot_be_changed(widgets: Widgets) -> None:
    old = await widgets.create()
    path = widgets.at("one")
    changed = with_metadata(old, generation=99, creationTimestamp="2020-01-01T00:00:00Z")
    assert (await widgets.api.put(path, changed)).body == old
    other_uid = await widgets.api.put(path, with_metadata(old, uid="other"))
    assert other_uid.status == 409
    assert "Precondition failed: UID in precondition: other, UID in object meta: " in other_uid.body["message"]
    other_name = await widgets.api.put(path, with_metadata(old, name="two"))
    assert other_name.status == 400
    assert other_name.body["message"] == "the name of the object (two) does not match the name on the URL (one)"
    other_place = await widgets.api.put(path, with_metadata(old, namespace="default"))
    assert other_place.status == 400


async def test_a_deletion_cannot_be_written(widgets: Widgets) -> None:
    made = await widgets.create()
    for field, value in {"deletionTimestamp": "2020-01-01T00:00:00Z", "deletionGracePeriodSeconds": 5}.items():
        refused = await widgets.api.patch(widgets.at("one"), {"metadata": {field: value}})
        assert refused.status == 422
        assert {cause["field"] for cause in refused.body["details"]["causes"]} == {f"metadata.{field}"}
        assert "field is immutable" in refused.body["message"]
    assert (await widgets.get()).body == made


async def test_what_is_not_there_cannot_be_changed(widgets: Widgets) -> None:
    body = with_metadata(widget("nobody"), resourceVersion="1")
    assert (await widgets.api.put(widgets.at("nobody"), body)).status == 404
    assert (await widgets.api.patch(widgets.at("nobody"), {})).status == 404
    assert (await widgets.api.patch(widgets.at("nobody", "status"), {})).status == 404


async def test_a_merge_patch_removes_with_null(widgets: Widgets) -> None:
    await widgets.create(labels={"a": "b", "c": "d"})
    patched = await widgets.api.patch(widgets.at("one"), {"metadata": {"labels": {"a": None}}, "spec": {"size": 3}})
    assert patched.status == 200
    assert patched.body["metadata"]["labels"] == {"c": "d"}
    assert patched.body["spec"]["size"] == 3


async def test_a_patch_may_hold_a_version(widgets: Widgets) -> None:
    old = await widgets.create()
    stale = {"metadata": {"resourceVersion": "1"}, "spec": {"size": 2}}
    refused = await widgets.api.patch(widgets.at("one"), stale)
    assert refused.status == 409
    stale["metadata"]["resourceVersion"] = old["metadata"]["resourceVersion"]
    assert (await widgets.api.patch(widgets.at("one"), stale)).status == 200


async def test_a_patch_cannot_rename(widgets: Widgets) -> None:
    await widgets.create()
    refused = await widgets.api.patch(widgets.at("one"), {"metadata": {"name": "two"}})
    assert refused.status == 400


async def test_the_result_of_a_patch_is_validated(widgets: Widgets) -> None:
    old = await widgets.create()
    refused = await widgets.api.patch(widgets.at("one"), {"spec": {"size": -1, "colour": "green"}})
    assert refused.status == 422
    assert {cause["field"] for cause in refused.body["details"]["causes"]} == {"spec.colour", "spec.size"}
    assert (await widgets.get()).body == old


async def test_unknown_fields_of_a_patch_warn_or_are_refused(widgets: Widgets) -> None:
    await widgets.create()
    warned = await widgets.api.patch(widgets.at("one"), {"spec": {"sizes": 1}})
    assert warned.status == 200
    assert warned.headers["warning"] == '299 - "unknown field \\"spec.sizes\\""'
    refused = await widgets.api.patch(widgets.at("one"), {"spec": {"sizes": 1}}, fieldValidation="Strict")
    assert refused.status == 422
    assert refused.body["details"]["causes"][0]["field"] == "patch"
    assert refused.body["message"].endswith('strict decoding error: unknown field "spec.sizes"')


async def test_a_dry_run_shows_the_change_and_stores_nothing(widgets: Widgets) -> None:
    old = await widgets.create()
    shown = await widgets.api.patch(widgets.at("one"), {"spec": {"size": 2}}, dryRun="All")
    assert shown.body["spec"]["size"] == 2
    assert shown.body["metadata"]["generation"] == 2
    assert shown.body["metadata"]["resourceVersion"] == old["metadata"]["resourceVersion"]
    assert (await widgets.get()).body == old


async def test_patches_of_another_kind_are_refused(widgets: Widgets) -> None:
    await widgets.create()
    refused = await widgets.api.patch(widgets.at("one"), {}, "strategic")
    assert refused.status == 415
    assert refused.body["message"] == (
        "the body of the request was in an unknown format - accepted media types include: "
        "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml"
    )


async def test_a_broken_patch_is_a_bad_request(widgets: Widgets) -> None:
    await widgets.create()
    broken = await widgets.api.patch(widgets.at("one"), b"{x")
    assert broken.status == 400
    assert broken.body["message"] == (
        "error decoding patch: invalid character 'x' looking for beginning of object key string"
    )
    assert (await widgets.api.patch(widgets.at("one"), [])).status == 400


async def test_force_is_for_apply_only(widgets: Widgets) -> None:
    await widgets.create()
    refused = await widgets.api.patch(widgets.at("one"), {}, force="true")
    assert refused.status == 422
    assert refused.body["details"]["causes"][0]["message"] == "Forbidden: may not be specified for non-apply patch"


async def test_the_main_endpoint_leaves_the_status_alone(widgets: Widgets) -> None:
    body = widget() | {"status": {"seen": 1}}
    made = (await widgets.api.post(widgets.path, body)).body
    assert "status" not in made
    await widgets.api.patch(widgets.at("one", "status"), {"status": {"seen": 2}})
    patched = (await widgets.api.patch(widgets.at("one"), {"status": {"seen": 3}, "spec": {"size": 5}})).body
    assert patched["status"] == {"seen": 2}
    assert patched["spec"]["size"] == 5


async def test_the_status_endpoint_leaves_the_rest_alone(widgets: Widgets) -> None:
    old = await widgets.create()
    body = {**with_metadata(old, labels={"a": "b"}), "spec": {"size": 9}, "status": {"seen": 1}}
    new = (await widgets.api.put(widgets.at("one", "status"), body)).body
    assert new["spec"] == old["spec"]
    assert "labels" not in new["metadata"]
    assert new["status"] == {"seen": 1}
    assert new["metadata"]["generation"] == 1
    assert new["metadata"]["resourceVersion"] != old["metadata"]["resourceVersion"]
    assert (await widgets.api.get(widgets.at("one", "status"))).body == new


async def test_a_status_that_stays_writes_nothing(widgets: Widgets) -> None:
    await widgets.create()
    first = (await widgets.api.patch(widgets.at("one", "status"), {"status": {"seen": 1}})).body
    assert (await widgets.api.patch(widgets.at("one", "status"), {"status": {"seen": 1}})).body == first
    assert first["metadata"]["managedFields"][-1]["subresource"] == "status"


async def test_apply_creates_and_changes(widgets: Widgets) -> None:
    wanted = {"apiVersion": VERSION, "kind": "Widget", "metadata": {"name": "one"}, "spec": {"size": 1}}
    made = await widgets.api.apply(widgets.at("one"), wanted, "tool")
    assert made.status == 201
    again = await widgets.api.apply(widgets.at("one"), wanted, "tool")
    assert again.status == 200
    assert again.body == made.body
    wanted["spec"] = {"size": 2}
    changed = await widgets.api.apply(widgets.at("one"), wanted, "tool")
    assert changed.body["spec"] == {"size": 2, "colour": "grey"}
    assert changed.body["metadata"]["generation"] == 2


async def test_apply_needs_a_manager_a_kind_and_a_name(widgets: Widgets) -> None:
    wanted = {"apiVersion": VERSION, "kind": "Widget", "spec": {"size": 1}}
    nameless = await widgets.api.apply(widgets.at("one"), wanted, "tool")
    assert nameless.status == 400
    assert nameless.body["message"] == (
        "the name of the object (one based on URL) was undeterminable: name must be provided"
    )
    wanted["metadata"] = {"name": "one"}
    nobody = await widgets.api.patch(widgets.at("one"), wanted, "apply")
    assert nobody.status == 422
    assert nobody.body["details"]["causes"][0]["field"] == "fieldManager"
    kindless = await widgets.api.apply(widgets.at("one"), {"metadata": {"name": "one"}}, "tool")
    assert kindless.status == 400
    assert kindless.body["message"] == "invalid object type: /, Kind="


async def test_apply_refuses_fields_that_do_not_exist(widgets: Widgets) -> None:
    wanted = widget()
    wanted["spec"]["sizes"] = 1
    refused = await widgets.api.apply(widgets.at("one"), wanted, "tool")
    assert refused.status == 500
    assert refused.body["message"].endswith(".spec.sizes: field not declared in schema")


async def test_two_managers_conflict_until_one_forces(widgets: Widgets) -> None:
    await widgets.api.apply(widgets.at("one"), widget(size=1), "first")
    refused = await widgets.api.apply(widgets.at("one"), widget(size=2), "second")
    assert refused.status == 409
    assert refused.body["message"] == 'Apply failed with 1 conflict: conflict with "first": .spec.size'
    assert refused.body["details"]["causes"] == [
        {"reason": "FieldManagerConflict", "message": 'conflict with "first"', "field": ".spec.size"}
    ]
    forced = await widgets.api.apply(widgets.at("one"), widget(size=2), "second", force="true")
    assert forced.body["spec"]["size"] == 2


async def test_a_dry_apply_stores_nothing(widgets: Widgets) -> None:
    shown = await widgets.api.apply(widgets.at("one"), widget(), "tool", dryRun="All")
    assert shown.status == 201
    assert (await widgets.get()).status == 404


async def test_the_status_cannot_be_applied_before_the_object(widgets: Widgets) -> None:
    wanted = {"apiVersion": VERSION, "kind": "Widget", "metadata": {"name": "one"}, "status": {"seen": 1}}
    assert (await widgets.api.apply(widgets.at("one", "status"), wanted, "tool")).status == 404
    await widgets.create()
    applied = await widgets.api.apply(widgets.at("one", "status"), wanted, "tool")
    assert applied.body["status"] == {"seen": 1}


async def test_some_kinds_may_be_replaced_without_a_version_or_before_they_exist(api: Api) -> None:
    configmaps, leases = api.collection("configmaps"), api.collection("leases", "coordination.k8s.io")
    absent = await api.put(f"{configmaps}/one", {"metadata": {"name": "one"}})
    assert absent.status == 404
    await api.post(configmaps, {"metadata": {"name": "one"}})
    replaced = await api.put(f"{configmaps}/one", {"metadata": {"name": "one"}, "data": {"a": "b"}})
    assert replaced.status == 200
    lease = {"metadata": {"name": "one"}, "spec": {"holderIdentity": "me"}}
    assert (await api.put(f"{leases}/one", lease)).status == 201
    assert (await api.put(f"{leases}/one", lease)).status == 422
