"""Tests of `kube.verbs` against the embedded API server."""

from __future__ import annotations

from contextlib import aclosing
from typing import Any

import pytest

from dbaas.api.core import CONFIG_MAP, NAMESPACE, SECRET
from dbaas.api.resource import Key, Resource
from dbaas.apiserver.server import ApiServer
from dbaas.contracts.client import AlreadyExists, ApiError, Invalid, NotFound, WriteConflict
from dbaas.contracts.rest import Selection, WatchEvent
from dbaas.contracts.transport import Request, Response, TransportError
from dbaas.kube.verbs import RestClient, Writing
from fixtures.faults import FaultyTransport, is_watch
from fixtures.operating import WIDGET, build_definition

HERE = Selection("default")


def _config(name: str = "one", **data: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "default"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


ONE = Key("default", "one")


def _data(resource: Resource) -> dict[str, str]:
    data: dict[str, str] = resource.body().get("data") or {}
    return data


async def test_an_object_can_be_made_read_changed_and_deleted(server: ApiServer) -> None:
    rest = RestClient(server)
    made = await rest.create(CONFIG_MAP, _config(a="1"))
    assert await rest.get(CONFIG_MAP, ONE) == made
    patched = await rest.patch(CONFIG_MAP, ONE, {"data": {"b": "2"}})
    assert _data(patched) == {"a": "1", "b": "2"}
    replaced = await rest.replace(CONFIG_MAP, _config(c="3"))
    assert _data(replaced) == {"c": "3"}
    assert await rest.delete(CONFIG_MAP, ONE, uid=made.metadata.uid) is None
    with pytest.raises(NotFound):
        await rest.get(CONFIG_MAP, ONE)


async def test_a_read_from_a_version_on_asks_again_for_the_newest_where_the_server_lags(server: ApiServer) -> None:
    faults = FaultyTransport(server)
    rest = RestClient(faults)
    made = await rest.create(CONFIG_MAP, _config())
    assert await rest.get(CONFIG_MAP, ONE, version=made.metadata.resourceVersion) == made
    assert len(faults.requests) == 2
    ahead = str(int(made.metadata.resourceVersion) + 100)
    assert await rest.get(CONFIG_MAP, ONE, version=ahead) == made
    assert [each.query.get("resourceVersion") for each in faults.requests[2:]] == [ahead, None]
    with pytest.raises(NotFound):
        await rest.get(CONFIG_MAP, Key("default", "nobody"), version=made.metadata.resourceVersion)


async def test_json_patches_are_lists_of_operations(server: ApiServer) -> None:
    rest = RestClient(server)
    await rest.create(CONFIG_MAP, _config(a="1"))
    operations = [{"op": "replace", "path": "/data/a", "value": "2"}]
    assert _data(await rest.patch(CONFIG_MAP, ONE, operations, patch_type="json")) == {"a": "2"}


async def test_errors_say_what_was_attempted_and_why_not(server: ApiServer) -> None:
    rest = RestClient(server)
    await rest.create(CONFIG_MAP, _config())
    with pytest.raises(AlreadyExists, match='cannot create ConfigMap default/one: configmaps "one" already exists'):
        await rest.create(CONFIG_MAP, _config())
    with pytest.raises(Invalid) as caught:
        await rest.create(CONFIG_MAP, _config("Not A Name"))
    assert [field for field, _ in caught.value.causes] == ["metadata.name"]
    with pytest.raises(WriteConflict):
        await rest.patch(CONFIG_MAP, ONE, {"metadata": {"resourceVersion": "1"}})
    with pytest.raises(WriteConflict):
        await rest.delete(CONFIG_MAP, ONE, uid="another")


async def test_applying_takes_fields_from_others_only_by_force(server: ApiServer) -> None:
    await RestClient(server, Writing("first")).apply(CONFIG_MAP, _config(a="1"))
    second = RestClient(server, Writing("second"))
    with pytest.raises(WriteConflict, match="first"):
        await second.apply(CONFIG_MAP, _config(a="2"))
    assert _data(await second.apply(CONFIG_MAP, _config(a="2"), force=True)) == {"a": "2"}


async def test_a_list_comes_in_pages_or_as_a_whole(server: ApiServer) -> None:
    rest = RestClient(server)
    for number in range(5):
        await rest.create(CONFIG_MAP, _config(f"c{number}"))
    page = await rest.list_page(CONFIG_MAP, HERE, limit=3)
    assert [item.metadata.name for item in page.items] == ["c0", "c1", "c2"]
    rest_of_it = await rest.list_page(CONFIG_MAP, HERE, limit=3, token=page.token)
    assert [item.metadata.name for item in rest_of_it.items] == ["c3", "c4"]
    assert rest_of_it.token == ""
    assert len(await rest.list(CONFIG_MAP, HERE)) == 5
    assert page.items[0].body()["kind"] == "ConfigMap"


async def test_selectors_and_metadata_only_are_asked_of_the_server(server: ApiServer) -> None:
    rest = RestClient(server)
    for name in ("one", "two"):
        body = _config(name, a="1")
        body["metadata"]["labels"] = {"name": name}
        await rest.create(CONFIG_MAP, body)
    (found,) = await rest.list(CONFIG_MAP, Selection("default", labels="name=two", metadata_only=True))
    assert found.metadata.name == "two"
    assert "data" not in found.body()
    (found,) = await rest.list(CONFIG_MAP, Selection("default", fields="metadata.name=one"))
    assert _data(found) == {"a": "1"}


async def _changes(rest: RestClient, version: str, count: int, **selection: Any) -> list[WatchEvent]:
    events: list[WatchEvent] = []
    chosen = Selection("default", **selection)
    async with aclosing(rest.watch(CONFIG_MAP, chosen, version=version, timeout_seconds=60)) as watch:
        async for event in watch:
            events.append(event)
            if len(events) == count:
                break
    return events


async def test_a_watch_brings_changes_in_order(server: ApiServer) -> None:
    rest = RestClient(server)
    version = (await rest.list_page(CONFIG_MAP, HERE)).version
    await rest.create(CONFIG_MAP, _config())
    await rest.patch(CONFIG_MAP, ONE, {"data": {"a": "1"}})
    await rest.delete(CONFIG_MAP, ONE)
    events = await _changes(rest, version, 3)
    assert [event.change for event in events] == ["ADDED", "MODIFIED", "DELETED"]
    assert [int(e.version) for e in events] == sorted(int(e.version) for e in events)
    (header,) = await _changes(rest, version, 1, metadata_only=True)
    assert header.resource is not None
    assert header.resource.body()["kind"] == "ConfigMap"


async def test_a_watch_does_not_tell_again_what_is_known_but_it_tells_that_it_is_gone(server: ApiServer) -> None:
    rest = RestClient(server)
    version = (await rest.list_page(CONFIG_MAP, HERE)).version
    made = (await rest.create(CONFIG_MAP, _config())).metadata.resourceVersion
    await rest.patch(CONFIG_MAP, ONE, {"data": {"a": "1"}})
    await rest.delete(CONFIG_MAP, ONE)
    asked: list[Key] = []

    def knows(key: Key, version: str) -> bool:
        asked.append(key)
        return version == made

    events = await _changes(rest, version, 3, knows=knows)
    assert [(event.change, event.resource is None) for event in events] == [
        ("BOOKMARK", True), ("MODIFIED", False), ("DELETED", False),
    ]  # fmt: skip
    assert events[0].version == made
    assert asked == [ONE, ONE]


async def test_a_watch_ends_at_its_timeout_after_a_bookmark_perhaps(server: ApiServer) -> None:
    rest = RestClient(server)
    version = (await rest.list_page(CONFIG_MAP, HERE)).version
    async with aclosing(rest.watch(CONFIG_MAP, HERE, version=version, timeout_seconds=1)) as watch:
        assert {event.change async for event in watch} <= {"BOOKMARK"}


async def test_an_error_in_a_watch_is_raised_with_its_code(server: ApiServer) -> None:
    faults = FaultyTransport(server)
    faults.answer(410, "Expired", is_watch)
    with pytest.raises(ApiError) as caught:
        await _changes(RestClient(faults), "1", 1)
    assert caught.value.code == 410


class _Scripted:
    """Answers with what it was given."""

    def __init__(self, *pieces: bytes, streams: bool = False) -> None:
        self._pieces = pieces
        self._streams = streams
        self.closed = False

    async def request(self, request: Request) -> Response:
        if not self._streams:
            return Response(200, self._pieces[0])
        return Response(200, stream=self._stream())

    async def _stream(self) -> Any:
        try:
            for piece in self._pieces:
                yield piece
        finally:
            self.closed = True


@pytest.mark.parametrize("body", [b"", b"not json", b"[]", b'{"metadata":{}}'])
async def test_an_answer_that_cannot_be_read_counts_as_none(body: bytes) -> None:
    rest = RestClient(_Scripted(body))
    with pytest.raises(TransportError, match="cannot read"):
        await rest.get(CONFIG_MAP, ONE)


@pytest.mark.parametrize("line", [b"{\n", b'{"type":"ODD","object":{"metadata":{"name":"a"}}}\n'])
async def test_a_line_of_a_watch_that_cannot_be_read_counts_as_a_broken_stream(line: bytes) -> None:
    scripted = _Scripted(line, streams=True)
    with pytest.raises(TransportError, match="cannot read a watch"):
        await _changes(RestClient(scripted), "1", 1)
    assert scripted.closed


async def test_a_watch_that_is_left_early_is_closed() -> None:
    line = b'{"type":"ADDED","object":{"metadata":{"name":"a","resourceVersion":"2"}}}\n'
    scripted = _Scripted(line, line, streams=True)
    assert len(await _changes(RestClient(scripted), "1", 1)) == 1
    assert scripted.closed


async def test_a_dry_run_changes_nothing(server: ApiServer) -> None:
    rest = RestClient(server, Writing(dry_run=True))
    await rest.create(CONFIG_MAP, _config())
    with pytest.raises(NotFound):
        await rest.get(CONFIG_MAP, ONE)
    await RestClient(server).create(CONFIG_MAP, _config())
    await rest.delete(CONFIG_MAP, ONE)
    assert await rest.get(CONFIG_MAP, ONE) is not None


async def test_unknown_fields_are_refused_or_warned_about_as_wished(server: ApiServer) -> None:
    heard: list[str] = []
    odd = _config() | {"unknown": 1}
    with pytest.raises(Invalid, match="unknown"):
        await RestClient(server, Writing(validation="Strict")).create(CONFIG_MAP, odd)
    await RestClient(server, Writing(validation="Warn", warn=heard.append)).create(CONFIG_MAP, odd)
    assert heard == ['unknown field "unknown"']


async def test_an_object_held_by_a_finalizer_is_answered_when_deleted(server: ApiServer) -> None:
    rest = RestClient(server)
    body = _config()
    body["metadata"]["finalizers"] = ["tests.dbaas.io/hold"]
    await rest.create(CONFIG_MAP, body)
    held = await rest.delete(CONFIG_MAP, ONE)
    assert held is not None
    assert held.metadata.is_deleting


async def test_a_status_is_written_by_its_own_path(server: ApiServer) -> None:
    rest = RestClient(server)
    await server.request(_create_definition())
    metadata = {"name": "one", "namespace": "default"}
    body = {"apiVersion": WIDGET.api_version, "kind": "Widget", "metadata": metadata, "spec": {}}
    await rest.create(WIDGET, body)
    both = {"spec": {"a": 1}, "status": {"b": 2}}
    written = await rest.patch(WIDGET, ONE, both, subresource="status")
    assert (written.spec, written.status) == ({}, {"b": 2})


def _create_definition() -> Request:
    import orjson

    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    body = orjson.dumps(build_definition(WIDGET))
    return Request("POST", path, {}, {"content-type": "application/json"}, body)


async def test_tables_and_documents_can_be_read_raw(server: ApiServer) -> None:
    rest = RestClient(server)
    await rest.create(CONFIG_MAP, _config())
    table = await rest.table(CONFIG_MAP, HERE)
    assert table["kind"] == "Table"
    assert [row["cells"][0] for row in table["rows"]] == ["one"]
    assert table["rows"][0]["object"]["metadata"]["name"] == "one"
    assert (await rest.table(CONFIG_MAP, HERE, "one"))["rows"][0]["cells"][0] == "one"
    assert "gitVersion" in await rest.read("/version")


async def test_cluster_scoped_kinds_and_secrets_work_alike(server: ApiServer) -> None:
    rest = RestClient(server)
    assert (await rest.get(NAMESPACE, Key("", "default"))).metadata.name == "default"
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "pw", "namespace": "default"}}
    await rest.create(SECRET, secret | {"stringData": {"password": "x"}})
    assert _data(await rest.get(SECRET, Key("default", "pw"))) == {"password": "eA=="}
