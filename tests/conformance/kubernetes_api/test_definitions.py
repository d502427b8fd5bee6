"""CustomResourceDefinitions: kinds that come, change and go while the server runs."""

from __future__ import annotations

import asyncio
import copy
from typing import Any

import pytest

from conformance.kubernetes_api.conftest import DEFINITION
from fixtures.control_plane import Api

PATH = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


@pytest.fixture
def definition(api: Api) -> dict[str, Any]:
    """A definition of this test's own group."""
    made = copy.deepcopy(DEFINITION)
    made["spec"]["group"] = f"g{api.suffix}.example.com"
    made["metadata"]["name"] = f"widgets.{made['spec']['group']}"
    return made


def group_of(definition: dict[str, Any]) -> str:
    return str(definition["spec"]["group"])


def gadget(definition: dict[str, Any], version: str = "v1", **metadata: object) -> dict[str, Any]:
    return {
        "apiVersion": f"{group_of(definition)}/{version}",
        "kind": "Widget",
        "metadata": {"name": "one", **metadata},
        "spec": {"size": 1},
    }


async def test_its_kind_is_served_and_its_conditions_say_so(api: Api, definition: dict[str, Any]) -> None:
    await api.define(definition)
    stored = (await api.get(f"{PATH}/{definition['metadata']['name']}")).body
    conditions = {each["type"]: (each["status"], each["reason"]) for each in stored["status"]["conditions"]}
    assert conditions["Established"] == ("True", "InitialNamesAccepted")
    assert conditions["NamesAccepted"] == ("True", "NoConflicts")
    assert stored["status"]["storedVersions"] == ["v1"]
    assert stored["status"]["acceptedNames"]["listKind"] == "WidgetList"
    assert stored["spec"]["conversion"] == {"strategy": "None"}
    assert stored["metadata"]["generation"] == 1
    made = await api.post(api.collection("widgets", group_of(definition)), gadget(definition))
    assert made.status == 201


async def test_its_name_must_be_its_plural_and_group(api: Api, definition: dict[str, Any]) -> None:
    definition["metadata"]["name"] = "other.example.com"
    refused = await api.post(PATH, definition)
    assert refused.status == 422
    assert refused.body["details"]["causes"][0] == {
        "reason": "FieldValueInvalid",
        "message": 'Invalid value: "other.example.com": must be spec.names.plural+"."+spec.group',
        "field": "metadata.name",
    }


async def test_it_needs_a_schema_and_one_version_that_is_stored(api: Api, definition: dict[str, Any]) -> None:
    (version,) = definition["spec"]["versions"]
    schema = version.pop("schema")
    assert (await api.post(PATH, definition)).status == 422
    version["schema"] = schema
    version["storage"] = False
    refused = await api.post(PATH, definition)
    assert refused.status == 422
    assert "must have exactly one version marked as storage version" in refused.body["message"]


async def test_its_versions_have_different_names(api: Api, definition: dict[str, Any]) -> None:
    (version,) = definition["spec"]["versions"]
    definition["spec"]["versions"] = [version, {**version, "storage": False}]
    refused = await api.post(PATH, definition)
    assert refused.status == 422
    told = [cause["message"] for cause in refused.body["details"]["causes"] if cause["field"] == "spec.versions"]
    assert len(told) == 1
    assert told[0].endswith("must contain unique version names")


async def test_a_rule_may_be_there_twice(api: Api, definition: dict[str, Any]) -> None:
    schema = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    schema["x-kubernetes-validations"] = [{"rule": "has(self.spec)"}, {"rule": "has(self.spec)"}]
    assert (await api.post(PATH, definition, dryRun="All")).status == 201


async def test_a_changed_schema_acts_on_the_next_write(api: Api, definition: dict[str, Any]) -> None:
    await api.define(definition)
    path = api.collection("widgets", group_of(definition))
    await api.post(path, gadget(definition))
    schema = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    schema["properties"]["spec"]["properties"]["weight"] = {"type": "integer"}
    change = {"spec": {"versions": definition["spec"]["versions"]}}
    changed = await api.patch(f"{PATH}/{definition['metadata']['name']}", change)
    assert changed.body["metadata"]["generation"] == 2

    async def weigh() -> bool:
        answer = await api.patch(f"{path}/one", {"spec": {"weight": 3}})
        return bool(answer.body["spec"].get("weight") == 3)

    for _ in range(500):  # kube-apiserver takes a moment
        if await weigh():
            return
    pytest.fail("the new field never came")


async def test_several_versions_show_the_same_objects(api: Api, definition: dict[str, Any]) -> None:
    second = copy.deepcopy(definition["spec"]["versions"][0]) | {"name": "v2", "storage": False}
    definition["spec"]["versions"].append(second)
    await api.define(definition)
    group = group_of(definition)
    made = (await api.post(api.collection("widgets", group), gadget(definition))).body
    other = (await api.get(f"{api.collection('widgets', group, 'v2')}/one")).body
    assert other["apiVersion"] == f"{group}/v2"
    assert other["spec"] == made["spec"]
    assert other["metadata"]["uid"] == made["metadata"]["uid"]
    listed = (await api.get(f"/apis/{group}")).body
    assert listed["preferredVersion"]["version"] == "v2"


async def test_its_objects_go_before_it_does(api: Api, definition: dict[str, Any]) -> None:
    await api.define(definition)
    group, path = group_of(definition), api.collection("widgets", group_of(definition))
    await api.post(path, gadget(definition, finalizers=["example.com/hold"]))
    place = f"{PATH}/{definition['metadata']['name']}"
    going = (await api.delete(place)).body
    assert going["metadata"]["finalizers"] == ["customresourcecleanup.apiextensions.k8s.io"]
    async with api.watch(path) as watch:
        event = await watch.next()
        while "deletionTimestamp" not in event["object"]["metadata"]:
            event = await watch.next()
    held = await api.get(place)
    assert "Terminating" in [each["type"] for each in held.body["status"]["conditions"]]
    late = await api.post(path, gadget(definition) | {"metadata": {"name": "late"}})
    assert late.status == 403
    assert late.body["message"].endswith("create not allowed while custom resource definition is terminating")
    await api.patch(f"{path}/one", {"metadata": {"finalizers": None}})
    await api.eventually(place, 404)
    await api.eventually(path, 404)
    await api.eventually(f"/apis/{group}/v1", 404)


async def test_names_that_another_has_are_not_accepted(api: Api, definition: dict[str, Any]) -> None:
    await api.define(definition)
    spec = definition["spec"]
    names = {**spec["names"], "plural": "others", "singular": "other"}
    second = {**definition, "metadata": {"name": f"others.{spec['group']}"}, "spec": {**spec, "names": names}}
    made = await api.post(PATH, second)
    assert made.status == 201
    async with asyncio.timeout(10):
        while not (status := (await api.get(f"{PATH}/others.{spec['group']}")).body["status"]).get("conditions"):
            pass
    conditions = {each["type"]: (each["status"], each["reason"]) for each in status["conditions"]}
    assert conditions == {"NamesAccepted": ("False", "ListKindConflict"), "Established": ("False", "NotAccepted")}
    assert (await api.get(f"/apis/{spec['group']}/v1/others")).status == 404
    await api.delete(f"{PATH}/others.{spec['group']}")


async def test_it_gets_its_names_once_they_are_free(api: Api, definition: dict[str, Any]) -> None:
    await api.define(definition)
    spec = definition["spec"]
    names = {**spec["names"], "plural": "others", "singular": "other"}
    second = {**definition, "metadata": {"name": f"others.{spec['group']}"}, "spec": {**spec, "names": names}}
    place = f"{PATH}/others.{spec['group']}"
    await api.post(PATH, second)
    await api.until(place, lambda answer: answer.body["status"].get("conditions"))
    await api.delete(f"{PATH}/{definition['metadata']['name']}")
    await api.eventually(f"/apis/{spec['group']}/v1/others", 200)
    stored = (await api.until(place, lambda answer: len(answer.body["status"]["conditions"]) == 2)).body
    conditions = {each["type"]: (each["status"], each["reason"]) for each in stored["status"]["conditions"]}
    assert conditions == {
        "NamesAccepted": ("True", "NoConflicts"),
        "Established": ("True", "InitialNamesAccepted"),
    }
    assert stored["status"]["acceptedNames"]["kind"] == "Widget"
    assert stored["metadata"]["generation"] == 1
    await api.delete(place)


async def test_a_short_name_that_another_gives_up_is_taken(api: Api, definition: dict[str, Any]) -> None:
    await api.define(definition)
    spec = definition["spec"]
    names = {"plural": "others", "singular": "other", "kind": "Other", "shortNames": ["wd"]}
    second = {**definition, "metadata": {"name": f"others.{spec['group']}"}, "spec": {**spec, "names": names}}
    place = f"{PATH}/others.{spec['group']}"
    await api.post(PATH, second)
    await api.until(place, lambda answer: answer.body["status"].get("conditions"))
    freed = {"spec": {"names": {"shortNames": ["wi"]}}}
    await api.patch(f"{PATH}/{definition['metadata']['name']}", freed)
    await api.eventually(f"/apis/{spec['group']}/v1/others", 200)
    stored = await api.until(place, lambda answer: answer.body["status"]["acceptedNames"].get("shortNames"))
    assert stored.body["status"]["acceptedNames"]["shortNames"] == ["wd"]
    await api.delete(place)
