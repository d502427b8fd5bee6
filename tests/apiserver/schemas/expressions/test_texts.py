"""Functions of texts; `test_functions` and `tests/conformance` call each."""

from __future__ import annotations

import pytest

from dbaas.apiserver.schemas.expressions.failures import Failure
from dbaas.apiserver.schemas.expressions.texts import FUNCTIONS, quote_text, split, substring


def test_only_what_is_ascii_changes_its_case() -> None:
    assert FUNCTIONS["upperAscii"]("aé") == "Aé"


def test_a_quoted_text_says_what_cannot_be_seen() -> None:
    assert quote_text('a\n"\\') == '"a\\n\\"\\\\"'


def test_a_limit_counts_parts() -> None:
    assert (split("a,b,c", ",", 2), split("abc", "", 2), split("a", ",", 0)) == (["a", "b,c"], ["a", "bc"], [])


@pytest.mark.parametrize(("start", "end"), [(-1, 1), (0, 9), (2, 1)])
def test_a_range_outside_is_refused(start: int, end: int) -> None:
    with pytest.raises(Failure, match="range"):
        substring("abc", start, end)


def test_a_pattern_that_cannot_be_is_refused() -> None:
    with pytest.raises(Failure, match="pattern"):
        FUNCTIONS["matches"]("a", "(?=x)")
