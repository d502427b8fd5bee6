"""Ownership after writes that do not apply."""

from __future__ import annotations

from typing import Any

from apiserver.fields.specimens import SCHEMA, T1, T2, VERSION, manager, obj, owners
from dbaas.apiserver.fields import record_update
from dbaas.apiserver.fields.updates import differs_in_times_only


def updated(
    old: dict[str, Any] | None, new: dict[str, Any], name: str = "m", time: str = T1, subresource: str = ""
) -> dict[str, Any]:
    reset = [("spec",)] if subresource else [("status",)]
    entries = record_update(old, new, SCHEMA, manager(name, time, "Update", subresource), reset)
    metadata = {key: value for key, value in new["metadata"].items() if key != "managedFields"}
    return {**new, "metadata": {**metadata, "managedFields": entries} if entries else metadata}


def test_who_creates_an_object_owns_all_that_was_said() -> None:
    made = updated(None, obj({"size": 1, "map": {"k": "v"}}, metadata={"labels": {"a": "1"}, "uid": "u"}))
    assert made["metadata"]["managedFields"] == [
        {
            "manager": "m",
            "operation": "Update",
            "apiVersion": VERSION,
            "time": T1,
            "fieldsType": "FieldsV1",
            "fieldsV1": {
                "f:metadata": {"f:labels": {".": {}, "f:a": {}}},
                "f:spec": {".": {}, "f:map": {".": {}, "f:k": {}}, "f:size": {}},
            },
        }
    ]


def test_a_change_moves_ownership_and_the_time() -> None:
    made = updated(None, obj({"size": 1, "name": "a"}))
    changed = updated(made, {**made, "spec": {"size": 2, "name": "a"}}, "n", T2)
    assert owners(changed) == {"m!": {"f:spec": {".": {}, "f:name": {}}}, "n!": {"f:spec": {"f:size": {}}}}


def test_a_write_that_changes_nothing_changes_nothing_here() -> None:
    made = updated(None, obj({"size": 1}))
    assert updated(made, made, "n", T2) == made
    without = {**made, "metadata": {"name": "a"}}
    assert updated(made, without, "n", T2) == made


def test_the_status_belongs_to_who_writes_the_status() -> None:
    made = updated(None, obj({"size": 1}, status={"phase": "x"}))
    assert "f:status" not in owners(made)["m!"]
    written = updated(made, {**made, "status": {"phase": "y"}}, "ctl", T2, "status")
    assert owners(written)["ctl!/status"] == {"f:status": {"f:phase": {}}}


def test_removed_fields_have_no_owner() -> None:
    made = updated(None, obj({"size": 1, "name": "a"}))
    assert owners(updated(made, {**made, "spec": {"size": 1}}, "n", T2)) == {"m!": {"f:spec": {".": {}, "f:size": {}}}}


def test_ownership_can_be_forgotten_and_stays_so_until_somebody_applies() -> None:
    made = updated(None, obj({"size": 1}))
    reset = updated(made, {**made, "metadata": {"name": "a", "managedFields": [{}]}})
    assert owners(reset) == {}
    assert owners(updated(reset, obj({"size": 2}))) == {}


def test_edited_entries_are_taken_over_but_not_through_a_subresource() -> None:
    made = updated(None, obj({"size": 1}))
    edited = [{**made["metadata"]["managedFields"][0], "manager": "other"}]
    asked = {**made, "metadata": {"name": "a", "managedFields": edited}}
    assert list(owners(updated(made, asked))) == ["other!"]
    assert list(owners(updated(made, asked, subresource="status"))) == ["m!"]


def test_broken_entries_in_a_request_do_not_change_the_stored_ones() -> None:
    made = updated(None, obj({"size": 1}))
    asked = {**made, "metadata": {"name": "a", "managedFields": [{"manager": "x"}]}}
    assert updated(made, asked) == made


def test_more_than_ten_updaters_are_never_kept() -> None:
    made = updated(None, obj({"map": {"k0": "0"}}), "m0")
    for number in range(1, 15):
        spec = {"map": {**made["spec"]["map"], f"k{number}": "x"}}
        made = updated(made, {**made, "spec": spec}, f"m{number}", f"2026-01-01T00:00:{number:02}Z")
    assert len(made["metadata"]["managedFields"]) == 10
    assert "ancient-changes!" in owners(made)


def test_objects_that_differ_in_the_times_of_entries_only_are_recognised() -> None:
    made = updated(None, obj({"size": 1}))
    later = {**made, "metadata": {"name": "a", "managedFields": [{**made["metadata"]["managedFields"][0], "time": T2}]}}
    assert differs_in_times_only(made, later)
    assert not differs_in_times_only(made, {**later, "spec": {"size": 2}})
