"""What a client can learn of a server: groups, kinds, versions, health, OpenAPI, and paths that are not there."""

from __future__ import annotations

from typing import Any

from conformance.kubernetes_api.conftest import GROUP, Widgets
from fixtures.control_plane import Api

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"
KINDS = {
    "/api/v1": {
        "configmaps", "endpoints", "events", "namespaces", "pods", "secrets", "serviceaccounts", "services",
        "namespaces/status", "namespaces/finalize", "pods/status", "services/status",
    },
    "/apis/batch/v1": {"jobs", "jobs/status"},
    "/apis/coordination.k8s.io/v1": {"leases"},
    "/apis/discovery.k8s.io/v1": {"endpointslices"},
    "/apis/apiextensions.k8s.io/v1": {"customresourcedefinitions", "customresourcedefinitions/status"},
}  # fmt: skip


async def test_the_core_group_is_listed_by_version(api: Api) -> None:
    assert (await api.get("/api")).body["versions"] == ["v1"]


async def test_groups_are_listed_with_their_preferred_version(widgets: Widgets) -> None:
    groups = {group["name"]: group for group in (await widgets.api.get("/apis")).body["groups"]}
    assert {"apiextensions.k8s.io", "batch", "coordination.k8s.io", "discovery.k8s.io", GROUP} <= groups.keys()
    version = {"groupVersion": f"{GROUP}/v1", "version": "v1"}
    assert groups[GROUP] == {"name": GROUP, "versions": [version], "preferredVersion": version}
    alone = (await widgets.api.get(f"/apis/{GROUP}")).body
    assert alone == {"kind": "APIGroup", "apiVersion": "v1", **groups[GROUP]}


async def test_the_built_in_kinds_are_listed(api: Api) -> None:
    for path, expected in KINDS.items():
        listed = (await api.get(path)).body
        assert listed["kind"] == "APIResourceList"
        resources = {resource["name"]: resource for resource in listed["resources"]}
        assert expected <= resources.keys()


async def test_built_in_kinds_have_the_names_and_verbs_of_kubernetes(api: Api) -> None:
    resources = {each["name"]: each for each in (await api.get("/api/v1")).body["resources"]}
    configmaps = resources["configmaps"]
    configmaps.pop("storageVersionHash")
    assert configmaps == {
        "name": "configmaps",
        "singularName": "configmap",
        "namespaced": True,
        "kind": "ConfigMap",
        "verbs": ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
        "shortNames": ["cm"],
    }
    assert "deletecollection" not in resources["namespaces"]["verbs"]
    assert resources["namespaces/finalize"]["verbs"] == ["update"]


async def test_a_custom_kind_is_listed_with_its_names(widgets: Widgets) -> None:
    listed = (await widgets.api.get(f"/apis/{GROUP}/v1")).body
    resource, status = listed["resources"]
    assert listed["groupVersion"] == f"{GROUP}/v1"
    assert resource["name"] == "widgets"
    assert resource["singularName"] == "widget"
    assert resource["shortNames"] == ["wd"]
    assert resource["categories"] == ["all"]
    assert status["name"] == "widgets/status"
    assert status["verbs"] == ["get", "patch", "update"]


async def test_all_is_told_in_one_document(widgets: Widgets) -> None:
    answer = await widgets.api.get("/apis", headers={"accept": AGGREGATED})
    assert answer.headers["content-type"].startswith("application/json;g=apidiscovery.k8s.io;v=v2")
    assert answer.body["kind"] == "APIGroupDiscoveryList"
    (group,) = [item for item in answer.body["items"] if item["metadata"]["name"] == GROUP]
    (version,) = group["versions"]
    assert version["freshness"] == "Current"
    (resource,) = version["resources"]
    assert resource["scope"] == "Namespaced"
    assert resource["responseKind"] == {"group": GROUP, "version": "v1", "kind": "Widget"}
    assert [each["subresource"] for each in resource["subresources"]] == ["status"]
    core = (await widgets.api.get("/api", headers={"accept": AGGREGATED})).body["items"][0]
    assert "configmaps" in [each["resource"] for each in core["versions"][0]["resources"]]


async def test_the_version_is_one_that_clients_can_compare(api: Api) -> None:
    version = (await api.get("/version")).body
    assert (version["major"], version["minor"]) == ("1", "35")
    assert version["gitVersion"].startswith("v1.35.")


async def test_health_is_plain_text(api: Api) -> None:
    for path in ("/healthz", "/livez", "/readyz"):
        answer = await api.get(path)
        assert (answer.status, answer.body) == (200, "ok")


async def test_paths_that_are_not_there_are_not_found(widgets: Widgets) -> None:
    get = widgets.api.get
    for path in ("/nonsense", "/apis/nowhere.example.com/v1/things", f"/apis/{GROUP}/v1/gadgets", f"/apis/{GROUP}/v2"):
        answer = await get(path)
        assert (answer.status, answer.body) == (404, "404 page not found\n")
    built_in = await get("/api/v1/gadgets")
    assert built_in.status == 404
    assert built_in.body["message"] == "the server could not find the requested resource"
    part = await get(widgets.at("one", "parts"))
    assert part.status == 404
    assert part.body["reason"] == "NotFound"


async def test_openapi_documents_are_indexed_by_group_and_version(widgets: Widgets) -> None:
    await widgets.api.eventually(f"/openapi/v3/apis/{GROUP}/v1", 200)
    index = (await widgets.api.get("/openapi/v3")).body["paths"]
    assert {"api/v1", f"apis/{GROUP}/v1", "apis/batch/v1"} <= index.keys()
    place = index[f"apis/{GROUP}/v1"]["serverRelativeURL"]
    assert place.startswith(f"/openapi/v3/apis/{GROUP}/v1?hash=")


async def document(api: Api, place: str) -> dict[str, Any]:
    body: dict[str, Any] = (await api.eventually(f"/openapi/v3/{place}", 200)).body
    return body


async def test_a_custom_kind_is_described_as_its_schema_says(widgets: Widgets) -> None:
    described = await document(widgets.api, f"apis/{GROUP}/v1")
    schema = described["components"]["schemas"]["com.example.conformance.v1.Widget"]
    assert schema["description"] == "Something that has a size"
    assert schema["x-kubernetes-group-version-kind"] == [{"group": GROUP, "kind": "Widget", "version": "v1"}]
    assert schema["properties"]["spec"]["properties"]["size"]["description"] == "How large it is"
    assert schema["properties"]["metadata"]["allOf"] == [
        {"$ref": "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"}
    ]


async def test_writes_are_described_with_field_validation(widgets: Widgets) -> None:
    paths = (await document(widgets.api, f"apis/{GROUP}/v1"))["paths"]
    operation = paths[f"/apis/{GROUP}/v1/namespaces/{{namespace}}/widgets/{{name}}"]["patch"]
    assert {"dryRun", "fieldManager", "fieldValidation", "force"} == {each["name"] for each in operation["parameters"]}
    assert operation["x-kubernetes-group-version-kind"] == {"group": GROUP, "kind": "Widget", "version": "v1"}
    assert set(operation["requestBody"]["content"]) == {
        "application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json",
    }  # fmt: skip


async def test_built_in_kinds_are_described_with_the_keys_of_their_lists(api: Api) -> None:
    schemas = (await document(api, "api/v1"))["components"]["schemas"]
    containers = schemas["io.k8s.api.core.v1.PodSpec"]["properties"]["containers"]
    assert containers["x-kubernetes-patch-merge-key"] == "name"
    assert schemas["io.k8s.api.core.v1.ConfigMap"]["x-kubernetes-group-version-kind"] == [
        {"group": "", "kind": "ConfigMap", "version": "v1"}
    ]
