"""Tests of `runtime.versions`."""

from __future__ import annotations

from dbaas.runtime.versions import is_newer, is_older, newest


def test_versions_compare_as_numbers() -> None:
    assert is_newer("10", than="9")
    assert is_older("9", than="10")
    assert not is_newer("9", than="9")


def test_opaque_versions_are_only_equal_or_not() -> None:
    assert is_newer("b", than="a")
    assert is_newer("a", than="b")
    assert not is_older("a", than="b")
    assert not is_newer("a", than="a")


def test_the_newest_of_nothing_and_something_is_something() -> None:
    assert newest("", "3") == "3"
    assert newest("4", "3") == "4"
