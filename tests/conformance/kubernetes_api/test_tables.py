"""Other views of objects: rows for people, metadata for machines."""

from __future__ import annotations

from conformance.kubernetes_api.conftest import Widgets
from fixtures.control_plane import Api

TABLE = {"accept": "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"}
PARTIAL = {"accept": "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json"}
PARTIAL_LIST = {"accept": "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json"}


async def test_the_columns_are_those_of_the_definition(widgets: Widgets) -> None:
    await widgets.create(size=3)
    table = (await widgets.api.get(widgets.path, headers=TABLE)).body
    assert table["kind"] == "Table"
    columns = [(each["name"], each["type"], each["priority"]) for each in table["columnDefinitions"]]
    assert columns == [("Name", "string", 0), ("Size", "integer", 0), ("Ready", "string", 1), ("Age", "date", 0)]
    (row,) = table["rows"]
    assert row["cells"][:3] == ["one", 3, None]
    assert row["cells"][3].endswith("s")
    assert row["object"]["kind"] == "PartialObjectMetadata"
    assert row["object"]["metadata"]["name"] == "one"


async def test_a_column_can_filter_a_list(widgets: Widgets) -> None:
    await widgets.create()
    conditions = [{"type": "Other", "status": "False"}, {"type": "Ready", "status": "True"}]
    await widgets.api.patch(widgets.at("one", "status"), {"status": {"conditions": conditions}})
    table = (await widgets.api.get(widgets.at("one"), headers=TABLE)).body
    assert table["rows"][0]["cells"][2] == "True"


async def test_rows_carry_as_much_of_the_object_as_is_wanted(widgets: Widgets) -> None:
    made = await widgets.create()
    whole = await widgets.api.get(widgets.path, headers=TABLE, includeObject="Object")
    assert whole.body["rows"][0]["object"] == made
    nothing = await widgets.api.get(widgets.path, headers=TABLE, includeObject="None")
    assert nothing.body["rows"][0]["object"] is None
    refused = await widgets.api.get(widgets.path, headers=TABLE, includeObject="Half")
    assert refused.status == 400


async def test_built_in_kinds_have_the_columns_of_kubernetes(api: Api) -> None:
    expected = {
        api.collection("configmaps"): ["Name", "Data", "Age"],
        api.collection("secrets"): ["Name", "Type", "Data", "Age"],
        api.collection("events"): [
            "Last Seen", "Type", "Reason", "Object", "Subobject", "Source", "Message", "First Seen", "Count", "Name",
        ],
        api.collection("leases", "coordination.k8s.io"): ["Name", "Holder", "Age"],
        "/api/v1/namespaces": ["Name", "Status", "Age"],
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions": ["Name", "Created At"],
    }  # fmt: skip
    for path, names in expected.items():
        table = (await api.get(path, headers=TABLE)).body
        assert [column["name"] for column in table["columnDefinitions"]] == names


async def test_rows_of_built_in_kinds_count_their_data(api: Api) -> None:
    path = api.collection("configmaps")
    await api.post(path, {"metadata": {"name": "one"}, "data": {"a": "1", "b": "2"}})
    table = (await api.get(f"{path}/one", headers=TABLE)).body
    assert table["rows"][0]["cells"][:2] == ["one", 2]


async def test_errors_stay_errors(widgets: Widgets) -> None:
    missing = await widgets.api.get(widgets.at("nobody"), headers=TABLE)
    assert missing.status == 404
    assert missing.body["kind"] == "Status"
    unknown = await widgets.api.get(widgets.path, headers={"accept": "application/json;as=Table;v=v9;g=meta.k8s.io"})
    assert unknown.status == 406


async def test_metadata_alone_can_be_read(widgets: Widgets) -> None:
    made = await widgets.create()
    partial = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": made["metadata"]}
    assert (await widgets.api.get(widgets.at("one"), headers=PARTIAL)).body == partial
    listed = (await widgets.api.get(widgets.path, headers=PARTIAL_LIST)).body
    assert listed["kind"] == "PartialObjectMetadataList"
    assert listed["items"] == [partial]


async def test_a_write_can_answer_with_metadata_alone(widgets: Widgets) -> None:
    await widgets.create()
    headers = {**PARTIAL, "content-type": "application/merge-patch+json"}
    answer = await widgets.api.send("PATCH", widgets.at("one"), {"spec": {"size": 2}}, headers=headers)
    assert answer.body["kind"] == "PartialObjectMetadata"
    assert answer.body["metadata"]["generation"] == 2
    assert "spec" not in answer.body
