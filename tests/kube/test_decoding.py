"""Tests of `kube.decoding`."""

from __future__ import annotations

from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbaas.kube.decoding import decode_object
from fixtures.resources import GADGET

ENTRY = {"manager": "dbaas", "operation": "Apply", "fieldsV1": {"f:spec": {"f:a": {}}}}


def _decode(**body: Any) -> Any:
    return decode_object(GADGET, orjson.dumps(body))


def test_managed_fields_are_dropped_and_the_rest_is_kept() -> None:
    resource = _decode(metadata={"name": "a", "managedFields": [ENTRY], "labels": {"x": "y"}}, spec={"a": [1, None]})
    assert resource.body() == {
        "apiVersion": "tests.dbaas.io/v1",
        "kind": "Gadget",
        "metadata": {"name": "a", "labels": {"x": "y"}},
        "spec": {"a": [1, None]},
    }
    assert resource.metadata.labels == {"x": "y"}


def test_what_we_applied_is_remembered_and_what_others_did_is_not() -> None:
    assert orjson.loads(_decode(metadata={"name": "a", "managedFields": [ENTRY]}).applied) == ENTRY["fieldsV1"]
    for other in ({"manager": "kubectl"}, {"operation": "Update"}, {"subresource": "status"}):
        assert _decode(metadata={"name": "a", "managedFields": [ENTRY | other]}).applied == b""


def test_objects_that_are_owned_alike_keep_that_once() -> None:
    one, other = (_decode(metadata={"name": name, "managedFields": [ENTRY]}) for name in "ab")
    assert one.applied is other.applied


def test_items_and_headers_get_the_kind_that_was_asked_for() -> None:
    body = _decode(apiVersion="meta.k8s.io/v1", kind="PartialObjectMetadata", metadata={"name": "a"}).body()
    assert (body["apiVersion"], body["kind"]) == ("tests.dbaas.io/v1", "Gadget")


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b'{"metadata":{}}', b'{"metadata":{"name":3}}'])
def test_what_is_not_an_object_is_an_error(raw: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_object(GADGET, raw)


@given(st.dictionaries(st.text(max_size=3), st.text(max_size=5) | st.integers(0, 9) | st.none(), max_size=4))
def test_what_is_inside_a_spec_passes_unchanged(spec: dict[str, Any]) -> None:
    assert _decode(metadata={"name": "a"}, spec=spec).body()["spec"] == spec
