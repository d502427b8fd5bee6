"""Values as Go writes them."""

from __future__ import annotations

import pytest

from dbaas.apiserver.schemas import wording


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1000000.0, "1e+06"),
        (100000.0, "100000"),
        (123456789.0, "1.23456789e+08"),
        (1e21, "1e+21"),
        (0.0001, "0.0001"),
        (0.00001, "1e-05"),
        (2.5, "2.5"),
        (-1.5e30, "-1.5e+30"),
        (0.0, "0"),
    ],
)
def test_floats_have_the_shortest_form_with_an_exponent_from_a_million(number: float, text: str) -> None:
    assert wording.format_plain(number) == text


def test_integers_and_booleans_are_written_plainly() -> None:
    assert [wording.format_plain(each) for each in (7, 1000000, True, False)] == ["7", "1000000", "true", "false"]


def test_quoted_text_escapes_what_cannot_be_seen() -> None:
    assert wording.quote('a\x00\u00a0\u2028é"\\\n\U0001f600\x7f') == '"a\\x00\\u00a0\\u2028é\\"\\\\\\n\U0001f600\\x7f"'


def test_json_has_sorted_keys_and_no_blanks_and_is_safe_in_html() -> None:
    assert wording.format_json({"b": [1.0, "<é>"], "a": None}) == '{"a":null,"b":[1,"\\u003cé\\u003e"]}'


def test_a_limit_of_one_is_in_the_singular() -> None:
    assert wording.too_long("a", 1).message == "Too long: may not be more than 1 byte"
    assert wording.too_many("a", 2, 1).message == "Too many: 2: must have at most 1 item"


def test_a_duplicate_shows_its_value_and_says_no_more() -> None:
    assert str(wording.duplicate("a[1]", {"k": "x"})) == 'a[1]: Duplicate value: {"k":"x"}'
