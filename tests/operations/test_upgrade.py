"""Which version is asked for."""

from __future__ import annotations

from operations.make import stated


def test_it_states_the_version_and_leaves_the_engine_alone() -> None:
    assert stated("Upgrade", upgrade={"targetVersion": "18"}) == {"engine": {"version": "18"}}
    assert stated("Upgrade") == {}
