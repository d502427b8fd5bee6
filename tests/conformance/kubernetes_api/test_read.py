"""Get and list: selection, paging, versions."""

from __future__ import annotations

import pytest

from conformance.kubernetes_api.conftest import Widgets
from fixtures.control_plane import Api


async def fill(widgets: Widgets, count: int = 5) -> None:
    for number in range(count):
        await widgets.create(f"w{number}", labels={"number": str(number), "odd": str(number % 2)})


def names(body: dict) -> list[str]:  # type: ignore[type-arg]
    return [item["metadata"]["name"] for item in body["items"]]


async def test_what_is_not_there_is_not_found(widgets: Widgets) -> None:
    missing = await widgets.get("nobody")
    assert missing.status == 404
    assert missing.body["message"] == 'widgets.conformance.example.com "nobody" not found'
    assert missing.body["details"] == {"name": "nobody", "group": "conformance.example.com", "kind": "widgets"}


async def test_a_list_is_ordered_and_has_the_version_of_the_store(widgets: Widgets) -> None:
    for name in ("b", "c", "a"):
        last = await widgets.create(name)
    listed = (await widgets.api.get(widgets.path)).body
    assert listed["kind"] == "WidgetList"
    assert listed["apiVersion"] == "conformance.example.com/v1"
    assert names(listed) == ["a", "b", "c"]
    assert int(listed["metadata"]["resourceVersion"]) >= int(last["metadata"]["resourceVersion"])
    assert {item["kind"] for item in listed["items"]} == {"Widget"}


async def test_items_of_built_in_lists_do_not_repeat_their_kind(api: Api) -> None:
    await api.post(api.collection("configmaps"), {"metadata": {"name": "one"}})
    listed = (await api.get(api.collection("configmaps"))).body
    assert listed["kind"] == "ConfigMapList"
    assert "kind" not in listed["items"][0]


async def test_a_list_over_all_namespaces_has_those_of_this_one(widgets: Widgets) -> None:
    await widgets.create()
    everywhere = await widgets.api.get("/apis/conformance.example.com/v1/widgets")
    places = [item["metadata"]["namespace"] for item in everywhere.body["items"]]
    assert widgets.api.namespace in places


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("odd=0", ["w0", "w2", "w4"]),
        ("odd==0,number!=2", ["w0", "w4"]),
        ("number in (1,2)", ["w1", "w2"]),
        ("number notin (1,2)", ["w0", "w3", "w4"]),
        ("number", ["w0", "w1", "w2", "w3", "w4"]),
        ("!number", []),
        ("number>3", ["w4"]),
        ("number<1", ["w0"]),
        ("missing!=x", ["w0", "w1", "w2", "w3", "w4"]),
    ],
)
async def test_labels_select(widgets: Widgets, selector: str, expected: list[str]) -> None:
    await fill(widgets)
    listed = await widgets.api.get(widgets.path, labelSelector=selector)
    assert names(listed.body) == expected


@pytest.mark.parametrize(
    "selector", ["a b", "=x", "number in 1", "number in (1", "a=b=c", "!", "number>x", "-=x", "x/y/z=1"]
)
async def test_a_bad_label_selector_is_refused(widgets: Widgets, selector: str) -> None:
    refused = await widgets.api.get(widgets.path, labelSelector=selector)
    assert refused.status == 400
    assert "found '" in refused.body["message"] or "Invalid value" in refused.body["message"]


async def test_fields_select(widgets: Widgets) -> None:
    await fill(widgets, 3)
    await widgets.api.patch(widgets.at("w1"), {"spec": {"colour": "red"}})
    for selector, expected in {
        "metadata.name=w2": ["w2"],
        "metadata.name!=w2": ["w0", "w1"],
        "spec.colour=red": ["w1"],
        f"metadata.namespace={widgets.api.namespace},spec.colour==grey": ["w0", "w2"],
    }.items():
        assert names((await widgets.api.get(widgets.path, fieldSelector=selector)).body) == expected
    refused = await widgets.api.get(widgets.path, fieldSelector="spec.size=1")
    assert refused.status == 400
    assert refused.body["message"] == "field label not supported: spec.size"


async def test_pages_show_the_list_as_it_was_at_the_first(widgets: Widgets) -> None:
    await fill(widgets)
    first = (await widgets.api.get(widgets.path, limit="2")).body
    assert names(first) == ["w0", "w1"]
    assert first["metadata"]["remainingItemCount"] == 3
    await widgets.api.delete(widgets.at("w2"))
    await widgets.create("w9")
    token = first["metadata"]["continue"]
    second = (await widgets.api.get(widgets.path, limit="2", **{"continue": token})).body
    assert names(second) == ["w2", "w3"]
    third = (await widgets.api.get(widgets.path, limit="2", **{"continue": second["metadata"]["continue"]})).body
    assert names(third) == ["w4"]
    assert not third["metadata"].get("continue")
    assert third["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]


async def test_a_selected_page_does_not_say_how_many_remain(widgets: Widgets) -> None:
    await fill(widgets)
    page = (await widgets.api.get(widgets.path, limit="1", labelSelector="odd=0")).body
    assert names(page) == ["w0"]
    assert page["metadata"]["continue"]
    assert "remainingItemCount" not in page["metadata"]


async def test_a_continue_token_goes_with_no_version(widgets: Widgets) -> None:
    await fill(widgets, 3)
    page = (await widgets.api.get(widgets.path, limit="1")).body["metadata"]
    query = {"continue": page["continue"], "resourceVersion": page["resourceVersion"]}
    refused = await widgets.api.get(widgets.path, limit="1", **query)
    assert refused.status == 400
    assert refused.body["message"] == "specifying resource version is not allowed when using continue"
    assert (await widgets.api.get(widgets.path, **{"continue": "nonsense"})).status == 400


async def test_a_past_version_can_be_listed_exactly(widgets: Widgets) -> None:
    await widgets.create("a")
    past = (await widgets.api.get(widgets.path)).body["metadata"]["resourceVersion"]
    await widgets.create("b")
    await widgets.api.delete(widgets.at("a"))
    exact = await widgets.api.get(widgets.path, resourceVersion=past, resourceVersionMatch="Exact")
    assert names(exact.body) == ["a"]
    assert exact.body["metadata"]["resourceVersion"] == past
    newest = (await widgets.api.get(widgets.path)).body["metadata"]["resourceVersion"]
    for version in (past, newest):  # a cache may answer the first from any moment since, the second only from the last
        newer = await widgets.api.get(widgets.path, resourceVersion=version, resourceVersionMatch="NotOlderThan")
        assert int(newer.body["metadata"]["resourceVersion"]) >= int(version)
    assert names(newer.body) == ["b"]


async def test_a_future_version_times_out(widgets: Widgets) -> None:
    refused = await widgets.api.get(widgets.path, resourceVersion="999999999")
    assert refused.status == 504
    assert refused.body["reason"] == "Timeout"
    assert refused.body["details"]["causes"] == [
        {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    ]


async def test_versions_and_matches_that_make_no_sense_are_refused(widgets: Widgets) -> None:
    assert (await widgets.api.get(widgets.path, resourceVersion="abc")).status == 400
    assert (await widgets.api.get(widgets.path, limit="x")).status == 400
    alone = await widgets.api.get(widgets.path, resourceVersionMatch="Exact")
    assert alone.status == 422
    unknown = await widgets.api.get(widgets.path, resourceVersionMatch="About", resourceVersion="1")
    assert unknown.status == 422
    zero = await widgets.api.get(widgets.path, resourceVersionMatch="Exact", resourceVersion="0")
    assert zero.status == 422
    for refused in (alone, unknown, zero):
        assert refused.body["details"]["causes"][0]["field"] == "resourceVersionMatch"


async def test_yaml_is_sent_if_wanted(widgets: Widgets) -> None:
    await widgets.create()
    answer = await widgets.api.get(widgets.at("one"), headers={"accept": "application/yaml"})
    assert answer.headers["content-type"] == "application/yaml"
    assert "\nkind: Widget\n" in answer.body


async def test_what_cannot_be_sent_is_not_acceptable(widgets: Widgets) -> None:
    refused = await widgets.api.get(widgets.path, headers={"accept": "text/html"})
    assert refused.status == 406
    assert refused.body["reason"] == "NotAcceptable"


async def test_the_first_acceptable_type_is_taken(widgets: Widgets) -> None:
    answer = await widgets.api.get(widgets.path, headers={"accept": "text/html, application/json"})
    assert answer.status == 200
