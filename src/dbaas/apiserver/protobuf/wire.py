"""From protobuf bytes to the JSON form of an object.

The envelope is four bytes and a `runtime.Unknown`; the object's own fields are known from `messages.json`, which
`tools/protobuf_messages.py` writes. Sources: https://protobuf.dev/programming-guides/encoding and apimachinery
`pkg/runtime/serializer/protobuf`.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import orjson

from dbaas.core.errors import DbaasError

MAGIC = b"k8s\x00"
ROOTS: Mapping[tuple[str, str], str] = {
    ("v1", "DeleteOptions"): "meta.DeleteOptions",
    ("authentication.k8s.io/v1", "SelfSubjectReview"): "authentication.SelfSubjectReview",
    ("authorization.k8s.io/v1", "SelfSubjectAccessReview"): "authorization.SelfSubjectAccessReview",
    ("authorization.k8s.io/v1", "SelfSubjectRulesReview"): "authorization.SelfSubjectRulesReview",
    ("batch/v1", "Job"): "batch.Job",
    ("coordination.k8s.io/v1", "Lease"): "coordination.Lease",
    ("discovery.k8s.io/v1", "EndpointSlice"): "discovery.EndpointSlice",
    ("events.k8s.io/v1", "Event"): "events.Event",
} | {
    ("v1", kind): f"core.{kind}"
    for kind in ("Namespace", "Secret", "ConfigMap", "Service", "Endpoints", "Pod", "ServiceAccount", "Event")
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ProtobufError(DbaasError):
    """Bytes that are no object of a kind that we know."""

    reason = "BadRequest"


class Field(NamedTuple):
    """`name` is "" where the message's own fields stand in its place. `keeps_zero`: a zero is said, not left out."""

    name: str
    type: str
    keeps_zero: bool


@cache
def messages() -> Mapping[str, Mapping[int, Field]]:
    """The fields of each message by their number."""
    raw = orjson.loads(files(__package__).joinpath("messages.json").read_bytes())
    return {name: {number: Field(*rest) for number, *rest in fields} for name, fields in raw.items()}


def decode_object(body: bytes) -> dict[str, Any]:
    """The object with its apiVersion and kind. Raises ProtobufError."""
    if not body.startswith(MAGIC):
        raise ProtobufError("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]")
    try:
        envelope = dict(_parts(body[len(MAGIC) :]))
        identity = {number: value.decode() for number, value in _parts(envelope.get(1, b""))}
        api_version, kind = identity.get(1, ""), identity.get(2, "")
        message = ROOTS.get((api_version, kind))
        if message is None:
            raise ProtobufError(f'no kind "{kind}" is registered for version "{api_version}" in protobuf')
        return {"apiVersion": api_version, "kind": kind, **_message(message, envelope.get(2, b""))}
    except (IndexError, ValueError, AttributeError, TypeError, struct.error) as error:
        raise ProtobufError(f"the protobuf message is malformed: {error}") from error


def _parts(data: bytes) -> Iterator[tuple[int, Any]]:
    """(field number, value): integers, or bytes."""
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        number, wire_type = tag >> 3, tag & 7
        if wire_type == 0:
            value, position = _varint(data, position)
            yield number, value
        elif wire_type == 2:
            size, position = _varint(data, position)
            if position + size > len(data):
                raise ValueError("it ends in the middle of a field")
            yield number, data[position : position + size]
            position += size
        elif wire_type in (1, 5):
            size = 8 if wire_type == 1 else 4
            yield number, data[position : position + size]
            position += size
        else:
            raise ValueError(f"unknown wire type {wire_type}")


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
        if shift > 63:
            raise ValueError("a number is too long")


def _message(name: str, data: bytes) -> dict[str, Any]:
    fields = messages()[name]
    obj: dict[str, Any] = {}
    for number, raw in _parts(data):
        field = fields.get(number)
        if field is not None:
            _put(obj, field, raw)
    return obj


def _put(obj: dict[str, Any], field: Field, raw: Any) -> None:
    if field.type.startswith("[]"):
        obj.setdefault(field.name, []).append(_value(field.type[2:], raw))
        return
    if field.type.startswith("{}"):
        entry = dict(_parts(raw))
        key = entry.get(1, b"").decode()
        obj.setdefault(field.name, {})[key] = _value(field.type[2:], entry.get(2, b""))
        return
    value = _value(field.type, raw)
    if not field.name:
        obj.update(value)
    elif field.keeps_zero or value:
        obj[field.name] = value


def _value(kind: str, raw: Any) -> Any:
    if kind.startswith("message:"):
        return _message(kind.removeprefix("message:"), raw)
    if kind.startswith("[]"):  # the value of a map
        return [_value(kind[2:], each) for _, each in _parts(raw)]
    return _SCALARS[kind](raw)


def _signed(raw: int) -> int:
    return raw - (1 << 64) if raw >= 1 << 63 else raw


def _time(raw: bytes) -> str | None:
    moment = dict(_parts(raw))
    return f"{_moment(moment):%Y-%m-%dT%H:%M:%SZ}" if moment else None


def _microtime(raw: bytes) -> str | None:
    moment = dict(_parts(raw))
    return f"{_moment(moment):%Y-%m-%dT%H:%M:%S.%fZ}" if moment else None


def _moment(parts: Mapping[int, int]) -> datetime:
    return _EPOCH + timedelta(seconds=_signed(parts.get(1, 0)), microseconds=parts.get(2, 0) // 1000)


def _quantity(raw: bytes) -> str:
    text: bytes = dict(_parts(raw)).get(1, b"0")
    return text.decode()


def _int_or_string(raw: bytes) -> int | str:
    parts = dict(_parts(raw))
    return parts.get(3, b"").decode() if parts.get(1) else _signed(parts.get(2, 0))


def _raw_json(raw: bytes) -> Any:
    return orjson.loads(dict(_parts(raw)).get(1, b"null"))


_SCALARS: Mapping[str, Any] = {
    "string": lambda raw: raw.decode(),
    "bytes": lambda raw: base64.b64encode(raw).decode(),
    "int": _signed,
    "bool": bool,
    "double": lambda raw: struct.unpack("<d", raw)[0],
    "time": _time,
    "microtime": _microtime,
    "quantity": _quantity,
    "int-or-string": _int_or_string,
    "raw": _raw_json,
}
