"""Definitions as resources."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import pytest

from conformance.kubernetes_api.conftest import DEFINITION
from dbaas.apiserver.definitions import served_resources
from dbaas.apiserver.server import ApiServer
from fixtures.apiserver import send

PATH = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
NOW = datetime(2026, 1, 1, 1, tzinfo=UTC)


def definition(columns: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    made = copy.deepcopy(DEFINITION)
    made["spec"]["names"] |= {"listKind": "WidgetList"}
    if columns is not None:
        made["spec"]["versions"][0]["additionalPrinterColumns"] = columns
    return made


def shown(kind: str, value: object) -> object:
    column = {"name": "Value", "type": kind, "jsonPath": ".spec.value"}
    (resource,) = served_resources(definition([column]))
    return resource.cells({"metadata": {"name": "a"}, "spec": {"value": value}}, NOW)[1]


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("string", "x", "x"),
        ("string", True, "true"),
        ("string", 3, "3"),
        ("string", {"a": 1}, '{"a":1}'),
        ("string", None, ""),
        ("integer", 3, 3),
        ("integer", "x", None),
        ("number", 1.5, 1.5),
        ("boolean", True, True),
        ("boolean", "x", None),
        ("date", "2026-01-01T00:00:00Z", "60m"),
        ("date", "nonsense", "<invalid>"),
        ("date", None, "<unknown>"),
    ],
)
def test_a_column_shows_values_by_its_type(kind: str, value: object, expected: object) -> None:
    assert shown(kind, value) == expected


def test_a_definition_without_columns_shows_the_age() -> None:
    (resource,) = served_resources(definition([]))
    assert [column.name for column in resource.columns] == ["Name", "Age"]


def test_only_served_versions_are_resources_and_the_preferred_is_first() -> None:
    made = definition()
    first = made["spec"]["versions"][0]
    made["spec"]["versions"] = [{**first, "name": name, "served": name != "v3"} for name in ("v1beta1", "v3", "v2")]
    assert [resource.version for resource in served_resources(made)] == ["v2", "v1beta1"]


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        (("names", "kind"), "Gadget", "spec.names.kind"),
        (("scope",), "Cluster", "spec.scope"),
        (("conversion",), {"strategy": "Webhook"}, "spec.conversion.strategy"),
    ],
)
async def test_what_cannot_change_is_refused(
    server: ApiServer, path: tuple[str, ...], value: object, field: str
) -> None:
    await send(server, "POST", PATH, DEFINITION)
    change: Any = value
    for part in reversed(path):
        change = {part: change}
    merge = "application/merge-patch+json"
    status, refused = await send(server, "PATCH", f"{PATH}/{DEFINITION['metadata']['name']}", {"spec": change}, merge)
    assert status == 422
    assert field in [cause["field"] for cause in refused["details"]["causes"]]


async def test_a_column_that_cannot_be_read_is_refused(server: ApiServer) -> None:
    bad = definition([{"name": "Bad", "type": "string", "jsonPath": ".spec["}])
    status, refused = await send(server, "POST", PATH, bad)
    assert status == 422
    assert refused["details"]["causes"][0]["field"] == "spec.versions[0].additionalPrinterColumns[0].jsonPath"
