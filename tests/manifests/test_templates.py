"""Templates of Secrets: what they say, what is refused and where."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dbaas.manifests.template_source import InvalidTemplate
from dbaas.manifests.templates import DEEPEST, LONGEST, parse_template

VALUES = {"Username": "shop app", "Password": "p&ss'w\"ord/é", "Host": "db.test", "Port": "5432", "CA": ""}
NAMES = sorted(VALUES)


def render(source: str) -> str:
    return parse_template(source, NAMES).render(VALUES)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("plain } text {", "plain } text {"),
        ("{{ .Username }}@{{.Host}}:{{- .Port -}} !", "shop app@db.test:5432!"),
        ("{{ urlEncode .Username }}", "shop+app"),
        ("{{ .Password | urlPathEncode }}", "p&ss%27w%22ord%2F%C3%A9"),
        ("{{ .Password | urlEncode | quote }}", '"p%26ss%27w%22ord%2F%C3%A9"'),
        ('{{ replace (upper .Username) " " "_" }}', "SHOP_APP"),
        ('{{ trimPrefix .Username "shop " }}', "app"),
        ("{{ .CA | default `none` }}", "none"),
        ('{{ default "none" .CA }}', "none"),
        ('{{ "tab\\t\\"q\\" \\u00e9" }}', 'tab\t"q" é'),
        ("a {{- /* nothing }} here */ -}} b", "ab"),
        ("{{/* nothing */}}x", "x"),
        ('{{ "}}" }}', "}}"),
        ("{{ if .CA }}verify{{ else if .Host }}host{{ else }}none{{ end }}", "host"),
        ("{{ if not .CA }}no CA{{ end }}", "no CA"),
        ('{{ if and .Host (eq .Port "5432" "5433") }}{{ if .CA }}a{{ else }}b{{ end }}{{ end }}', "b"),
        ('{{ if or .CA (ne .Port "5432") }}a{{ end }}', ""),
    ],
)
def test_what_a_template_says(source: str, expected: str) -> None:
    assert render(source) == expected


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{{ .Username", "line 1, column 1: an action that is not closed"),
        ("x\n  {{ .Usrname }}", "line 2, column 6: there is no variable .Usrname: choose from CA, Host"),
        ("{{ shout .Username }}", "line 1, column 4: there is no function shout"),
        ("{{ urlEncode }}", "line 1, column 4: urlEncode takes 1 argument, and 0 are given"),
        ('{{ replace .Host "a" }}', "replace takes 3 arguments, and 2 are given"),
        ("{{ range .Host }}{{ end }}", "range is not supported"),
        ("{{ $x := .Host }}", "line 1, column 4: '$' is not expected here"),
        ("{{ .Host .Port }}", ".Host is not a function"),
        ("{{ upper upper .Host }}", "'upper' is not a value: put a call in parentheses"),
        ("{{ .Host | }}", "line 1, column 10: nothing follows the pipe"),
        ("{{ upper (lower .Host }}", "a parenthesis that is not closed"),
        ("{{ .Host ) }}", "line 1, column 10: ')' is not expected here"),
        ("{{ }}", "an action that says nothing"),
        ("{{ if .CA }}x", "line 1, column 4: an if without its end"),
        ("{{ if }}x{{ end }}", "a condition is missing"),
        ("{{ end }}", "'end' without an if"),
        ("{{ if .CA }}{{ else }}{{ else }}{{ end }}", "a second else"),
        ("{{ if .CA }}{{ else .CA }}{{ end }}", "only if can follow else"),
        ("{{ if .CA }}{{ end .CA }}", "nothing can follow end"),
        ('{{ "\\q" }}', "is not an escape"),
        ("{{ upper " + "(" * (DEEPEST + 1), "action that is not closed"),
        ("{{ upper " + "(" * (DEEPEST + 1) + " }}", "it is nested too deeply"),
        ("x" * (LONGEST + 1), f"at most {LONGEST} characters"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(source: str, message: str) -> None:
    with pytest.raises(InvalidTemplate) as refusal:
        parse_template(source, NAMES)
    assert message in refusal.value.message


def test_a_function_that_cannot_take_a_value_does_not_quote_it() -> None:
    with pytest.raises(InvalidTemplate) as refusal:
        render("{{ .Password | base64Decode }}")
    assert refusal.value.message == "line 1, column 16: base64Decode: it is not base64 of a text"


@given(st.text())
def test_a_text_in_quotes_is_that_text(text: str) -> None:
    escaped = "".join(f"\\U{ord(character):08x}" for character in text if not 0xD800 <= ord(character) < 0xE000)
    assert render(f'{{{{ "{escaped}" }}}}') == "".join(c for c in text if not 0xD800 <= ord(c) < 0xE000)


@given(st.text(), st.text())
def test_values_are_never_read_as_templates(username: str, password: str) -> None:
    template = parse_template("{{ .Username }}{{ .Password }}", ["Username", "Password"])
    assert template.render({"Username": username, "Password": password}) == username + password


PIECES = [
    "{{",
    "}}",
    "-",
    " ",
    "(",
    ")",
    "|",
    '"',
    "`",
    ".Host",
    "upper",
    "if",
    "else",
    "end",
    "/*",
    "*/",
    "\\",
    "x",
    "\n",
]


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
@example("{{-")
@example("{{- -}}")
def test_anything_is_either_a_template_or_refused(source: str) -> None:
    try:
        template = parse_template(source, NAMES)
    except InvalidTemplate as error:
        assert error.message.startswith("line ")
        return
    template.render(VALUES)
