"""Tests of `providers.process.installed`."""

from __future__ import annotations

from dbaas.providers.process.installed import find_program


def test_programs_are_looked_for_where_they_usually_are() -> None:
    assert find_program("sh") is not None
    assert find_program("no-such-pooler") is None
