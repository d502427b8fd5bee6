"""How many instances are asked for."""

from __future__ import annotations

from operations.make import stated


def test_it_states_the_size_that_was_asked_for() -> None:
    assert stated("HorizontalScaling", horizontalScaling={"replicas": 5}) == {"clusterSize": 5}
    assert stated("HorizontalScaling") == {}
