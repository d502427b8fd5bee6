"""What is written of an operation before it goes on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from controllers.make import make
from controllers.operation.make import BEGUN, request
from dbaas.api.operation import OPS_REQUEST
from dbaas.api.resource import Key, Kind, Resource
from dbaas.controllers.operation.noting import write_note


class Writer:
    """Takes whatever it is given."""

    def __init__(self) -> None:
        self.written: list[tuple[Mapping[str, Any], str, str]] = []

    async def patch(
        self, kind: Kind, key: Key, patch: Mapping[str, Any], *, version: str = "", subresource: str = "",
        manager: str = "",
    ) -> Resource:  # fmt: skip
        self.written.append((patch["status"], version, subresource))
        return make(OPS_REQUEST, key.name, {}, resourceVersion="8")


@pytest.mark.parametrize("type_", ["Restart", "Custom"])
async def test_a_session_that_is_over_is_taken_away_where_there_may_be_one(type_: str) -> None:
    writer, one = Writer(), request("one", type_, status=BEGUN)
    noted = await write_note(writer, one, one.status, "7")  # type: ignore[arg-type]
    ((status, version, subresource),) = writer.written
    assert (version, subresource, status["phase"]) == ("7", "status", "Running")
    assert ("session" in status) == (type_ == "Custom")
    assert noted.resource.metadata.resourceVersion == "8"
    assert noted.status is one.status


async def test_a_session_that_goes_on_is_written() -> None:
    writer, one = Writer(), request("one", "Custom", status={**BEGUN, "session": "mine"})
    await write_note(writer, one, one.status)  # type: ignore[arg-type]
    assert writer.written[0][0]["session"] == "mine"
