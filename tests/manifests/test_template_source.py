"""Templates cut into pieces and tokens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbaas.manifests.template_source import InvalidTemplate, Source


def test_text_and_actions_take_turns() -> None:
    pieces = [*Source("a {{- .B -}} c{{ `}}` }}").split()]
    assert [(piece.is_action, piece.content) for piece in pieces] == [
        (False, "a"), (True, " .B "), (False, "c"), (True, " `}}` "), (False, "")
    ]  # fmt: skip


def test_words_know_where_they_are() -> None:
    source = Source("x\n{{ upper (.B | lower) }}")
    _, piece, _ = source.split()
    tokens = [*source.cut(piece)]
    assert [(token.kind, token.text) for token in tokens] == [
        ("word", "upper"), ("mark", "("), ("field", ".B"), ("mark", "|"), ("word", "lower"), ("mark", ")")
    ]  # fmt: skip
    assert source.place(tokens[2].start) == "line 2, column 11"


def test_what_is_no_word_is_told_with_its_place() -> None:
    source = Source("{{ 5 }}")
    _, piece, _ = source.split()
    with pytest.raises(InvalidTemplate, match="line 1, column 4: '5' is not expected here"):
        list(source.cut(piece))


@given(st.text().filter(lambda text: "{{" not in text))
def test_a_text_without_actions_is_one_piece(text: str) -> None:
    assert [piece.content for piece in Source(text).split()] == [text]
