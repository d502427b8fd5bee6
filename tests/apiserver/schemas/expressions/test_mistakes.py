"""Mistakes in the text of an expression."""

from __future__ import annotations

from dbaas.apiserver.schemas.expressions.mistakes import Mistake, show_mistakes


def test_a_mistake_points_into_its_line() -> None:
    assert show_mistakes("a\n\tb c", [Mistake(5, "no")]) == "ERROR: <input>:2:4: no\n |  b c\n | ...^"


def test_mistakes_are_in_the_order_of_their_places_and_once() -> None:
    shown = show_mistakes("abc", [Mistake(2, "second"), Mistake(0, "first"), Mistake(2, "second")])
    assert [line for line in shown.split("\n") if line.startswith("ERROR")] == [
        "ERROR: <input>:1:1: first",
        "ERROR: <input>:1:3: second",
    ]


def test_wide_letters_have_wide_marks() -> None:
    assert show_mistakes("é+ü", [Mistake(2, "no")]).endswith("\n | ．.＾")


def test_the_end_of_the_text_is_a_place_too() -> None:
    assert show_mistakes("a", [Mistake(1, "more")]) == "ERROR: <input>:1:2: more\n | a\n | .^"
