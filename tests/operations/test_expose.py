"""How the cluster shall be reached."""

from __future__ import annotations

from operations.make import stated


def test_it_states_what_was_said_and_no_defaults_of_the_rest() -> None:
    wanted = {"type": "NodePort", "port": 5432}
    assert stated("Expose", expose=wanted) == {"expose": wanted}
    assert stated("Expose") == {}
