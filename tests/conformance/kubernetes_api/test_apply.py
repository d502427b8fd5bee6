"""Server-side apply: ownership by several managers, conflicts, removal, and exactly what managedFields say."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from conformance.kubernetes_api.specimens import VERSION, Specimens, specimens
from fixtures.control_plane import Answer, Api

__all__ = ["specimens"]

DEFAULTS = {"colour": "grey", "deep": {"port": 5}}
LIST = [{"name": "x", "v": "1"}]
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def owners(answer: Answer) -> dict[str, Any]:
    """What each manager owns, by its name (an updater's with `!`, one of a subresource with `/status`)."""
    assert answer.status in (200, 201), answer.body
    return {
        each["manager"]
        + ("!" if each["operation"] == "Update" else "")
        + (f"/{each['subresource']}" if "subresource" in each else ""): each["fieldsV1"]
        for each in answer.body["metadata"].get("managedFields", [])
    }


def spec(answer: Answer) -> Any:
    """The spec without what defaults put there."""
    assert answer.status in (200, 201), answer.body
    return {key: value for key, value in answer.body["spec"].items() if DEFAULTS.get(key) != value}


async def test_who_applies_owns_exactly_what_it_said(specimens: Specimens) -> None:
    everything = {
        "size": 1,
        "list": [*LIST, {"name": "y"}],
        "ports": [{"port": "80"}],
        "set": ["a", "b"],
        "atom": ["p"],
        "map": {"k": "v"},
        "whole": {"k": "v"},
        "free": {"q": {"r": [1]}},
        "either": "5%",
        "none": None,
    }
    made = await specimens.apply(everything, metadata={"labels": {"l": "1"}, "finalizers": ["example.com/x"]})
    assert made.status == 201
    (entry,) = made.body["metadata"]["managedFields"]
    assert {key: entry[key] for key in entry if key != "fieldsV1"} == {
        "manager": "m",
        "operation": "Apply",
        "apiVersion": VERSION,
        "time": made.body["metadata"]["creationTimestamp"],
        "fieldsType": "FieldsV1",
    }
    assert entry["fieldsV1"] == {
        "f:metadata": {"f:finalizers": {'v:"example.com/x"': {}}, "f:labels": {"f:l": {}}},
        "f:spec": {
            "f:atom": {},
            "f:either": {},
            "f:free": {"f:q": {".": {}, "f:r": {}}},
            "f:list": {
                'k:{"name":"x"}': {".": {}, "f:name": {}, "f:v": {}},
                'k:{"name":"y"}': {".": {}, "f:name": {}},
            },
            "f:map": {"f:k": {}},
            "f:none": {},
            "f:ports": {'k:{"port":"80","protocol":"TCP"}': {".": {}, "f:port": {}}},
            "f:set": {'v:"a"': {}, 'v:"b"': {}},
            "f:size": {},
            "f:whole": {},
        },
    }


async def test_the_same_apply_again_writes_nothing(specimens: Specimens) -> None:
    first = await specimens.apply({"size": 1, "list": LIST})
    again = await specimens.apply({"size": 1, "list": LIST})
    assert again.status == 200
    assert again.body == first.body


async def test_a_second_manager_shares_what_is_the_same_and_has_no_time(specimens: Specimens) -> None:
    await specimens.apply({"size": 1, "name": "a"})
    made = await specimens.apply({"size": 1}, "n")
    assert owners(made) == {"m": {"f:spec": {"f:name": {}, "f:size": {}}}, "n": {"f:spec": {"f:size": {}}}}
    entries = made.body["metadata"]["managedFields"]
    assert [(each["manager"], "time" in each) for each in entries] == [("n", False), ("m", True)]


async def test_one_conflict_is_told_in_one_line(specimens: Specimens) -> None:
    await specimens.apply({"size": 1})
    refused = await specimens.apply({"size": 2}, "n")
    assert refused.status == 409
    assert refused.body == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": 'Apply failed with 1 conflict: conflict with "m": .spec.size',
        "reason": "Conflict",
        "details": {
            "causes": [{"reason": "FieldManagerConflict", "message": 'conflict with "m"', "field": ".spec.size"}]
        },
        "code": 409,
    }


async def test_several_conflicts_are_listed_by_manager(specimens: Specimens) -> None:
    await specimens.apply({"size": 1, "list": LIST})
    await specimens.api.patch(specimens.at(), {"spec": {"name": "x", "map": {"z": "1"}}}, fieldManager="ed")
    refused = await specimens.apply({"size": 2, "name": "y", "map": {"z": "2"}, "list": [{"name": "x", "v": "2"}]}, "n")
    assert refused.status == 409
    assert refused.body["message"] == (
        f'Apply failed with 4 conflicts: conflicts with "ed" using {VERSION}:\n- .spec.name\n- .spec.map.z\n'
        'conflicts with "m":\n- .spec.size\n- .spec.list[name="x"].v'
    )
    assert sorted(each["field"] for each in refused.body["details"]["causes"]) == [
        *('.spec.list[name="x"].v', ".spec.map.z", ".spec.name", ".spec.size")
    ]


async def test_force_takes_fields_over(specimens: Specimens) -> None:
    await specimens.apply({"size": 1, "name": "a"})
    made = await specimens.apply({"size": 2}, "n", force=True)
    assert spec(made) == {"size": 2, "name": "a"}
    assert owners(made) == {"m": {"f:spec": {"f:name": {}}}, "n": {"f:spec": {"f:size": {}}}}
    assert made.body["metadata"]["generation"] == 2


async def test_what_is_no_longer_applied_goes(specimens: Specimens) -> None:
    await specimens.apply({"size": 1, "list": [*LIST, {"name": "y"}], "set": ["a", "b"], "map": {"a": "1", "b": "2"}})
    made = await specimens.apply({"list": [{"name": "y"}], "set": ["b"], "map": {"b": "2"}})
    assert spec(made) == {"list": [{"name": "y"}], "set": ["b"], "map": {"b": "2"}}
    emptied = await specimens.apply({}, metadata={"labels": {"a": "b"}})
    assert emptied.body["spec"] == DEFAULTS
    assert "f:spec" not in owners(emptied)["m"] or owners(emptied)["m"]["f:spec"] == {}


@pytest.mark.parametrize(
    ("field", "filled", "empty"),
    [("block", {"a": "x", "b": 1}, {}), ("free", {"known": "x", "u": 1}, {}), ("map", {"k": "v"}, {})],
)
async def test_a_map_that_loses_all_its_fields_to_an_empty_one_becomes_null(
    specimens: Specimens, field: str, filled: Any, empty: Any
) -> None:
    """So the merge of Kubernetes has it, and null is no map: who means an empty block must take it away first."""
    await specimens.apply({"size": 1, field: filled})
    refused = await specimens.apply({"size": 1, field: empty})
    assert refused.status == 422
    why = f'Invalid value: "null": spec.{field} in body must be of type object: "null"'
    assert refused.body["details"]["causes"] == [
        {"reason": "FieldValueTypeInvalid", "message": why, "field": f"spec.{field}"}
    ]
    assert spec(await specimens.apply({"size": 1})) == {"size": 1}
    assert spec(await specimens.apply({"size": 1, field: empty})) == {"size": 1, field: {}}


@pytest.mark.parametrize(
    ("field", "filled", "empty", "left"),
    [
        ("any", {"a": 1}, {}, None),
        ("free", {"q": {"r": 1}}, {"q": {}}, {"q": None}),
        ("deep", {"name": "x"}, {}, None),
        ("whole", {"k": "v"}, {}, {}),
        ("list", LIST, [], None),
        ("set", ["a"], [], None),
        ("atom", ["a"], [], []),
    ],
)
async def test_what_is_left_where_nothing_is_applied_any_more(
    specimens: Specimens, field: str, filled: Any, empty: Any, left: Any
) -> None:
    await specimens.apply({"size": 1, field: filled})
    emptied = await specimens.apply({"size": 1, field: empty})
    assert spec(emptied) == {"size": 1} | ({} if left is None else {field: left})
    again = await specimens.apply({"size": 1, field: empty})
    assert spec(again) == {"size": 1} | ({} if field == "deep" else {field: empty})  # nothing was left to be removed


async def test_who_creates_by_apply_may_make_an_object_that_is_already_going(specimens: Specimens) -> None:
    """Only a POST forgets these; the object goes with the next write to it."""
    going = {"deletionTimestamp": "2020-01-01T00:00:00Z"}
    made = await specimens.apply({"size": 1}, metadata={**going, "deletionGracePeriodSeconds": 0})
    assert made.status == 201
    assert made.body["metadata"].items() >= {**going, "deletionGracePeriodSeconds": 0}.items()
    changed = await specimens.api.patch(specimens.at(), {"spec": {"size": 2}})
    assert changed.status == 200
    assert (await specimens.api.get(specimens.at())).status == 404


async def test_what_another_owns_too_stays(specimens: Specimens) -> None:
    await specimens.apply({"size": 1, "list": LIST, "map": {"a": "1"}})
    await specimens.apply({"list": LIST, "map": {"a": "1"}}, "n")
    assert spec(await specimens.apply({"size": 1})) == {"size": 1, "list": LIST, "map": {"a": "1"}}


async def test_elements_of_one_list_belong_to_several(specimens: Specimens) -> None:
    await specimens.apply({"list": LIST, "set": ["a", "c"]})
    made = await specimens.apply({"list": [{"name": "y"}, *LIST], "set": ["b", "a"]}, "n")
    assert spec(made) == {"list": [{"name": "y"}, *LIST], "set": ["b", "a", "c"]}
    kept = await specimens.apply({"set": ["c"]})
    assert spec(kept) == {"list": [{"name": "y"}, *LIST], "set": ["b", "a", "c"]}


async def test_atomic_values_have_one_owner(specimens: Specimens) -> None:
    await specimens.apply({"atom": ["a"], "whole": {"a": "1"}})
    refused = await specimens.apply({"atom": ["a", "b"], "whole": {"b": "2"}}, "n")
    assert sorted(each["field"] for each in refused.body["details"]["causes"]) == [".spec.atom", ".spec.whole"]
    made = await specimens.apply({"atom": ["b"], "whole": {"b": "2"}}, "n", force=True)
    assert spec(made) == {"atom": ["b"], "whole": {"b": "2"}}
    assert list(owners(made)) == ["n"]


async def test_updates_take_ownership_and_then_conflict(specimens: Specimens) -> None:
    await specimens.apply({"size": 1, "list": LIST})
    patched = await specimens.api.patch(
        specimens.at(),
        {"spec": {"size": 9, "map": {"z": "1"}}, "metadata": {"annotations": {"a": "b"}}},
        fieldManager="ed",
    )
    assert owners(patched) == {
        "m": {"f:spec": {"f:list": {'k:{"name":"x"}': {".": {}, "f:name": {}, "f:v": {}}}}},
        "ed!": {
            "f:metadata": {"f:annotations": {".": {}, "f:a": {}}},
            "f:spec": {"f:map": {".": {}, "f:z": {}}, "f:size": {}},
        },
    }
    refused = await specimens.apply({"size": 1, "list": LIST})
    assert refused.body["message"] == f'Apply failed with 1 conflict: conflict with "ed" using {VERSION}: .spec.size'


async def test_who_creates_owns_the_defaults_too(specimens: Specimens) -> None:
    made = await specimens.create({"size": 1}, metadata={"labels": {"a": "b"}})
    assert made["metadata"]["managedFields"][0]["fieldsV1"] == {
        "f:metadata": {"f:labels": {".": {}, "f:a": {}}},
        "f:spec": {".": {}, "f:colour": {}, "f:deep": {".": {}, "f:port": {}}, "f:size": {}},
    }


async def test_a_replace_records_what_it_changed_and_removed(specimens: Specimens) -> None:
    made = await specimens.create({"size": 1, "name": "a"})
    new = {**made, "spec": {**DEFAULTS, "size": 2, "set": ["s"]}}
    replaced = await specimens.api.put(specimens.at(), new, fieldManager="ed")
    assert owners(replaced) == {
        "maker!": {"f:spec": {".": {}, "f:colour": {}, "f:deep": {".": {}, "f:port": {}}}},
        "ed!": {"f:spec": {"f:set": {".": {}, 'v:"s"': {}}, "f:size": {}}},
    }


async def test_the_status_has_its_own_managers(specimens: Specimens) -> None:
    await specimens.apply({"size": 1}, status={"phase": "ignored"})
    conditions = [{"type": "R", "status": "T"}]
    made = await specimens.apply(None, status={"phase": "a", "conditions": conditions}, subresource="status")
    assert made.body["status"] == {"phase": "a", "conditions": conditions}
    assert owners(made) == {
        "m": {"f:spec": {"f:size": {}}},
        "m/status": {
            "f:status": {
                "f:conditions": {'k:{"type":"R"}': {".": {}, "f:status": {}, "f:type": {}}},
                "f:phase": {},
            }
        },
    }
    patched = await specimens.api.patch(specimens.at("one", "status"), {"status": {"phase": "b"}}, fieldManager="ctl")
    assert owners(patched)["ctl!/status"] == {"f:status": {"f:phase": {}}}
    refused = await specimens.apply(None, status={"phase": "a"}, subresource="status")
    assert refused.body["message"] == (
        f'Apply failed with 1 conflict: conflict with "ctl" with subresource "status" using {VERSION}: .status.phase'
    )


async def test_ownership_can_be_reset_and_comes_back_with_an_apply(specimens: Specimens) -> None:
    await specimens.create({"size": 1})
    reset = await specimens.api.patch(specimens.at(), {"metadata": {"managedFields": [{}]}})
    assert "managedFields" not in reset.body["metadata"]
    changed = await specimens.api.patch(specimens.at(), {"spec": {"map": {"k": "v"}}}, fieldManager="ed")
    assert "managedFields" not in changed.body["metadata"]
    made = await specimens.apply({"size": 1}, "n")
    assert owners(made) == {
        "n": {"f:spec": {"f:size": {}}},
        "before-first-apply!": {
            "f:spec": {
                ".": {},
                "f:colour": {},
                "f:deep": {".": {}, "f:port": {}},
                "f:map": {".": {}, "f:k": {}},
                "f:size": {},
            }
        },
    }


async def test_entries_can_be_edited_and_an_empty_list_edits_nothing(specimens: Specimens) -> None:
    made = await specimens.create({"size": 1})
    entry = {**made["metadata"]["managedFields"][0], "manager": "renamed"}
    renamed = await specimens.api.patch(specimens.at(), {"metadata": {"managedFields": [entry]}})
    assert list(owners(renamed)) == ["renamed!"]
    kept = await specimens.api.patch(specimens.at(), {"metadata": {"managedFields": []}})
    assert list(owners(kept)) == ["renamed!"]


async def test_an_apply_must_not_bring_managed_fields(specimens: Specimens) -> None:
    refused = await specimens.apply({"size": 1}, metadata={"managedFields": [{}]})
    assert refused.status == 400
    assert refused.body["message"] == "metadata.managedFields must be nil"


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"size": "x"}, ".spec.size: expected numeric (int or float), got string"),
        ({"zzz": 1}, ".spec.zzz: field not declared in schema"),
        ({"list": [{"name": "y"}, {"name": "y"}]}, '.spec.list: duplicate entries for key [name="y"]'),
        ({"set": ["a", "a"]}, '.spec.set: duplicate entries for key [="a"]'),
        ({"list": "x"}, ".spec.list: expected list, got &{x}"),
        ("x", ".spec: expected map, got &{x}"),
    ],
)
async def test_what_does_not_fit_the_schema_cannot_be_applied(specimens: Specimens, wrong: Any, problem: str) -> None:
    refused = await specimens.apply(wrong)
    assert refused.status == 500
    message = f"failed to create typed patch object (/one; {VERSION}, Kind=Specimen): {problem}"
    assert refused.body == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "code": 500,
    }


async def test_only_ten_updaters_are_remembered(specimens: Specimens) -> None:
    await specimens.apply({"size": 1})
    for number in range(13):
        patch = {"metadata": {"annotations": {f"a{number:02}": "x"}}}
        answer = await specimens.api.patch(specimens.at(), patch, fieldManager=f"ed{number:02}")
    found = owners(answer)
    assert len(found) == 11
    assert found["ancient-changes!"]["f:metadata"]["f:annotations"].keys() >= {"f:a00", "f:a01", "f:a02", "f:a03"}


async def test_kubectl_takes_over_what_it_applied_from_the_client(specimens: Specimens) -> None:
    applied = orjson.dumps(specimens.obj({"size": 1, "name": "a"})).decode()
    body = specimens.obj({"size": 1, "name": "b"}, metadata={"annotations": {LAST_APPLIED: applied}})
    await specimens.api.post(specimens.path, body, fieldManager="kubectl-client-side-apply")
    refused = await specimens.apply({"size": 2, "name": "c"}, "kubectl")
    assert [each["field"] for each in refused.body["details"]["causes"]] == [".spec.name"]
    made = await specimens.apply({"size": 2}, "kubectl")
    assert spec(made) == {"size": 2, "name": "b"}
    assert orjson.loads(made.body["metadata"]["annotations"][LAST_APPLIED])["spec"] == {"size": 2}


async def test_services_merge_their_ports_by_number_and_protocol(api: Api) -> None:
    path = f"{api.collection('services')}/s"
    body = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}}
    first = {**body, "spec": {"clusterIP": "None", "selector": {"a": "b"}, "ports": [{"name": "a", "port": 80}]}}
    made = await api.apply(path, first, "m")
    assert owners(made)["m"] == {
        "f:spec": {
            "f:clusterIP": {},
            "f:ports": {'k:{"port":80,"protocol":"TCP"}': {".": {}, "f:name": {}, "f:port": {}}},
            "f:selector": {},
        }
    }
    second = {**body, "spec": {"ports": [{"name": "b", "port": 80, "protocol": "UDP"}]}}
    both = await api.apply(path, second, "n")
    assert [(each["name"], each["protocol"]) for each in both.body["spec"]["ports"]] == [("a", "TCP"), ("b", "UDP")]
    refused = await api.apply(path, {**body, "spec": {"selector": {"a": "c"}}}, "n")
    assert [each["field"] for each in refused.body["details"]["causes"]] == [".spec.selector"]


async def test_config_maps_and_secrets_are_owned_key_by_key(api: Api) -> None:
    path = f"{api.collection('configmaps')}/c"
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}
    await api.apply(path, {**body, "data": {"a": "1"}}, "m")
    made = await api.apply(path, {**body, "data": {"b": "2"}}, "n")
    assert made.body["data"] == {"a": "1", "b": "2"}
    assert owners(made) == {"m": {"f:data": {"f:a": {}}}, "n": {"f:data": {"f:b": {}}}}
    gone = await api.apply(path, body, "m")
    assert gone.body["data"] == {"b": "2"}
