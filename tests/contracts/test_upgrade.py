"""Which versions come before which."""

from __future__ import annotations

from dbaas.contracts.upgrade import older_versions


def test_older_versions_are_those_behind_it_in_the_list() -> None:
    assert older_versions(("18", "17", "9"), "17") == ("9",)
    assert older_versions(("18", "17", "9"), "9") == ()
    assert older_versions(("18",), "17") == ()
