"""Statements as values."""

from __future__ import annotations

import subprocess
import sys

import pytest

from dbaas.core.secrets import Secret
from dbaas.engines.postgres.queries import Identifier, Keyword, Literal, Verifier, compose, join_clauses


def test_names_and_values_are_quoted_by_the_driver() -> None:
    query = compose("SELECT {name}, {text}, {number}, {truth}", name=Identifier('a"b', "C d"), text=Literal("it's \\"),
                    number=Literal(-1), truth=Literal(True))  # fmt: skip
    assert str(query) == """SELECT "a""b"."C d",  E'it''s \\\\', -1, true"""


def test_several_arguments_are_separated_by_commas() -> None:
    assert str(compose("{words}", words=[Keyword("SELECT"), Keyword("GRANT OPTION")])) == "SELECT, GRANT OPTION"


def test_a_verifier_shows_as_asterisks_and_is_found() -> None:
    verifier = Verifier("app", Secret("open sesame"))
    query = join_clauses([compose("ALTER ROLE {name}", name=Identifier("app")), compose("PASSWORD {v}", v=verifier)])
    assert str(query) == """ALTER ROLE "app" PASSWORD '********'"""
    assert list(query.verifiers) == [verifier]
    assert "sesame" not in repr(query)


def test_equal_statements_are_equal() -> None:
    assert compose("DROP ROLE {name}", name=Identifier("a")) == compose("DROP ROLE {name}", name=Identifier("a"))
    assert len({compose("DROP ROLE {name}", name=Identifier(name)) for name in "aab"}) == 2


@pytest.mark.parametrize("name", ["", "a\0b"])
def test_a_name_that_the_driver_would_cut_is_no_identifier(name: str) -> None:
    with pytest.raises(ValueError, match="NUL"):
        Identifier(name)


@pytest.mark.parametrize("words", ["select", "SELECT; DROP", "SELECT  ALL", "", "SELECT\n"])
def test_only_words_of_the_language_are_keywords(words: str) -> None:
    with pytest.raises(ValueError, match="not a keyword"):
        Keyword(words)


def test_the_engine_loads_without_its_driver() -> None:
    code = "import sys, dbaas.engines.postgres; sys.exit('psycopg' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
