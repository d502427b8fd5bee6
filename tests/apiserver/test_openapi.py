"""OpenAPI documents hold together."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from dbaas.apiserver.kinds import builtin_resources
from dbaas.apiserver.openapi import OpenAPI
from dbaas.apiserver.resources import Catalogue


@pytest.fixture
def catalogue() -> Catalogue:
    made = Catalogue()
    for resource in builtin_resources():
        made.add(resource)
    return made


def references(node: Any) -> set[str]:
    if isinstance(node, list):
        return {found for each in node for found in references(each)}
    if not isinstance(node, dict):
        return set()
    own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
    return own | {found for each in node.values() for found in references(each)}


def test_every_reference_leads_somewhere(catalogue: Catalogue) -> None:
    openapi = OpenAPI(catalogue)
    for place in openapi.index()["paths"]:
        document = orjson.loads(openapi.document(place) or b"")
        known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
        assert references(document) <= known


def test_every_kind_can_be_found_by_its_identity(catalogue: Catalogue) -> None:
    openapi = OpenAPI(catalogue)
    found = {
        (each["group"], each["version"], each["kind"])
        for place in openapi.index()["paths"]
        for schema in orjson.loads(openapi.document(place) or b"")["components"]["schemas"].values()
        for each in schema.get("x-kubernetes-group-version-kind", ())
    }
    assert {(each.group, each.version, each.kind) for each in catalogue} <= found


def test_the_hash_changes_only_with_the_content(catalogue: Catalogue) -> None:
    openapi = OpenAPI(catalogue)
    before = openapi.index()["paths"]
    catalogue.remove("jobs.batch")
    after = openapi.index()["paths"]
    assert "apis/batch/v1" not in after
    assert after["api/v1"] == before["api/v1"]
    assert openapi.document("apis/batch/v1") is None
