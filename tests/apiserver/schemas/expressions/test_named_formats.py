"""Formats by name."""

from __future__ import annotations

import pytest

from dbaas.apiserver.schemas.expressions.named_formats import FORMATS, FUNCTIONS, named, validate


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("dns1123Label", "1a", "a.b"),
        ("dns1123Subdomain", "a.b", "a..b"),
        ("dns1035Label", "a1", "1a"),
        ("qualifiedName", "a.b/c", "/c"),
        ("labelValue", "", "-"),
        ("dns1123LabelPrefix", "ab-", "-"),
        ("uri", "/a", "a"),
        ("uuid", "00000000-0000-0000-0000-000000000000", "0"),
        ("byte", "YWJj", "!"),
        ("date", "2024-01-01", "2024-13-01"),
        ("datetime", "2024-01-01T00:00:00Z", "2024"),
    ],
)
def test_a_format_tells_what_is_wrong(name: str, good: str, bad: str) -> None:
    assert not validate(FUNCTIONS[f"format.{name}"](), good).is_present
    assert validate(named(name).value, bad).value


def test_a_name_that_nobody_gave_is_none() -> None:
    assert not named("x").is_present
    assert all(named(name).is_present for name in FORMATS)
