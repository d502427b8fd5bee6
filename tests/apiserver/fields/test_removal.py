"""Removal of what is no longer applied."""

from __future__ import annotations

from apiserver.fields.specimens import SCHEMA, VERSION
from dbaas.apiserver.fields.managers import Entry, Identity
from dbaas.apiserver.fields.places import type_of
from dbaas.apiserver.fields.removal import prune, with_named_parents
from dbaas.apiserver.fields.sets import from_json

ROOT = type_of(SCHEMA)
LAST = from_json({"f:spec": {"f:size": {}, "f:map": {"f:a": {}}}})


def test_parents_that_have_a_name_go_with_what_is_in_them() -> None:
    assert with_named_parents(LAST, ROOT).to_json() == {
        "f:spec": {".": {}, "f:map": {".": {}, "f:a": {}}, "f:size": {}}
    }
    entry = from_json({"f:spec": {"f:free": {"f:x": {"f:y": {}}}}})
    assert with_named_parents(entry, ROOT).to_json()["f:spec"]["f:free"] == {".": {}, "f:x": {"f:y": {}}}


def test_only_what_nobody_owns_goes() -> None:
    merged = {"spec": {"size": 1, "map": {"a": "1", "b": "2"}, "name": "x"}}
    other = Identity("other", "Update", VERSION, "")
    owners = {other: Entry(from_json({"f:spec": {"f:size": {}, "f:map": {"f:b": {}}, "f:name": {}}}), VERSION)}
    assert prune(merged, ROOT, owners, LAST) == {"spec": {"size": 1, "map": {"b": "2"}, "name": "x"}}


def test_nothing_is_left_where_nothing_else_was() -> None:
    assert prune({"kind": "K", "spec": {"size": 1, "map": {"a": "1"}}}, ROOT, {}, LAST) == {"kind": "K"}
