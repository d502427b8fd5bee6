"""Decoding; that a real client is understood is tested with kubectl."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbaas.apiserver.protobuf import ProtobufError, decode_object
from dbaas.apiserver.protobuf.wire import MAGIC, ROOTS, messages


def varint(value: int) -> bytes:
    out = bytearray()
    value &= (1 << 64) - 1
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*out, value))


def field(number: int, value: int | bytes | str) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def envelope(api_version: str, kind: str, raw: bytes) -> bytes:
    return MAGIC + field(1, field(1, api_version) + field(2, kind)) + field(2, raw)


def test_a_secret_is_read_with_its_bytes_encoded() -> None:
    metadata = (
        field(1, "one") + field(2, "") + field(3, "team") + field(7, 0) + field(11, field(1, "a") + field(2, "b"))
    )
    raw = field(1, metadata) + field(2, field(1, "key") + field(2, b"\x00\xff")) + field(3, "Opaque") + field(5, 0)
    assert decode_object(envelope("v1", "Secret", raw)) == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "one", "namespace": "team", "labels": {"a": "b"}},
        "data": {"key": "AP8="},
        "type": "Opaque",
        "immutable": False,
    }


def test_times_quantities_and_ports_have_their_own_form() -> None:
    moment = field(1, 1767225600) + field(2, 123456000)
    lease = decode_object(envelope("coordination.k8s.io/v1", "Lease", field(2, field(1, "me") + field(4, moment))))
    assert lease["spec"] == {"holderIdentity": "me", "renewTime": "2026-01-01T00:00:00.123456Z"}
    by_name = field(3, 80) + field(4, field(1, 1) + field(3, "http"))
    by_number = field(3, 81) + field(4, field(1, 0) + field(2, 8081))
    service = decode_object(envelope("v1", "Service", field(2, field(1, by_name) + field(1, by_number))))
    assert [port["targetPort"] for port in service["spec"]["ports"]] == ["http", 8081]
    limits = field(1, field(1, "memory") + field(2, field(1, "1Gi")))
    pod = decode_object(envelope("v1", "Pod", field(2, field(2, field(1, "main") + field(8, limits)))))
    assert pod["spec"]["containers"] == [{"name": "main", "resources": {"limits": {"memory": "1Gi"}}}]


def test_embedded_structures_stand_in_their_place() -> None:
    volume = field(1, "data") + field(2, field(2, field(1, "")))
    pod = decode_object(envelope("v1", "Pod", field(2, field(1, volume))))
    assert pod["spec"]["volumes"] == [{"name": "data", "emptyDir": {}}]


def test_a_zero_that_was_said_is_kept_and_negative_numbers_are_read() -> None:
    job = decode_object(envelope("batch/v1", "Job", field(2, field(7, 0) + field(3, -1))))
    assert job["spec"] == {"backoffLimit": 0, "activeDeadlineSeconds": -1}


def test_fields_that_are_not_known_are_left_out() -> None:
    raw = field(99, "x") + field(98, 1) + varint(97 << 3 | 1) + struct.pack("<d", 1.5)
    assert decode_object(envelope("v1", "ConfigMap", raw)) == {"apiVersion": "v1", "kind": "ConfigMap"}


def test_every_message_that_is_named_is_there() -> None:
    known = messages()
    assert set(ROOTS.values()) <= known.keys()
    for fields in known.values():
        for each in fields.values():
            _, named, message = each.type.rpartition("message:")
            assert not named or message in known


@pytest.mark.parametrize("body", [b"", b"{}", envelope("v1", "Gadget", b""), MAGIC + b"\x0a\xff", MAGIC + b"\xff" * 12])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(ProtobufError):
        decode_object(body)


@given(st.binary(max_size=60), st.sampled_from(sorted(ROOTS)))
def test_no_bytes_make_it_fail_in_another_way(raw: bytes, root: tuple[str, str]) -> None:
    for body in (MAGIC + raw, envelope(*root, raw)):
        try:
            decode_object(body)
        except ProtobufError:
            continue
