"""What templates can call, one by one."""

from __future__ import annotations

import base64
import json
from urllib.parse import unquote, unquote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbaas.manifests.template_functions import FUNCTIONS, Function, WrongArgument

TEXTS = st.text(st.characters(codec="utf-8"))


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("urlEncode", ["a b/c~d"], "a+b%2Fc~d"),
        ("urlPathEncode", ["a b/c$&+=:@"], "a%20b%2Fc$&+=:@"),
        ("upper", ["aé"], "AÉ"),
        ("lower", ["AÉ"], "aé"),
        ("title", ["hello world"], "Hello world"),
        ("title", [""], ""),
        ("trim", [" \ta\n"], "a"),
        ("trimPrefix", ["abab", "ab"], "ab"),
        ("trimSuffix", ["abab", "ab"], "ab"),
        ("replace", ["a-b-c", "-", "_"], "a_b_c"),
        ("quote", ['a"<b>&'], '"a\\"\\u003cb\\u003e\\u0026"'),
        ("toJson", ["é\n"], '"é\\n"'),
        ("squote", ["it's"], "'it'\\''s'"),
        ("default", ["x", ""], "x"),
        ("default", ["x", "y"], "y"),
        ("join", ["a", "b", "c", "-"], "a-b-c"),
        ("eq", ["a", "b", "a"], "true"),
        ("ne", ["a", "a"], ""),
        ("and", ["a", "", "b"], ""),
        ("or", ["", "a", "b"], "a"),
        ("not", [""], "true"),
    ],
)
def test_each_function(name: str, arguments: list[str], expected: str) -> None:
    assert FUNCTIONS[name].takes(len(arguments))
    assert FUNCTIONS[name].apply(*arguments) == expected


@given(TEXTS)
def test_what_is_encoded_can_be_decoded(text: str) -> None:
    assert unquote_plus(FUNCTIONS["urlEncode"].apply(text)) == text
    assert unquote(FUNCTIONS["urlPathEncode"].apply(text)) == text
    assert json.loads(FUNCTIONS["quote"].apply(text)) == text
    assert FUNCTIONS["base64Decode"].apply(FUNCTIONS["base64Encode"].apply(text)) == text


@pytest.mark.parametrize("text", ["?", "a", base64.b64encode(b"\xff").decode()])
def test_what_is_not_base64_of_a_text_is_refused(text: str) -> None:
    with pytest.raises(WrongArgument):
        FUNCTIONS["base64Decode"].apply(text)


@pytest.mark.parametrize(
    ("least", "most", "told"),
    [(1, 1, "1 argument"), (3, 3, "3 arguments"), (2, None, "at least 2 arguments"), (1, 2, "1 to 2 arguments")],
)
def test_how_many_arguments_are_taken_is_told(least: int, most: int | None, told: str) -> None:
    assert Function(str.upper, least, most).counted == told
