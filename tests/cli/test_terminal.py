"""Aligned tables, and colour only where it is wanted."""

from __future__ import annotations

import io

import pytest

from dbaas.cli.terminal import Terminal, format_table, open_terminal, shorten

PLAIN = Terminal(io.StringIO(), io.StringIO())
COLOURED = Terminal(io.StringIO(), io.StringIO(), colour=True)


def test_columns_are_aligned_and_nothing_trails() -> None:
    lines = format_table(("Name", "Phase"), [["a", "Ready"], ["longer", ""]], PLAIN)
    assert lines == ["NAME     PHASE", "a        Ready", "longer"]


def test_wide_characters_count_twice() -> None:
    lines = format_table(("N", "X"), [["数据", "1"], ["abcd", "2"]], PLAIN)
    assert lines[1:] == ["数据   1", "abcd   2"]


def test_colour_does_not_move_columns() -> None:
    lines = format_table(("A", "B"), [["Ready", "1"], ["Pending", "2"]], COLOURED)
    assert lines[1] == "\x1b[32mReady\x1b[0m     1"


def test_plain_terminals_have_no_escapes() -> None:
    assert PLAIN.colour_word("Failed") == "Failed"


def test_long_lists_end_with_how_many_more_there_are() -> None:
    assert shorten(["a", "b"], 2) == ["a", "b"]
    assert shorten(["a", "b", "c", "d"], 2) == ["a", "b", "and 2 more"]


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {}])
def test_a_file_is_never_coloured(environment: dict[str, str]) -> None:
    assert not open_terminal(environment).colour
