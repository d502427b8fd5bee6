"""Which settings are asked for."""

from __future__ import annotations

from operations.make import stated


def test_it_states_the_settings_that_were_named() -> None:
    settings = {"config": [{"name": "a", "value": "1"}]}
    assert stated("Reconfiguring", reconfiguring=settings) == settings
    assert stated("Reconfiguring") == {}
