"""Parts of columns."""

from __future__ import annotations

from datetime import UTC, datetime

from dbaas.apiserver.builtins.columns import AGE, NAME, age_of, field, format_labels, format_some, items

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_fields_that_are_absent_are_none_and_lists_are_empty() -> None:
    assert field({"a": {"b": 1}}, "a", "b") == 1
    assert field({"a": "text"}, "a", "b") is None
    assert items({"a": None}, "a") == ()


def test_ages_are_counted_from_a_moment() -> None:
    assert age_of("2025-12-31T23:59:00Z", NOW) == "60s"
    assert age_of(None, NOW) == "<unknown>"
    assert AGE.cell({"metadata": {"creationTimestamp": "2025-12-31T00:00:00Z"}}, NOW) == "24h"
    assert NAME.cell({"metadata": {"name": "a"}}, NOW) == "a"


def test_long_lists_are_cut_and_counted() -> None:
    assert format_some(["a", "b"], 2) == "a,b"
    assert format_some(["a", "b", "c", "d", "e"], 5) == "a,b,c + 2 more..."
    assert format_some([], 0) == "<none>"


def test_labels_are_sorted_by_key() -> None:
    assert format_labels({"b": "2", "a": "1"}) == "a=1,b=2"
    assert format_labels({}) == "<none>"
