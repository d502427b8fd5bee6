"""From client-side to server-side apply."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from apiserver.fields.specimens import SCHEMA, T1, T2, manager, obj
from dbaas.apiserver.fields import ApplyConflict, apply, record_update
from dbaas.apiserver.fields.last_applied import LAST_APPLIED, allowed_conflicts, renew_last_applied


def client_side(spec: dict[str, Any], stored: dict[str, Any]) -> dict[str, Any]:
    """An object that `kubectl apply` left behind, then changed by others to `stored`."""
    annotation = {LAST_APPLIED: orjson.dumps(obj(spec)).decode()}
    live = obj(stored, metadata={"annotations": annotation, "uid": "u"})
    entries = record_update(None, live, SCHEMA, manager("kubectl-client-side-apply", T1, "Update"))
    return {**live, "metadata": {**live["metadata"], "managedFields": entries}}


def server_side(live: dict[str, Any], spec: dict[str, Any], name: str = "kubectl") -> dict[str, Any]:
    return apply(live, obj(spec), SCHEMA, manager(name, T2))


def test_kubectl_takes_over_what_it_applied_from_the_client() -> None:
    made = server_side(client_side({"size": 1}, {"size": 1}), {"size": 2})
    assert made["spec"] == {"size": 2}
    assert orjson.loads(made["metadata"]["annotations"][LAST_APPLIED])["spec"] == {"size": 2}


def test_what_others_changed_meanwhile_is_still_a_conflict() -> None:
    with pytest.raises(ApplyConflict, match=r"\.spec\.size"):
        server_side(client_side({"size": 1}, {"size": 5}), {"size": 2})


def test_other_managers_take_nothing_over() -> None:
    with pytest.raises(ApplyConflict):
        server_side(client_side({"size": 1}, {"size": 1}), {"size": 2}, "somebody")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"apiVersion": "other/v1"}'])
def test_an_annotation_that_says_nothing_allows_nothing(text: str) -> None:
    live = obj({}, metadata={"annotations": {LAST_APPLIED: text}})
    assert not allowed_conflicts(live, SCHEMA, manager("kubectl"))


def test_the_annotation_is_renewed_without_itself_and_only_if_it_is_there() -> None:
    assert renew_last_applied(obj(), obj({"size": 1})) == obj()
    live = obj(metadata={"annotations": {LAST_APPLIED: "x"}})
    renewed = renew_last_applied(live, obj({"size": 1}, metadata={"annotations": {LAST_APPLIED: "old", "a": "b"}}))
    written = orjson.loads(renewed["metadata"]["annotations"][LAST_APPLIED])
    assert written == obj({"size": 1}, metadata={"annotations": {"a": "b"}})
