"""Names, keys and values of labels."""

from __future__ import annotations

import pytest

from dbaas.apiserver.schemas.names import key_problems, label_value_problems, name_problems


@pytest.mark.parametrize(
    ("rule", "name", "found"),
    [
        ("label", "a.b", "must not contain dots"),
        ("label", "a..b", "a lowercase RFC 1123 label must consist of"),
        ("subdomain", "A", "a lowercase RFC 1123 subdomain must consist of"),
        ("label1035", "1", "a DNS-1035 label must consist of"),
        ("label", "a" * 64, "must be no more than 63 characters"),
    ],
)
def test_what_is_no_name_is_told_why(rule: str, name: str, found: str) -> None:
    (told,) = name_problems(rule, name)
    assert told.startswith(found)


def test_a_prefix_may_end_with_a_dash() -> None:
    assert name_problems("label", "ab-")
    assert not name_problems("label", "ab-", is_prefix=True)
    assert name_problems("label", "-", is_prefix=True)


@pytest.mark.parametrize(
    ("key", "found"),
    [("/a", "prefix part must be non-empty"), ("A_/a", "prefix part a lowercase"), ("a/b/c", "a qualified name must")],
)
def test_what_is_no_key_is_told_why(key: str, found: str) -> None:
    assert key_problems(key)[0].startswith(found)
    assert not key_problems("example.com/a_B")


def test_a_value_of_a_label_may_be_empty() -> None:
    assert not label_value_problems("")
    assert label_value_problems("-" * 64)[0] == "must be no more than 63 bytes"
