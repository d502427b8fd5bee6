"""How ownership moves."""

from __future__ import annotations

from apiserver.fields.specimens import SCHEMA, VERSION, obj
from dbaas.apiserver.fields.managers import Entry, Identity, Managed
from dbaas.apiserver.fields.ownership import (
    adopt_schema,
    find_conflicts,
    ignored_fields,
    record,
    strip,
    take_over,
    with_managed,
    without_managed,
)
from dbaas.apiserver.fields.places import type_of
from dbaas.apiserver.fields.sets import from_json
from dbaas.apiserver.fields.walks import compare

ONE, OTHER = Identity("one", "Apply", "", ""), Identity("other", "Apply", "", "")


def managed(**fields: dict[str, object]) -> Managed:
    return {Identity(name, "Apply", "", ""): Entry(from_json(each), VERSION) for name, each in fields.items()}


def test_identity_and_what_the_server_sets_is_owned_by_nobody() -> None:
    fields = from_json({"f:kind": {}, "f:metadata": {"f:name": {}, "f:labels": {"f:a": {}}, "f:generation": {}}})
    assert strip(fields).to_json() == {"f:metadata": {"f:labels": {"f:a": {}}}}


def test_a_change_of_what_another_owns_is_a_conflict() -> None:
    comparison = compare(obj({"size": 1}), obj({"size": 2, "name": "x"}), type_of(SCHEMA))
    owned = managed(one={"f:spec": {"f:size": {}}}, other={"f:spec": {"f:size": {}, "f:name": {}}})
    assert list(find_conflicts(owned, ONE, comparison)) == [OTHER]
    left = take_over(owned, ONE, comparison)
    assert left[ONE].fields.to_json() == {"f:spec": {"f:size": {}}}
    assert OTHER not in left


def test_what_an_endpoint_never_writes_is_ignored() -> None:
    comparison = compare(obj({"size": 1}), obj({"size": 2}, status={"phase": "x"}), type_of(SCHEMA))
    assert comparison.without(ignored_fields([("status",)])).changed.to_json() == {"f:spec": {"f:size": {}}}


def test_a_place_that_has_become_atomic_is_owned_whole() -> None:
    owned = managed(one={"f:spec": {"f:atom": {'v:"a"': {}}, "f:whole": {".": {}, "f:k": {}}, "f:map": {"f:k": {}}}})
    adopted = adopt_schema(owned, type_of(SCHEMA))
    assert adopted[ONE].fields.to_json() == {"f:spec": {"f:atom": {}, "f:map": {"f:k": {}}, "f:whole": {}}}


def test_an_updater_adds_to_what_it_owns() -> None:
    owned = record(managed(one={"f:a": {}}), ONE, from_json({"f:b": {}}), VERSION, "now")
    assert owned[ONE] == Entry(from_json({"f:a": {}, "f:b": {}}), VERSION, "now")


def test_managed_fields_are_set_and_taken_away_without_touching_the_object() -> None:
    plain = obj()
    full = with_managed(plain, [{"manager": "m"}])
    assert plain == obj()
    assert without_managed(full) == plain
    assert "managedFields" not in with_managed(full, [])["metadata"]


def test_entries_that_fit_their_schema_are_the_very_same_again() -> None:
    owned = managed(one={"f:spec": {"f:size": {}, "f:list": {'k:{"name":"a"}': {".": {}, "f:name": {}}}}})
    assert adopt_schema(owned, type_of(SCHEMA))[ONE] is owned[ONE]
    stale = managed(one={"f:spec": {"f:whole": {"f:a": {}}}})
    assert adopt_schema(stale, type_of(SCHEMA))[ONE].fields.to_json() == {"f:spec": {"f:whole": {}}}
