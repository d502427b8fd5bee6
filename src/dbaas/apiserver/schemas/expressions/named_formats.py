"""Formats that rules can ask about texts: `format.dns1123Label().validate(text)`.

Source: https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-format-library
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

from dbaas.apiserver.schemas.expressions.things import Maybe, Opaque, Value
from dbaas.apiserver.schemas.expressions.urls import url_mistake
from dbaas.apiserver.schemas.formats import format_check
from dbaas.apiserver.schemas.names import key_problems, label_value_problems, name_problems

_TYPE = "kubernetes.NamedFormat"


class _Format(NamedTuple):
    """`pattern_size` is how long a pattern for it would be, which is what a validation costs by."""

    problems: Callable[[str], list[str]]
    pattern_size: int


def _checked(name: str, words: str) -> Callable[[str], list[str]]:
    check = format_check(name)
    assert check is not None, name
    return lambda text: [] if check(text) else [words]


def _uri_problems(text: str) -> list[str]:
    mistake = url_mistake(text)
    return [mistake] if mistake else []


_TIME_PATTERN, _UUID_PATTERN = 69, 70
FORMATS: Mapping[str, _Format] = {
    "dns1123Label": _Format(partial(name_problems, "label"), 30),
    "dns1123Subdomain": _Format(partial(name_problems, "subdomain"), 60),
    "dns1035Label": _Format(partial(name_problems, "label1035"), 30),
    "qualifiedName": _Format(partial(key_problems, what="valid label key"), 60),
    "dns1123LabelPrefix": _Format(partial(name_problems, "label", is_prefix=True), 30),
    "dns1123SubdomainPrefix": _Format(partial(name_problems, "subdomain", is_prefix=True), 60),
    "dns1035LabelPrefix": _Format(partial(name_problems, "label1035", is_prefix=True), 30),
    "labelValue": _Format(label_value_problems, 40),
    "uri": _Format(_uri_problems, 1103),
    "uuid": _Format(_checked("uuid", "does not match the UUID format"), _UUID_PATTERN),
    "byte": _Format(_checked("byte", "invalid base64"), 84),
    "date": _Format(_checked("date", "invalid date"), _TIME_PATTERN),
    "datetime": _Format(_checked("datetime", "invalid datetime"), _TIME_PATTERN),
}


def named(name: str) -> Maybe:
    return Maybe(Opaque(_TYPE, name), is_present=True) if name in FORMATS else Maybe()


def validate(format_: Opaque, text: str) -> Maybe:
    """What is wrong with the text; nothing if nothing is."""
    problems = FORMATS[format_.content].problems(text)
    return Maybe(problems, is_present=True) if problems else Maybe()


FUNCTIONS: Mapping[str, Callable[..., Value]] = {
    "format.named": named,
    "validate": validate,
    **{f"format.{name}": partial(Opaque, _TYPE, name) for name in FORMATS},
}
