"""From dictionaries to stored bytes and back."""

from __future__ import annotations

import orjson
import pytest

from dbaas.apiserver.failures import Failure
from dbaas.apiserver.kinds import builtin_resources
from dbaas.apiserver.objects import SIZE_LIMIT, Objects, decode_entry, encode_object, make_entry
from dbaas.apiserver.store import Database, Entry, Store
from dbaas.apiserver.store.database import MEMORY
from dbaas.core.offload import InlineOffload

RESOURCES = {f"{each.plural}.{each.group}".removesuffix("."): each for each in builtin_resources()}
CONFIGMAPS = RESOURCES["configmaps"]
OBJECT = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "n"}, "data": {"x": "y"}}


@pytest.mark.parametrize("obj", [OBJECT, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}])
def test_an_object_survives_the_round_trip(obj: dict[str, object]) -> None:
    data = encode_object(obj, CONFIGMAPS)
    assert data.startswith(CONFIGMAPS.prefix)
    assert orjson.loads(data) == obj
    assert decode_entry(make_entry("n/a", 1, obj, CONFIGMAPS), CONFIGMAPS) == obj


def test_a_translated_object_is_stored_under_its_other_names() -> None:
    events = RESOURCES["events.events.k8s.io"]
    obj = {"apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": {"name": "a"}, "note": "b"}
    entry = make_entry("n/a", 1, obj, events)
    assert b'"message":"b"' in entry.body
    assert decode_entry(entry, events) == obj
    assert decode_entry(entry, RESOURCES["events"])["kind"] == "Event"


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"uid": "u", "labels": {"a": "b"}},
        {"uid": "u", "ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "o"}]},
        {"deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["a.io/b"]},
    ],
)
async def test_what_is_kept_of_a_write_is_what_a_restart_would_read(more: dict[str, object]) -> None:
    store = Store(Database(MEMORY), InlineOffload())
    await store.open()
    obj = {**OBJECT, "metadata": {"name": "a", "namespace": "n", **more}}
    await Objects(store).put(CONFIGMAPS, None, obj)
    kept = store.latest("configmaps", "n/a")
    assert kept is not None
    assert kept == Entry.read("n/a", kept.version, kept.body)
    await store.close()


async def test_an_object_has_a_size() -> None:
    store = Store(Database(MEMORY), InlineOffload())
    await store.open()
    with pytest.raises(Failure) as refused:
        await Objects(store).put(CONFIGMAPS, None, {**OBJECT, "data": {"x": "y" * SIZE_LIMIT}})
    assert refused.value.code == 413
    await store.close()
