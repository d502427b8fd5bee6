"""RE2's patterns on Python's engine."""

from __future__ import annotations

import pytest

from dbaas.apiserver.schemas.patterns import PatternRefused, compile_pattern


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("^a$", "a", True),
        ("^a$", "a\n", False),
        (r"^a\z", "a", True),
        (r"^\d+$", "12", True),
        (r"^\d+$", "١٢", False),
        ("b", "abc", True),
        ("[[:alpha:]]", "1", False),
        ("^[[:^x]", "[", True),
        ("^[]a]+$", "]a", True),
        ("^[^]a]+$", "b", True),
        ("^[a&&b|~[]+$", "&[|~", True),
        ("(?i)^AB$", "ab", True),
        ("^(?i)(abort|warn)?$", "WARN", True),
        ("^a(?i)b|c", "C", True),
        ("^a(?i)b|c", "AB", False),
        ("^(a(?i)b)c", "aBc", True),
        ("^(a(?i)b)c", "aBC", False),
        ("^(?i)a(?-i)b$", "Ab", True),
        ("^(?i)a(?-i)b$", "AB", False),
        ("^[$]$", "$", True),
        (r"^\$[.]$", "$.", True),
    ],
)
def test_a_pattern_finds_what_it_finds_in_kubernetes(pattern: str, text: str, found: bool) -> None:
    assert (compile_pattern(pattern).search(text) is not None) is found


@pytest.mark.parametrize("pattern", ["(?=a)", "(?<!a)b", r"(a)\1", r"\pL", "(", "a**"])
def test_a_pattern_that_cannot_be_translated_is_refused(pattern: str) -> None:
    with pytest.raises(PatternRefused):
        compile_pattern(pattern)
