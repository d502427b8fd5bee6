"""Passwords in a user's SQL are found where they are plain, and replaced without a change of anything else."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbaas.engines.postgres.script_passwords import disguise, find_passwords
from dbaas.engines.postgres.script_text import find_place


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("CREATE ROLE a LOGIN PASSWORD 'x'", ["x"]),
        ("select 1; alter user \"b;c\" with encrypted password /* p */ $t$it's$t$ valid until 'd'", ["it's"]),
        ("ALTER ROLE a PASSWORD 'it''s';\nALTER GROUP b PASSWORD\n'y'", ["it's", "y"]),
        ("CREATE USER MAPPING FOR a SERVER b OPTIONS (user 'c', password 'd')", []),
        ("ALTER ROLE a SET x.password = 'b'; ALTER ROLE a SET password TO 'b'", []),
        ("ALTER ROLE a PASSWORD NULL; ALTER ROLE a PASSWORD ''", []),
        ("ALTER ROLE a PASSWORD 'SCRAM-SHA-256$4096:a$b:c'", []),
        ("ALTER ROLE a PASSWORD 'one'\n'two'", []),
        ("ALTER ROLE a PASSWORD E'\\x41'", []),
        ("SELECT 'ALTER ROLE a PASSWORD '; SELECT $$ ALTER ROLE a PASSWORD 'x' $$", []),
        ("/* /* */ ALTER ROLE a PASSWORD 'x' */", []),
        ("password 'x'; create password 'x'; create role password 'x'", ["x"]),
        ("INSERT INTO a (password) VALUES ('x')", []),
    ],
)
def test_only_a_literal_behind_the_word_in_a_statement_about_a_role_is_one(text: str, found: list[str]) -> None:
    assert [place.password for place in find_passwords(text)] == found


def test_verifiers_stand_in_their_places() -> None:
    text = "ALTER ROLE a PASSWORD 'x' LOGIN; ALTER ROLE b PASSWORD $$y$$"
    assert (
        disguise(text, {"x": "X-X", "y": "Y-Y"}).text
        == "ALTER ROLE a PASSWORD 'X-X' LOGIN; ALTER ROLE b PASSWORD 'Y-Y'"
    )


def test_a_place_is_told_in_what_the_user_wrote() -> None:
    text = "ALTER ROLE a PASSWORD 'x'; ALTER ROLE b PASSWORD 'y'; SELECT nothing"
    sent = disguise(text, {"x": "much longer", "y": "longer"})
    position = sent.text.index("nothing") + 1
    assert find_place(text, sent.find_position(position)) == f"line 1, column {text.index('nothing') + 1}"
    assert sent.find_position(sent.text.index("much")) == text.index("'x'") + 1


@given(st.text(alphabet="aA'$\";-/*\n \\EPASSWORDcreatole(") | st.text())
def test_any_text_without_a_password_is_sent_as_it_was_written(text: str) -> None:
    passwords = {place.password: "v" for place in find_passwords(text)}
    sent = disguise(text, passwords)
    assert sent.text == text or passwords


@pytest.mark.parametrize("part", ["/*x", "$a$ $b$ ", "://a:", "'", '"', "e'", "$", "/*x*/ /*", "'a' "])
def test_nobody_can_choose_a_text_that_takes_long(part: str) -> None:
    began = process_time()
    list(find_passwords(part * (65_536 // len(part))))
    list(find_passwords("".join(f"$t{n}$ " for n in range(9_000))))
    assert process_time() - began < 5.0
