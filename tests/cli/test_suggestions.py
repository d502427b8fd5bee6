"""What was probably meant."""

from __future__ import annotations

import subprocess
import sys

import pytest

from dbaas.cli.suggestions import find_alike, suggest


def test_the_most_alike_of_the_known_words_is_found() -> None:
    assert find_alike("shp", ["ship", "shop", "shp-1", "orders"]) == "shop"
    assert find_alike("dtabase", {"database": 1, "grant": 2}) == "database"


def test_the_end_of_a_longer_word_means_that_one() -> None:
    assert find_alike("User", ["Database", "DatabaseUser", "ClusterDatabaseUser"]) == "DatabaseUser"
    assert find_alike("er", ["DatabaseUser"]) is None


@pytest.mark.parametrize("known", [[], ["orders", "billing"]])
def test_nothing_is_suggested_where_nothing_is_alike(known: list[str]) -> None:
    assert find_alike("shop", known) is None
    assert suggest("shop", known) == ""


def test_a_suggestion_is_a_question() -> None:
    assert suggest("shp", ["shop"]) == "did you mean 'shop'?"


def test_commands_do_not_load_what_compares_words_before_they_need_it() -> None:
    program = "import dbaas.cli.suggestions, sys; sys.exit('difflib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
