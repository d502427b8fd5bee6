"""Watch: from where, what, and how it ends."""

from __future__ import annotations

from conformance.kubernetes_api.conftest import Widgets
from fixtures.control_plane import Api


async def version_of(widgets: Widgets) -> str:
    version: str = (await widgets.api.get(widgets.path)).body["metadata"]["resourceVersion"]
    return version


async def test_changes_come_in_order_with_their_objects(widgets: Widgets) -> None:
    async with widgets.api.watch(widgets.path, resourceVersion=await version_of(widgets)) as watch:
        made = await widgets.create()
        changed = (await widgets.api.patch(widgets.at("one"), {"spec": {"size": 2}})).body
        await widgets.api.delete(widgets.at("one"))
        events = [await watch.next() for _ in range(3)]
    assert [event["type"] for event in events] == ["ADDED", "MODIFIED", "DELETED"]
    assert events[0]["object"] == made
    assert events[1]["object"] == changed
    last = events[2]["object"]
    assert last["spec"] == changed["spec"]
    assert int(last["metadata"]["resourceVersion"]) > int(changed["metadata"]["resourceVersion"])


async def test_a_watch_from_a_past_version_misses_nothing(widgets: Widgets) -> None:
    version = await version_of(widgets)
    await widgets.create("a")
    await widgets.create("b")
    await widgets.api.delete(widgets.at("a"))
    async with widgets.api.watch(widgets.path, resourceVersion=version) as watch:
        assert await watch.take(3) == [("ADDED", "a"), ("ADDED", "b"), ("DELETED", "a")]
        await widgets.create("c")
        assert await watch.take(1) == [("ADDED", "c")]


async def test_a_watch_without_a_version_begins_with_all_there_is(widgets: Widgets) -> None:
    await widgets.create("a")
    await widgets.create("b")
    for query in ({}, {"resourceVersion": "0"}):
        async with widgets.api.watch(widgets.path, **query) as watch:
            assert sorted(await watch.take(2)) == [("ADDED", "a"), ("ADDED", "b")]


async def test_a_streamed_list_ends_with_a_bookmark(widgets: Widgets) -> None:
    await widgets.create("a")
    query = {
        "sendInitialEvents": "true",
        "resourceVersionMatch": "NotOlderThan",
        "allowWatchBookmarks": "true",
        "resourceVersion": "",
    }
    async with widgets.api.watch(widgets.path, **query) as watch:
        assert await watch.take(1) == [("ADDED", "a")]
        mark = await watch.next()
        assert mark["type"] == "BOOKMARK"
        assert mark["object"]["kind"] == "Widget"
        assert mark["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
        assert mark["object"]["metadata"]["resourceVersion"].isdigit()
        await widgets.create("b")
        assert await watch.take(1) == [("ADDED", "b")]


async def test_initial_events_need_their_match(widgets: Widgets) -> None:
    refused = await widgets.api.get(widgets.path, watch="true", sendInitialEvents="true")
    assert refused.status == 422
    assert refused.body["details"]["causes"][0]["field"] == "resourceVersionMatch"
    alone = await widgets.api.get(widgets.path, watch="true", resourceVersionMatch="NotOlderThan")
    assert alone.status == 422


async def test_what_enters_a_selection_is_added_and_what_leaves_it_deleted(widgets: Widgets) -> None:
    await widgets.create("a")
    version = await version_of(widgets)
    async with widgets.api.watch(widgets.path, labelSelector="on=yes", resourceVersion=version) as watch:
        await widgets.api.patch(widgets.at("a"), {"metadata": {"labels": {"on": "yes"}}})
        await widgets.api.patch(widgets.at("a"), {"spec": {"size": 2}})
        left = (await widgets.api.patch(widgets.at("a"), {"metadata": {"labels": {"on": "no"}}})).body
        await widgets.api.patch(widgets.at("a"), {"spec": {"size": 3}})
        await widgets.create("b", labels={"on": "yes"})
        events = [await watch.next() for _ in range(4)]
    assert [event["type"] for event in events] == ["ADDED", "MODIFIED", "DELETED", "ADDED"]
    gone = events[2]["object"]["metadata"]
    assert gone["labels"] == {"on": "yes"}
    assert gone["resourceVersion"] == left["metadata"]["resourceVersion"]


async def test_one_object_can_be_watched_by_its_name(widgets: Widgets) -> None:
    version = await version_of(widgets)
    async with widgets.api.watch(widgets.path, fieldSelector="metadata.name=b", resourceVersion=version) as watch:
        await widgets.create("a")
        await widgets.create("b")
        assert await watch.take(1) == [("ADDED", "b")]


async def test_other_namespaces_are_not_seen(widgets: Widgets, api: Api) -> None:
    other = f"other-{api.suffix}"
    await api.post("/api/v1/namespaces", {"metadata": {"name": other}})
    configmaps = api.collection("configmaps")
    version = (await api.get(configmaps)).body["metadata"]["resourceVersion"]
    async with api.watch(configmaps, resourceVersion=version) as watch:
        await api.post(configmaps.replace(api.namespace, other), {"metadata": {"name": "elsewhere"}})
        await api.post(configmaps, {"metadata": {"name": "here"}})
        assert await watch.take(1) == [("ADDED", "here")]


async def test_a_watch_ends_at_its_timeout(widgets: Widgets) -> None:
    async with widgets.api.watch(widgets.path, timeoutSeconds="1") as watch:
        assert await watch.has_ended()


async def test_metadata_alone_can_be_watched(widgets: Widgets) -> None:
    accept = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"
    version = await version_of(widgets)
    async with widgets.api.watch(widgets.path, headers={"accept": accept}, resourceVersion=version) as watch:
        made = await widgets.create()
        event = await watch.next()
    assert event["object"] == {
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": made["metadata"],
    }


async def test_tables_can_be_watched_and_only_the_first_has_columns(widgets: Widgets) -> None:
    await widgets.create("a")
    accept = "application/json;as=Table;v=v1;g=meta.k8s.io"
    async with widgets.api.watch(widgets.path, headers={"accept": accept}) as watch:
        first = (await watch.next())["object"]
        await widgets.create("b", size=7)
        second = (await watch.next())["object"]
    assert [column["name"] for column in first["columnDefinitions"]] == ["Name", "Size", "Ready", "Age"]
    assert not second["columnDefinitions"]
    assert second["rows"][0]["cells"][:2] == ["b", 7]
    assert second["rows"][0]["object"]["kind"] == "PartialObjectMetadata"


async def test_a_status_write_is_a_modification(widgets: Widgets) -> None:
    await widgets.create()
    version = await version_of(widgets)
    async with widgets.api.watch(widgets.path, resourceVersion=version) as watch:
        await widgets.api.patch(widgets.at("one", "status"), {"status": {"seen": 1}})
        await widgets.api.patch(widgets.at("one", "status"), {"status": {"seen": 1}})
        await widgets.create("two")
        assert await watch.take(2) == [("MODIFIED", "one"), ("ADDED", "two")]


async def test_a_held_deletion_is_a_modification_first(widgets: Widgets) -> None:
    await widgets.create(finalizers=["example.com/hold"])
    version = await version_of(widgets)
    async with widgets.api.watch(widgets.path, resourceVersion=version) as watch:
        await widgets.api.delete(widgets.at("one"))
        await widgets.api.patch(widgets.at("one"), {"metadata": {"finalizers": None}})
        assert await watch.take(2) == [("MODIFIED", "one"), ("DELETED", "one")]
