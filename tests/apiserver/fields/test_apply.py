"""Server-side apply."""

from __future__ import annotations

from typing import Any

import pytest

from apiserver.fields.specimens import SCHEMA, T1, T2, VERSION, manager, obj, owners, times
from dbaas.apiserver.fields import ApplyConflict, ApplyRefused, FieldConflict, apply, check_applied, record_update

LIST = [{"name": "x", "v": "1"}]


def applied(
    live: dict[str, Any] | None, spec: Any, name: str = "m", time: str = T1, *, force: bool = False, **more: Any
) -> dict[str, Any]:
    given = obj(spec, **more)
    check_applied(given, SCHEMA)
    return apply(live, given, SCHEMA, manager(name, time), force=force, reset=[("status",)])


def updated(live: dict[str, Any], spec: dict[str, Any], name: str = "ed", time: str = T2) -> dict[str, Any]:
    new = {**live, "spec": {**live.get("spec", {}), **spec}}
    new["metadata"] = {
        **live["metadata"],
        "managedFields": record_update(live, new, SCHEMA, manager(name, time, "Update")),
    }
    return new


def test_the_first_apply_makes_the_object_and_owns_what_it_says() -> None:
    made = applied(None, {"size": 1, "list": LIST, "set": ["a"], "atom": ["p"]}, metadata={"labels": {"l": "1"}})
    assert made["spec"] == {"size": 1, "list": LIST, "set": ["a"], "atom": ["p"]}
    assert made["metadata"]["managedFields"] == [
        {
            "manager": "m",
            "operation": "Apply",
            "apiVersion": VERSION,
            "time": T1,
            "fieldsType": "FieldsV1",
            "fieldsV1": {
                "f:metadata": {"f:labels": {"f:l": {}}},
                "f:spec": {
                    "f:atom": {},
                    "f:list": {'k:{"name":"x"}': {".": {}, "f:name": {}, "f:v": {}}},
                    "f:set": {'v:"a"': {}},
                    "f:size": {},
                },
            },
        }
    ]


def test_applying_the_same_again_changes_nothing() -> None:
    made = applied(None, {"size": 1, "list": LIST})
    assert applied(made, {"size": 1, "list": LIST}, time=T2) == made


def test_who_applies_what_is_there_shares_it_and_has_no_time_yet() -> None:
    made = applied(applied(None, {"size": 1}), {"size": 1}, "n", T2)
    assert owners(made) == {"m": {"f:spec": {"f:size": {}}}, "n": {"f:spec": {"f:size": {}}}}
    assert times(made) == {"n": None, "m": T1}


def test_a_different_value_is_a_conflict_with_its_owner() -> None:
    with pytest.raises(ApplyConflict) as caught:
        applied(applied(None, {"size": 1}), {"size": 2}, "n")
    assert caught.value.message == 'Apply failed with 1 conflict: conflict with "m": .spec.size'
    assert caught.value.conflicts == (FieldConflict('conflict with "m"', ".spec.size"),)


def test_several_conflicts_are_listed_by_owner() -> None:
    live = updated(applied(None, {"size": 1}), {"map": {"z": "1"}, "name": "x"})
    with pytest.raises(ApplyConflict) as caught:
        applied(live, {"size": 2, "name": "y", "map": {"z": "2"}}, "n")
    assert caught.value.message == (
        'Apply failed with 3 conflicts: conflicts with "ed" using example.com/v1:\n'
        '- .spec.name\n- .spec.map.z\nconflicts with "m":\n- .spec.size'
    )


def test_force_takes_the_field_away_from_its_owner() -> None:
    made = applied(applied(None, {"size": 1, "name": "a"}), {"size": 2}, "n", T2, force=True)
    assert made["spec"] == {"size": 2, "name": "a"}
    assert owners(made) == {"m": {"f:spec": {"f:name": {}}}, "n": {"f:spec": {"f:size": {}}}}


def test_what_is_no_longer_applied_is_removed() -> None:
    made = applied(applied(None, {"size": 1, "list": LIST, "map": {"a": "1", "b": "2"}}), {"map": {"b": "2"}}, time=T2)
    assert made["spec"] == {"map": {"b": "2"}}
    assert owners(made) == {"m": {"f:spec": {"f:map": {"f:b": {}}}}}


def test_what_somebody_else_owns_too_stays() -> None:
    live = applied(applied(None, {"size": 1, "list": LIST}), {"list": LIST}, "n")
    made = applied(live, {"size": 1}, time=T2)
    assert made["spec"] == {"size": 1, "list": LIST}
    live = updated(applied(None, {"map": {"a": "1", "b": "1"}}), {"map": {"a": "2", "b": "1"}})
    assert applied(live, {"size": 1})["spec"] == {"size": 1, "map": {"a": "2"}}


def test_a_list_whose_last_element_goes_while_others_own_in_it_is_left_null() -> None:
    live = updated(applied(None, {"list": LIST}), {"list": [{**LIST[0], "v": "2"}]})
    assert applied(live, {"size": 1})["spec"] == {"size": 1, "list": None}


def test_a_manager_that_applies_nothing_more_is_gone() -> None:
    made = applied(applied(applied(None, {"size": 1}), {"name": "x"}, "n"), None)
    assert (made["spec"], list(owners(made))) == ({"name": "x"}, ["n"])


def test_elements_of_one_list_may_belong_to_several() -> None:
    live = applied(None, {"list": LIST, "set": ["a"]})
    made = applied(live, {"list": [{"name": "y"}], "set": ["b"]}, "n")
    assert made["spec"] == {"list": [*LIST, {"name": "y"}], "set": ["a", "b"]}
    assert owners(made)["n"] == {
        "f:spec": {"f:list": {'k:{"name":"y"}': {".": {}, "f:name": {}}}, "f:set": {'v:"b"': {}}}
    }


def test_what_was_there_before_anybody_applied_belongs_to_a_stand_in() -> None:
    live = obj({"size": 1, "map": {"z": "1"}}, metadata={"uid": "u"})
    made = applied(live, {"size": 1}, "n")
    assert owners(made) == {
        "n": {"f:spec": {"f:size": {}}},
        "before-first-apply!": {"f:spec": {".": {}, "f:map": {".": {}, "f:z": {}}, "f:size": {}}},
    }


def test_the_status_is_not_owned_by_who_applies_the_object() -> None:
    assert owners(applied(None, {"size": 1}, status={"phase": "x"})) == {"m": {"f:spec": {"f:size": {}}}}


def test_the_status_endpoint_owns_the_status_and_not_the_spec() -> None:
    live = applied(None, {"size": 1})
    body = obj({"size": 5}, status={"conditions": [{"type": "R", "status": "True"}]})
    made = apply(live, body, SCHEMA, manager("m", T2, subresource="status"), force=True, reset=[("spec",)])
    assert owners(made)["m/status"] == {
        "f:status": {"f:conditions": {'k:{"type":"R"}': {".": {}, "f:status": {}, "f:type": {}}}}
    }
    assert owners(made)["m"] == {"f:spec": {"f:size": {}}}


def test_an_update_takes_fields_from_appliers_who_then_conflict() -> None:
    live = updated(applied(None, {"size": 1}), {"size": 9})
    assert owners(live) == {"ed!": {"f:spec": {"f:size": {}}}}
    with pytest.raises(ApplyConflict, match=r'conflict with "ed" using example\.com/v1: \.spec\.size'):
        applied(live, {"size": 1})


@pytest.mark.parametrize("entries", [[], [{}]])
def test_an_apply_must_not_bring_managed_fields(entries: list[Any]) -> None:
    with pytest.raises(ApplyRefused, match=r"metadata.managedFields must be nil") as caught:
        applied(None, {}, metadata={"managedFields": entries})
    assert caught.value.status == 400


def test_an_object_that_does_not_fit_the_schema_is_refused_with_all_problems() -> None:
    with pytest.raises(ApplyRefused) as caught:
        applied(None, {"size": "x", "zzz": 1}, metadata={"namespace": "ns"})
    assert caught.value.status == 500
    assert caught.value.message == (
        "failed to create typed patch object (ns/a; example.com/v1, Kind=Widget): errors:\n"
        "  .spec.size: expected numeric (int or float), got string\n"
        "  .spec.zzz: field not declared in schema"
    )


def test_nothing_that_was_given_is_changed() -> None:
    live, wanted = applied(None, {"list": LIST, "map": {"a": "1"}}), {"map": {"b": "2"}}
    before = repr((live, wanted))
    applied(live, wanted)
    assert repr((live, wanted)) == before
