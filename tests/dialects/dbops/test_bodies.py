"""Bodies of ours."""

from __future__ import annotations

from dbaas.api.database import DATABASE
from dbaas.dialects.dbops.bodies import build_body, refuse_elsewhere, take, without
from dialects.dbops.make import SERVER, foreign


def test_a_body_has_the_foreign_name_and_nothing_that_is_empty() -> None:
    body = build_body(DATABASE, foreign("Database", SERVER), {"a": None, "b": {}, "c": False, "d": 1, "e": []})
    assert body["metadata"] == {"name": "it"} and body["spec"] == {"c": False, "d": 1}


def test_fields_are_taken_where_they_are_given() -> None:
    assert take({"a": 1, "b": 2}, "a", "c") == {"a": 1}
    assert without({"a": 1, "b": 2}, "a") == {"b": 2} and without(None, "a") == {}


def test_only_another_namespace_is_refused() -> None:
    here = foreign("Database", SERVER)
    references = [("one", {"namespace": "shop"}), ("two", {"namespace": "else"}), ("three", {}), ("four", None)]
    assert [violation.field for violation in refuse_elsewhere(here, references)] == ["two.namespace"]
