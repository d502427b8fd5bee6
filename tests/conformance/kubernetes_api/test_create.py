"""Creation: what the server sets, what it refuses, what it only warns of."""

from __future__ import annotations

import re

import orjson

from conformance.kubernetes_api.conftest import VERSION, Widgets, widget
from fixtures.control_plane import Api


async def test_the_server_sets_identity_version_time_and_generation(widgets: Widgets) -> None:
    made = await widgets.create()
    metadata = made["metadata"]
    assert re.fullmatch(r"[0-9a-f-]{36}", metadata["uid"])
    assert metadata["resourceVersion"].isdigit()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", metadata["creationTimestamp"])
    assert metadata["generation"] == 1
    assert metadata["namespace"] == widgets.api.namespace
    assert (await widgets.get()).body == made


async def test_what_the_client_says_of_identity_is_ignored(widgets: Widgets) -> None:
    made = await widgets.create(
        uid="mine", generation=7, creationTimestamp="2020-01-01T00:00:00Z", deletionTimestamp="2020-01-01T00:00:00Z"
    )
    assert made["metadata"]["uid"] != "mine"
    assert made["metadata"]["generation"] == 1
    assert not made["metadata"]["creationTimestamp"].startswith("2020")
    assert "deletionTimestamp" not in made["metadata"]


async def test_a_name_can_be_taken_only_once(widgets: Widgets) -> None:
    await widgets.create()
    again = await widgets.api.post(widgets.path, widget())
    assert again.status == 409
    assert again.body == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": 'widgets.conformance.example.com "one" already exists',
        "reason": "AlreadyExists",
        "details": {"name": "one", "group": "conformance.example.com", "kind": "widgets"},
        "code": 409,
    }


async def test_a_generated_name_has_five_characters_more(widgets: Widgets) -> None:
    body = widget()
    body["metadata"] = {"generateName": "made-"}
    names = {(await widgets.api.post(widgets.path, body)).body["metadata"]["name"] for _ in range(3)}
    assert len(names) == 3
    assert all(re.fullmatch(r"made-[a-z0-9]{5}", name) for name in names)


async def test_a_bad_name_is_refused_with_its_cause(widgets: Widgets) -> None:
    refused = await widgets.api.post(widgets.path, widget("Not_Valid"))
    assert refused.status == 422
    assert refused.body["reason"] == "Invalid"
    (cause,) = refused.body["details"]["causes"]
    assert cause["field"] == "metadata.name"
    assert cause["reason"] == "FieldValueInvalid"
    assert cause["message"].startswith('Invalid value: "Not_Valid": a lowercase RFC 1123 subdomain must consist of')


async def test_all_bad_labels_are_named_at_once(widgets: Widgets) -> None:
    refused = await widgets.api.post(widgets.path, widget(labels={"a b": "fine", "ok": "not fine!"}))
    assert refused.status == 422
    assert [cause["field"] for cause in refused.body["details"]["causes"]] == ["metadata.labels"] * 2
    assert refused.body["message"].startswith('Widget.conformance.example.com "one" is invalid: [metadata.labels: ')


async def test_a_name_is_required(api: Api) -> None:
    refused = await api.post(api.collection("configmaps"), {"metadata": {}})
    assert refused.status == 422
    assert refused.body["message"] == (
        'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required'
    )


async def test_an_object_of_another_namespace_is_refused(widgets: Widgets) -> None:
    refused = await widgets.api.post(widgets.path, widget(namespace="default"))
    assert refused.status == 400
    assert refused.body["message"] == (
        "the namespace of the provided object does not match the namespace sent on the request"
    )


async def test_a_namespace_must_exist(widgets: Widgets) -> None:
    refused = await widgets.api.post(widgets.path.replace(widgets.api.namespace, "nowhere"), widget())
    assert refused.status == 404
    assert refused.body["message"] == 'namespaces "nowhere" not found'


async def test_a_version_must_not_be_given(widgets: Widgets) -> None:
    refused = await widgets.api.post(widgets.path, widget(resourceVersion="1"))
    assert refused.status == 500
    assert refused.body["message"] == "resourceVersion should not be set on objects to be created"


async def test_unknown_fields_are_dropped_with_a_warning(widgets: Widgets) -> None:
    body = widget()
    body["spec"]["sizes"] = 3
    made = await widgets.api.post(widgets.path, body)
    assert made.status == 201
    assert made.headers["warning"] == '299 - "unknown field \\"spec.sizes\\""'
    assert made.body["spec"] == {"size": 1, "colour": "grey"}


async def test_unknown_and_duplicate_fields_are_refused_if_strict(widgets: Widgets) -> None:
    body = orjson.dumps(widget()).replace(b'"size":1', b'"size":1,"size":2,"sizes":3')
    refused = await widgets.api.post(widgets.path, body, fieldValidation="Strict")
    assert refused.status == 400
    assert refused.body["message"] == (
        'Widget in version "v1" cannot be handled as a Widget: strict decoding error: '
        'duplicate field "spec.size", unknown field "spec.sizes"'
    )


async def test_unknown_fields_are_dropped_silently_if_ignored(widgets: Widgets) -> None:
    body = widget()
    body["spec"]["sizes"] = 3
    made = await widgets.api.post(widgets.path, body, fieldValidation="Ignore")
    assert made.status == 201
    assert made.headers["warning"] == ""


async def test_a_dry_run_validates_and_stores_nothing(widgets: Widgets) -> None:
    made = await widgets.api.post(widgets.path, widget(), dryRun="All")
    assert made.status == 201
    assert made.body["metadata"]["uid"]
    assert "resourceVersion" not in made.body["metadata"]
    assert (await widgets.get()).status == 404
    assert (await widgets.api.post(widgets.path, widget("Bad_Name"), dryRun="All")).status == 422


async def test_options_that_do_not_exist_are_refused(widgets: Widgets) -> None:
    refused = await widgets.api.post(widgets.path, widget(), dryRun="Some", fieldValidation="Loose")
    assert refused.status == 422
    assert [cause["field"] for cause in refused.body["details"]["causes"]] == ["dryRun", "fieldValidation"]
    assert refused.body["details"]["kind"] == "CreateOptions"


async def test_kind_and_version_must_be_those_of_the_path(widgets: Widgets) -> None:
    post, path = widgets.api.post, widgets.path
    wrong_version = await post(path, widget() | {"apiVersion": "conformance.example.com/v2"})
    assert wrong_version.status == 400
    assert "does not match the expected API version (conformance.example.com/v1)" in wrong_version.body["message"]
    wrong_kind = await post(path, widget() | {"kind": "Gadget"})
    assert wrong_kind.status == 422
    assert wrong_kind.body["details"]["causes"][0]["message"] == 'Invalid value: "Gadget": must be Widget'
    no_kind = await post(path, {"metadata": {"name": "one"}})
    assert no_kind.status == 400
    assert "Object 'Kind' is missing in" in no_kind.body["message"]


async def test_a_body_that_is_no_object_is_a_bad_request(widgets: Widgets) -> None:
    for body in (b"", b"[]", b'{"a":1', b"{bad"):
        refused = await widgets.api.post(widgets.path, body)
        assert refused.status == 400
        assert refused.body["reason"] == "BadRequest"
        assert refused.body["message"].startswith("the object provided is unrecognized (must be of type Widget): ")


async def test_labels_must_be_strings(widgets: Widgets) -> None:
    refused = await widgets.api.post(widgets.path, widget(labels={"size": 1}))
    assert refused.status == 400
    assert refused.body["message"] == (
        'Widget in version "v1" cannot be handled as a Widget: '
        "json: cannot unmarshal number into Go struct field ObjectMeta.labels of type string"
    )


async def test_yaml_is_understood(widgets: Widgets) -> None:
    text = f"apiVersion: {VERSION}\nkind: Widget\nmetadata:\n  name: one\nspec:\n  size: 4\n".encode()
    made = await widgets.api.send("POST", widgets.path, text, headers={"content-type": "application/yaml"})
    assert made.status == 201
    assert made.body["spec"]["size"] == 4


async def test_another_content_type_is_not(widgets: Widgets) -> None:
    refused = await widgets.api.send("POST", widgets.path, widget(), headers={"content-type": "text/plain"})
    assert refused.status == 415
    assert refused.body["reason"] == "UnsupportedMediaType"


async def test_finalizers_without_a_domain_are_warned_of(widgets: Widgets) -> None:
    made = await widgets.api.post(widgets.path, widget(finalizers=["hold", "example.com/hold"]))
    assert made.status == 201
    assert made.headers["warning"] == (
        '299 - "metadata.finalizers: \\"hold\\": prefer a domain-qualified finalizer name '
        'to avoid accidental conflicts with other finalizer writers"'
    )


async def test_the_writer_comes_to_own_what_it_wrote(widgets: Widgets) -> None:
    (entry,) = (await widgets.create(labels={"a": "b"}))["metadata"]["managedFields"]
    assert entry["manager"] == "conformance"
    assert entry["operation"] == "Update"
    assert entry["fieldsV1"] == {
        "f:metadata": {"f:labels": {".": {}, "f:a": {}}},
        "f:spec": {".": {}, "f:colour": {}, "f:size": {}},
    }


async def test_a_field_manager_can_be_named(widgets: Widgets) -> None:
    made = await widgets.api.post(widgets.path, widget(), fieldManager="somebody")
    assert made.body["metadata"]["managedFields"][0]["manager"] == "somebody"
