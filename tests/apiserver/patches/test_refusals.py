"""Refused patches."""

from __future__ import annotations

import pytest

from dbaas.apiserver.patches import PatchRefused


@pytest.mark.parametrize(("status", "reason"), [(400, "BadRequest"), (422, "Invalid"), (500, "InternalError")])
def test_the_reason_follows_from_the_status(status: int, reason: str) -> None:
    assert PatchRefused("x", status=status).reason == reason
