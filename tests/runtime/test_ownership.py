"""Tests of `runtime.ownership`: pure ones, and that the embedded server agrees."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from dbaas.api.core import SERVICE
from dbaas.api.resource import Key
from dbaas.apiserver.server import ApiServer
from dbaas.contracts.client import WriteConflict
from dbaas.kube.verbs import RestClient, Writing
from dbaas.runtime.ownership import would_change
from fixtures.operating import WIDGET, build_widget, operating, virtually


def _owned(fields: dict[str, Any]) -> bytes:
    return orjson.dumps(fields)


SPEC: dict[str, Any] = {"f:spec": {"f:a": {}, "f:b": {"f:c": {}}}}


@pytest.mark.parametrize(
    ("wanted", "live", "expected"),
    [
        ({"a": 1, "b": {"c": 2}}, {"a": 1, "b": {"c": 2}, "defaulted": 3}, False),
        ({"a": 9, "b": {"c": 2}}, {"a": 1, "b": {"c": 2}}, True),
        ({"a": 1, "b": {"c": 2, "d": 3}}, {"a": 1, "b": {"c": 2, "d": 3}}, True),
        ({"a": 1}, {"a": 1, "b": {"c": 2}}, True),
        ({"a": 1, "b": {"c": 2}}, {"a": 1}, True),
    ],
    ids=["equal", "another value", "a field that others own", "a field no longer wanted", "removed by others"],
)
def test_values_and_ownership_must_both_agree(wanted: Any, live: Any, expected: bool) -> None:
    assert would_change({"spec": wanted}, {"spec": live}, _owned(SPEC)) is expected


def test_owning_nothing_means_that_an_apply_is_needed() -> None:
    assert would_change({"spec": {"a": 1}}, {"spec": {"a": 1}}, b"")


def test_names_and_kinds_are_owned_by_nobody() -> None:
    wanted = build_widget("one", a=1, b={"c": 2})
    assert not would_change(wanted, wanted, _owned(SPEC))


@pytest.mark.parametrize(
    ("wanted", "live", "expected"),
    [
        ([{"name": "x", "port": 1}], [{"name": "other"}, {"name": "x", "port": 1, "protocol": "TCP"}], False),
        ([{"name": "x", "port": 2}], [{"name": "x", "port": 1}], True),
        ([], [{"name": "x", "port": 1}], True),
        ([{"name": "x", "port": 1}, {"name": "y", "port": 2}], [{"name": "x", "port": 1}], True),
    ],
    ids=["equal", "another value", "item no longer wanted", "item that is new"],
)
def test_items_of_a_list_are_found_by_their_keys(wanted: Any, live: Any, expected: bool) -> None:
    fields = _owned({"f:ports": {'k:{"name":"x"}': {".": {}, "f:name": {}, "f:port": {}}}})
    assert would_change({"ports": wanted}, {"ports": live}, fields) is expected


@pytest.mark.parametrize(
    ("live", "expected"), [({"a": 1, "set": []}, False), ({"a": 1}, True), ({"a": 1, "set": ["x"]}, True)],
    ids=["equal", "not there", "others have members"],
)  # fmt: skip
def test_a_set_without_members_is_owned_by_nobody(live: Any, expected: bool) -> None:
    assert would_change({"a": 1, "set": []}, live, _owned({"f:a": {}})) is expected


def test_members_of_a_set_are_compared_without_order() -> None:
    fields = _owned({"f:names": {'v:"a"': {}, 'v:"b"': {}}})
    assert not would_change({"names": ["b", "a"]}, {"names": ["a", "c", "b"]}, fields)
    assert would_change({"names": ["a", "c"]}, {"names": ["a", "b", "c"]}, fields)


SERVICE_BODY = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "main", "namespace": "default", "labels": {"app": "x"}, "annotations": {"a": "b"}},
    "spec": {"selector": {"app": "x"}, "ports": [{"name": "sql", "port": 5432, "protocol": "TCP"}]},
}


async def test_what_the_server_just_applied_needs_no_second_apply(server: ApiServer) -> None:
    rest = RestClient(server)
    live = await rest.apply(SERVICE, SERVICE_BODY, force=True)
    assert not would_change(SERVICE_BODY, live.body(), live.applied)
    await RestClient(server, Writing("other")).patch(SERVICE, live.key, {"metadata": {"labels": {"more": "y"}}})
    again = await rest.get(SERVICE, live.key)
    assert not would_change(SERVICE_BODY, again.body(), again.applied)
    await RestClient(server, Writing("other")).patch(SERVICE, live.key, {"metadata": {"labels": {"app": "z"}}})
    again = await rest.get(SERVICE, live.key)
    assert would_change(SERVICE_BODY, again.body(), again.applied)


async def test_whom_an_apply_is_meant_for_is_owned_by_nobody_and_nobody_else_gets_it(server: ApiServer) -> None:
    rest = RestClient(server)
    made = await rest.apply(SERVICE, SERVICE_BODY, force=True)
    meant = {**SERVICE_BODY, "metadata": {**SERVICE_BODY["metadata"], "uid": made.metadata.uid}}  # type: ignore[dict-item]
    live = await rest.apply(SERVICE, meant, force=True)
    assert not would_change(meant, live.body(), live.applied)
    await rest.delete(SERVICE, live.key)
    with pytest.raises(WriteConflict, match="uid"):
        await rest.apply(SERVICE, meant, force=True)


@virtually
async def test_a_field_that_is_no_longer_listed_goes_away() -> None:
    async with operating() as operator:
        await operator.rest.apply(WIDGET, build_widget("one", a=1, b=2), force=True)
        live = await operator.rest.get(WIDGET, Key("default", "one"))
        assert would_change(build_widget("one", a=1), live.body(), live.applied)
