"""The history of a collection: bounded, and able to show the past."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbaas.apiserver.store.collection import Change, Collection, Entry, ExpiredError, key_of


def entry(key: str, version: int, **metadata: str) -> Entry:
    extra = "".join(f',"{name}":"{value}"' for name, value in metadata.items())
    return Entry.read(key, version, f'"metadata":{{"name":"{key}","uid":"u-{key}"{extra}}}}}'.encode())


class Writer:
    """Writes to a collection as the store does."""

    def __init__(self, collection: Collection) -> None:
        self.collection = collection
        self.version = collection.floor

    def put(self, key: str) -> None:
        self.version += 1
        self.collection.record(Change("things", self.collection.get(key), entry(key, self.version)))

    def delete(self, key: str) -> None:
        self.version += 1
        self.collection.record(Change("things", self.collection.get(key), entry(key, self.version), deleted=True))


def contents(collection: Collection) -> dict[str, int]:
    return {each.key: each.version for each in collection.select()}


def test_a_header_is_read_without_the_rest() -> None:
    body = b'"metadata":{"name":"a","uid":"u","labels":{"x":"y"},"ownerReferences":[{"uid":"o","kind":"K"}]},"spec":7}'
    read = Entry.read("ns/a", 5, body)
    assert (read.uid, read.labels, read.owners, read.deleting) == ("u", {"x": "y"}, ("o",), False)
    assert (read.namespace, read.name) == ("ns", "a")


def test_an_object_that_is_being_deleted_is_known_by_its_time() -> None:
    assert entry("a", 1, deletionTimestamp="2026-01-01T00:00:00Z").deleting


def test_keys_sort_by_namespace_then_name() -> None:
    collection = Collection(0, 10)
    for place, name in (("b", "a"), ("a", "b"), ("a", "a")):
        collection.load(entry(key_of(place, name), 1))
    assert [each.key for each in collection.select()] == ["a/a", "a/b", "b/a"]
    assert [each.key for each in collection.select("a", "a/a\0")] == ["a/b"]


def test_the_history_forgets_the_oldest_and_says_so() -> None:
    collection = Collection(10, 3)
    writer = Writer(collection)
    for name in "abcde":
        writer.put(name)
    assert collection.floor == 12
    assert [change.key for change in collection.since(collection.position(13))] == ["d", "e"]
    with pytest.raises(ExpiredError):
        collection.position(11)
    with pytest.raises(ExpiredError):
        collection.since(0)
    with pytest.raises(ExpiredError):
        collection.at(11)


def test_the_history_is_bounded_in_bytes_too() -> None:
    size = len(entry("a", 1).body)
    collection = Collection(0, 1000, 4 * size)
    writer = Writer(collection)
    for name in "abcdef":
        writer.put(name)
    assert collection.floor == 2
    writer.put("a")  # a change of an object keeps it twice
    assert collection.floor == 4
    assert [change.key for change in collection.since(collection.position(4))] == ["e", "f", "a"]


def test_a_change_that_is_larger_than_the_history_is_forgotten_at_once() -> None:
    collection = Collection(0, 1000, 10)
    Writer(collection).put("a")
    assert contents(collection) == {"a": 1}
    assert collection.floor == 1
    assert collection.since(collection.position(1)) == []


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=30))
def test_every_past_that_is_still_known_is_shown_as_it_was(steps: list[tuple[str, bool]]) -> None:
    collection = Collection(0, 12)
    writer = Writer(collection)
    past = {0: contents(collection)}
    for name, deletes in steps:
        if deletes and collection.get(name) is None:
            continue
        writer.delete(name) if deletes else writer.put(name)
        past[writer.version] = contents(collection)
    for version, expected in past.items():
        if version < collection.floor:
            with pytest.raises(ExpiredError):
                collection.at(version)
        else:
            assert contents(collection.at(version)) == expected


@given(st.lists(st.sampled_from("abc"), max_size=30), st.integers(0, 30))
def test_following_the_history_leads_from_any_version_to_now(names: list[str], start: int) -> None:
    collection = Collection(0, 100)
    writer = Writer(collection)
    for name in names:
        writer.put(name)
    start = min(start, writer.version)
    followed = contents(collection.at(start))
    for change in collection.since(collection.position(start)):
        followed[change.key] = change.version
    assert followed == contents(collection)
