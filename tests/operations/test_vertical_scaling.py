"""Which resources are asked for."""

from __future__ import annotations

from operations.make import stated


def test_it_states_only_the_amounts_that_were_named() -> None:
    resources = {"limits": {"cpu": "2"}}
    assert stated("VerticalScaling", verticalScaling={"resources": resources}) == {"resources": resources}
    assert stated("VerticalScaling") == {}
