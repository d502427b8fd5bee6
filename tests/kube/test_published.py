"""Tests of `kube.published`: what both API servers say that they serve."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from dbaas.api.resource import Kind
from dbaas.contracts.client import ApiError
from dbaas.core.clock import SystemClock
from dbaas.kube.published import Published, Schema
from fixtures.control_plane import Api
from fixtures.operating import build_definition

CLOCK = SystemClock()
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


class _Reader:
    """Counts what is asked; `refuses` an address that begins so."""

    def __init__(self, api: Api) -> None:
        self.asked: list[str] = []
        self.refuses = ""
        self._api = api

    async def read(self, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        self.asked.append(path)
        if self.refuses and path.startswith(self.refuses):
            raise ApiError("no", code=503, reason="ServiceUnavailable")
        body: dict[str, Any] = (await self._api.get(path, **(query or {}))).body
        return body


async def _until_changed(published: Published, kind: Kind) -> Schema:
    """An API server takes a moment to publish a definition."""
    async with asyncio.timeout(20):
        while not (found := await published.look([kind])):
            await CLOCK.sleep(0.05)
    return found[kind]


def _define(kind: Kind, **fields: str) -> dict[str, Any]:
    definition = build_definition(kind)
    spec = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    spec["properties"] = {name: {"type": type_} for name, type_ in fields.items()}
    return definition


async def test_schemas_are_read_when_they_have_changed_and_not_before(api: Api) -> None:
    kind = Kind(f"g{api.suffix}.dbaas.io", "v1", "Widget", "widgets")
    reader = _Reader(api)
    published = Published(reader)
    assert await published.look([kind]) == {}
    assert await published.look([kind]) is None
    await api.define(_define(kind, size="integer"))
    first = await _until_changed(published, kind)
    assert first["properties"]["spec"]["properties"].keys() == {"size"}
    asked = len(reader.asked)
    assert await published.look([kind]) is None
    assert reader.asked[asked:] == ["/openapi/v3"]
    await api.patch(f"{DEFINITIONS}/{kind.resource}", {"spec": _define(kind, size="integer", color="string")["spec"]})
    second = await _until_changed(published, kind)
    assert second["properties"]["spec"]["properties"].keys() == {"size", "color"}


async def test_a_definition_that_goes_is_seen_to_have_gone(api: Api) -> None:
    kind = Kind(f"g{api.suffix}.dbaas.io", "v1", "Widget", "widgets")
    published = Published(_Reader(api))
    await api.define(build_definition(kind))
    await _until_changed(published, kind)
    await api.delete(f"{DEFINITIONS}/{kind.resource}")
    async with asyncio.timeout(20):
        while (found := await published.look([kind])) is None:
            await CLOCK.sleep(0.05)
    assert found == {}


async def test_what_could_not_be_read_is_read_at_the_next_look(embedded: Api) -> None:
    kind = Kind("tests.dbaas.io", "v1", "Widget", "widgets")
    reader = _Reader(embedded)
    published = Published(reader)
    await embedded.define(build_definition(kind))
    reader.refuses = "/openapi/v3/apis"
    with pytest.raises(ApiError):
        await published.look([kind])
    reader.refuses = ""
    assert (await published.look([kind]) or {}).keys() == {kind}
