"""Tests of `runtime.switches`: property 33 of the runtime."""

from __future__ import annotations

import pytest

from dbaas.runtime.switches import UnknownController, choose_controllers

KNOWN = ("database", "databasegrant", "databaseuser")


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("*", KNOWN),
        ("*,-database", ("databasegrant", "databaseuser")),
        (" -database , * ", ("databasegrant", "databaseuser")),
        ("database", ("database",)),
        ("-database", ()),
        ("", ()),
    ],
)
def test_a_flag_says_which_controllers_run(text: str, chosen: tuple[str, ...]) -> None:
    assert choose_controllers(text, KNOWN) == frozenset(chosen)


@pytest.mark.parametrize("text", ["*,-databse", "databse"])
def test_a_name_that_nobody_has_is_refused(text: str) -> None:
    with pytest.raises(UnknownController, match="no controller is named databse; there are: database, databasegrant"):
        choose_controllers(text, KNOWN)
