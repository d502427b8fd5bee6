"""Semantic versions."""

from __future__ import annotations

from itertools import pairwise

import pytest

from dbaas.apiserver.schemas.expressions.failures import Failure
from dbaas.apiserver.schemas.expressions.versions import compare, is_version, to_version


def test_versions_have_an_order() -> None:
    texts = ["1.2.3-1", "1.2.3-a", "1.2.3-a.1", "1.2.3", "1.2.10", "1.10.0"]
    versions = [to_version(text) for text in texts]
    assert [compare(one, other) for one, other in pairwise(versions)] == [-1] * 5
    assert to_version("1.2.3+a") == to_version("1.2.3+b")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Version string empty"),
        ("1.2", "No Major.Minor.Patch elements found"),
        ("a.2.3", 'Invalid character\\(s\\) found in major number "a"'),
        ("01.2.3", 'Major number must not contain leading zeroes "01"'),
        ("1.2.3-01", "Numeric PreRelease version must not contain leading zeroes"),
        ("1.2.3-", "Prerelease is empty"),
        ("1.2.3+", "Build meta data is empty"),
        ("1.2.99999999999999999999", "value out of range"),
    ],
)
def test_what_is_no_version_is_told_why(text: str, reason: str) -> None:
    assert not is_version(text)
    with pytest.raises(Failure, match=reason):
        to_version(text)


def test_a_loose_version_is_completed() -> None:
    assert to_version("v01.2", is_loose=True) == to_version("1.2.0")
    with pytest.raises(Failure, match="short version"):
        to_version("1-a", is_loose=True)
