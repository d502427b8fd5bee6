"""Duplicate fields and the words for broken JSON."""

from __future__ import annotations

import orjson
import pytest

from dbaas.apiserver.decoding import (
    check_types,
    describe_syntax_error,
    duplicate_fields,
    has_each_key_once,
    json_type,
)
from dbaas.apiserver.failures import Failure
from dbaas.apiserver.kinds import builtin_resources

CONFIGMAP = next(resource for resource in builtin_resources() if resource.collection == "configmaps")


def test_a_field_given_twice_is_named_once_with_its_path() -> None:
    body = b'{"a":1,"a":2,"a":3,"spec":{"list":[{"x":1},{"x":1,"x":2}]}}'
    assert duplicate_fields(body) == ['duplicate field "a"', 'duplicate field "spec.list[1].x"']


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", "unexpected end of JSON input"),
        (b'{"a":1', "unexpected end of JSON input"),
        (b"{bad", "invalid character 'b' looking for beginning of object key string"),
        (b'{"a":}', "invalid character '}' looking for beginning of value"),
        (b"[bad]", "invalid character 'b' looking for beginning of value"),
    ],
)
def test_broken_json_is_described_as_go_does(body: bytes, expected: str) -> None:
    with pytest.raises(orjson.JSONDecodeError) as broken:
        orjson.loads(body)
    assert describe_syntax_error(body, broken.value) == expected


@pytest.mark.parametrize(
    ("value", "name"), [(True, "bool"), (1, "number"), (1.5, "number"), ("", "string"), ([], "array"), ({}, "object")]
)
def test_types_have_their_go_names(value: object, name: str) -> None:
    assert json_type(value) == name


@pytest.mark.parametrize(
    "metadata",
    [[], {"name": 1}, {"labels": []}, {"annotations": {"a": 1}}, {"finalizers": "x"}, {"ownerReferences": ["x"]}],
)
def test_metadata_of_the_wrong_type_is_a_bad_request(metadata: object) -> None:
    with pytest.raises(Failure) as refused:
        check_types({"metadata": metadata}, CONFIGMAP)
    assert refused.value.code == 400
    assert "json: cannot unmarshal" in refused.value.message


def test_null_is_the_same_as_nothing() -> None:
    obj = {"metadata": {"name": "a", "labels": None, "finalizers": None}}
    check_types(obj, CONFIGMAP)
    assert obj == {"metadata": {"name": "a"}}


@pytest.mark.parametrize(
    ("body", "sure"),
    [
        (b'{"a": 1, "b" : [{"c":"x"}]}', True),
        (b'{"a":1,"a" :2}', False),
        (b'{"a":{"b":1},"a":{"c":1}}', False),
        (b'{"a":"b\\":"}', False),  # looks like a second key; a slower look tells
    ],
)
def test_keys_that_are_all_there_are_told_at_a_glance(body: bytes, sure: bool) -> None:
    assert has_each_key_once(body, orjson.loads(body)) is sure
