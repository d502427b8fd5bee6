"""The words of an expression."""

from __future__ import annotations

import pytest

from dbaas.apiserver.schemas.expressions.mistakes import Unreadable
from dbaas.apiserver.schemas.expressions.tokens import Tokens, quoted_size, quoted_text, read_tokens


def kinds(source: str) -> list[str]:
    return [token.kind for token in read_tokens(source)][:-1]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a _b1 in", ["name", "name", "name"]),
        ("1 0x1F 2u 1.5 1e3 .5 1.5e-3", ["int", "int", "uint", "double", "double", "double", "double"]),
        ("'a' \"b\" '''c\nd''' r'\\d' b'x' br'y'", ["string", "string", "string", "string", "bytes", "bytes"]),
        (r"'\'' '\u00e9' '\x41'", ["string", "string", "string"]),
        ("a<=b&&c||!d[0]?e:{}", ["name", "sign"] * 3 + ["sign", "name", "sign", "int", "sign", "sign"]
         + ["name", "sign", "sign", "sign"]),
        ("a // b\n c", ["name", "name"]),
    ],
)  # fmt: skip
def test_words_are_of_kinds(source: str, expected: list[str]) -> None:
    assert kinds(source) == expected


@pytest.mark.parametrize(
    ("source", "at"), [("a = b", 2), ("a & b", 2), ("'abc", 0), (r"'\q'", 0), ("a@", 1), ("`a`", 0)]
)
def test_what_is_no_word_is_found(source: str, at: int) -> None:
    with pytest.raises(Unreadable, match="token recognition error") as caught:
        kinds(source)
    assert caught.value.mistake.at == at


@pytest.mark.parametrize(
    ("source", "text"),
    [("'a b'", "a b"), ('"""x"""', "x"), (r"r'\d'", r"\d"), (r"'\n'", None), ("''", "")],
)
def test_a_string_is_read_unless_it_has_escapes(source: str, text: str | None) -> None:
    assert quoted_text(next(read_tokens(source))) == text


@pytest.mark.parametrize(
    ("source", "size"),
    [
        ("'aé'", 2),
        (r"'\u00e9\n\x41\101'", 4),
        (r"r'\n'", 2),
        ('"""a"""', 1),
        ("b'aé'", 3),
        (r"b'\x41\101'", 2),
        (r"bR'\n'", 2),
    ],
)
def test_a_string_has_as_many_characters_and_bytes_as_many_bytes_as_they_stand_for(source: str, size: int) -> None:
    assert quoted_size(next(read_tokens(source))) == size


def test_bytes_are_not_written_as_code_points() -> None:
    with pytest.raises(Unreadable, match="unable to unescape string"):
        quoted_size(next(read_tokens(r"b'\u00e9'")))


def test_what_is_expected_and_not_there_is_told() -> None:
    for wanted, others, reason in (
        (")", (), "missing ')' at 'a'"),
        (":", (), "mismatched input 'a' expecting ':'"),
        (",", ("]",), "mismatched input 'a' expecting {']', ','}"),
    ):
        with pytest.raises(Unreadable) as caught:
            Tokens("a").expect(wanted, *others)
        assert caught.value.mistake.message == f"Syntax error: {reason}"
