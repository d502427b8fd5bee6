"""Selectors beyond what the conformance suite asks."""

from __future__ import annotations

import pytest

from dbaas.apiserver.failures import Failure
from dbaas.apiserver.selectors import METADATA_FIELDS, parse_fields, parse_labels


@pytest.mark.parametrize(
    ("selector", "labels", "matches"),
    [
        ("", {}, True),
        ("a in (x,)", {"a": ""}, True),
        ("a in (,x)", {"a": ""}, True),
        ("a notin ()", {"a": ""}, False),
        ("a=", {"a": ""}, True),
        ("a>1", {"a": "x"}, False),
        ("a,!b", {"a": "1"}, True),
        (" a  =  b , c ", {"a": "b", "c": ""}, True),
        ("example.com/a=b", {"example.com/a": "b"}, True),
    ],
)
def test_labels_match(selector: str, labels: dict[str, str], matches: bool) -> None:
    assert parse_labels(selector).matches(labels) is matches


def test_a_trailing_comma_is_refused() -> None:
    with pytest.raises(Failure, match="expected: identifier after ','"):
        parse_labels("a,")


def test_values_of_fields_may_be_escaped() -> None:
    selector = parse_fields(r"metadata.name=a\,b\=c", METADATA_FIELDS)
    assert selector.required("metadata.name") == "a,b=c"
    assert selector.matches({"metadata.name": "a,b=c"}.__getitem__)


def test_a_field_that_must_differ_is_not_required() -> None:
    assert parse_fields("metadata.name!=a", METADATA_FIELDS).required("metadata.name") is None


def test_the_fields_there_are_are_named() -> None:
    with pytest.raises(Failure) as refused:
        parse_fields("spec.x=1", METADATA_FIELDS)
    assert refused.value.message == (
        '"spec.x" is not a known field selector: only "metadata.name", "metadata.namespace"'
    )
    with pytest.raises(Failure, match="invalid selector: 'x'; can't understand 'x'"):
        parse_fields("x", METADATA_FIELDS)
