"""Declared operations as people ask for them."""

from __future__ import annotations

from dbaas.api.database_engine import EngineOperation
from dbaas.cli.declared import describe


def test_what_must_be_given_what_may_be_and_what_it_does() -> None:
    body = {
        "name": "sweep",
        "description": "Makes it clean.",
        "parameters": [{"name": "table"}, {"name": "kind", "default": "soft"}],
        "statements": [{"name": "only", "sql": "sweep"}],
    }
    assert describe(EngineOperation.model_validate(body)) == "sweep table=… [kind=soft]: Makes it clean."
    bare = {"name": "rest", "statements": body["statements"]}
    assert describe(EngineOperation.model_validate(bare)) == "rest"
