"""Content types and YAML."""

from __future__ import annotations

import pytest

from dbaas.apiserver.failures import Failure
from dbaas.apiserver.negotiation import JSON, YAML, Wanted, encode, parse_accept, parse_yaml, recode, require_media_type

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", Wanted()),
        ("*/*", Wanted()),
        ("application/yaml", Wanted(YAML)),
        ("text/html, application/json", Wanted()),
        ("application/json;q=0.1, application/yaml", Wanted(YAML)),
        (f"{TABLE},application/json", Wanted(JSON, "Table", "v1")),
        ("application/json;as=Table;v=v9;g=meta.k8s.io,application/json", Wanted()),
        ("application/vnd.kubernetes.protobuf,application/json", Wanted()),
    ],
)
def test_the_first_acceptable_choice_is_taken(header: str, expected: Wanted) -> None:
    assert parse_accept(header, ("Table",)) == expected


@pytest.mark.parametrize("header", ["text/html", TABLE, "application/json;as=Unknown;v=v1;g=meta.k8s.io"])
def test_what_is_not_offered_is_not_acceptable(header: str) -> None:
    with pytest.raises(Failure) as refused:
        parse_accept(header)
    assert refused.value.code == 406


def test_parameters_of_a_content_type_do_not_matter() -> None:
    assert require_media_type({"content-type": "Application/JSON; charset=utf-8"}, (JSON,)) == JSON
    assert require_media_type({}, (JSON,)) == JSON


def test_times_in_yaml_stay_text() -> None:
    assert parse_yaml(b"a: 2026-01-01\nb: 2026-01-01T00:00:00Z\nc: 1") == {
        "a": "2026-01-01",
        "b": "2026-01-01T00:00:00Z",
        "c": 1,
    }


def test_yaml_that_is_sent_can_be_read_again_and_has_no_anchors() -> None:
    shared = {"a": "yes"}
    text = encode({"one": shared, "two": shared, "time": "2026-01-01"}, YAML)
    assert b"&" not in text
    assert parse_yaml(text) == {"one": shared, "two": shared, "time": "2026-01-01"}
    assert recode(b'{"a":"b"}', YAML) == b"a: b\n"
