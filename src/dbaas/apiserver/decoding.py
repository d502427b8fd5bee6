"""From the bytes of a request to an object of a kind, as strict as the client asked for (`fieldValidation`).

Refusals are worded as kube-apiserver's decoders word them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import orjson
import yaml

from dbaas.apiserver.failures import Failure, bad_request, invalid
from dbaas.apiserver.negotiation import PROTOBUF, YAML, parse_yaml
from dbaas.apiserver.protobuf import ProtobufError, decode_object
from dbaas.apiserver.resources import Resource
from dbaas.apiserver.schemas import Cause
from dbaas.apiserver.schemas.wording import json_type
from dbaas.apiserver.timestamps import unreadable_time

Strictness = Literal["Strict", "Warn", "Ignore"]
_OPEN = (dict, list)
_LOOKS_LIKE_KEY = re.compile(rb'"[ \t\r\n]*:')
# Of fields of metadata: what JSON has for them, and what Go calls it; of a list, what its items are called.
_TYPES: Mapping[str, tuple[type[Any], str]] = {
    **dict.fromkeys(("name", "generateName", "namespace", "selfLink", "uid", "resourceVersion"), (str, "string")),
    "generation": (int, "int64"),
    **dict.fromkeys(("creationTimestamp", "deletionTimestamp"), (str, "string")),
    "deletionGracePeriodSeconds": (int, "int64"),
    **dict.fromkeys(("labels", "annotations"), (dict, "map[string]string")),
    "finalizers": (list, "string"),
    "ownerReferences": (list, "v1.OwnerReference"),
    "managedFields": (list, "v1.ManagedFieldsEntry"),
}
_LENIENT = frozenset({"creationTimestamp", "deletionTimestamp", "generation", "deletionGracePeriodSeconds"})
_DROPPED = frozenset(field for field, (kind, _) in _TYPES.items() if kind in (dict, list))  # where they are null


def parse_body(body: bytes, media_type: str, resource: Resource) -> dict[str, Any]:
    """One JSON, YAML or protobuf object. Raises Failure 400."""
    if media_type == PROTOBUF:
        try:
            return decode_object(body)
        except ProtobufError as error:
            raise bad_request(error.message) from error
    try:
        value = parse_yaml(body) if media_type == YAML else orjson.loads(body)
    except (orjson.JSONDecodeError, yaml.YAMLError) as error:
        why = f"couldn't get version/kind; json parse error: {describe_syntax_error(body, error)}"
        raise _unrecognised(resource, why, body) from error
    if not isinstance(value, dict):
        why = (
            f"couldn't get version/kind; json parse error: json: cannot unmarshal {json_type(value)} into Go value of "
            'type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; '
            'Kind string "json:\\"kind,omitempty\\"" }'
        )
        raise _unrecognised(resource, why, body)
    return value


def check_kind(obj: dict[str, Any], resource: Resource, body: bytes = b"") -> None:
    """That the object says what it is and is of this kind; built-in kinds may leave it out. Raises Failure."""
    if not resource.custom:
        for field, wanted in (("apiVersion", resource.api_version), ("kind", resource.kind)):
            if obj.get(field) in (None, ""):
                obj[field] = wanted
    version, kind = obj.get("apiVersion"), obj.get("kind")
    for field, value in (("Kind", kind), ("apiVersion", version)):
        if not isinstance(value, str) or not value:
            text = body.decode(errors="replace")
            raise _unrecognised(resource, f"Object '{field}' is missing in '{text}'", body)
    if version != resource.api_version:
        raise bad_request(
            f"the API version in the data ({version}) does not match the expected API version ({resource.api_version})"
        )
    if kind == resource.kind:
        return
    if not resource.custom:
        raise bad_request(
            f'{kind} in version "{resource.version}" cannot be handled as a {resource.kind}: '
            f"converting (v1.{kind}) to (core.{resource.kind}): unknown conversion"
        )
    metadata = obj.get("metadata")
    name = metadata.get("name", "") if isinstance(metadata, dict) else ""
    raise invalid(str(kind), resource.group, name, [Cause("kind", f'Invalid value: "{kind}": must be {resource.kind}')])


def check_times(obj: Mapping[str, Any], resource: Resource) -> None:
    """Raises Failure 400."""
    if why := unreadable_time(obj, resource.collection):
        raise bad_request(f"{unreadable(resource)}{why}")


def check_types(obj: dict[str, Any], resource: Resource, *, is_patched: bool = False) -> None:
    """Of metadata. Raises Failure 400.

    Who builds on a patch (`is_patched`) reads one field after the other, times as well, and whole numbers however they
    are written; so are those of custom kinds.
    """
    metadata = obj.setdefault("metadata", {})
    if metadata is None:
        metadata = obj["metadata"] = {}
    if not isinstance(metadata, dict):
        raise _mistyped(resource, metadata, "metadata", "v1.ObjectMeta")
    for field, wanted in _TYPES.items():
        value = metadata.get(field)
        if value is not None:
            if isinstance(value, float) and value.is_integer() and (is_patched or resource.custom):
                metadata[field] = int(value)
            _check_type(metadata, field, wanted, resource)
            if is_patched and (why := unreadable_time({"metadata": {field: value}}, "")):
                raise bad_request(f"{unreadable(resource)}{why}")
        elif field in metadata and field in _DROPPED:
            del metadata[field]


def drop_unreadable(metadata: dict[str, Any]) -> None:
    """Of an object of a custom kind that was merged: what cannot be read there is as good as not there."""
    for field in _LENIENT & metadata.keys():
        value = metadata[field]
        if isinstance(value, float) and value.is_integer():
            value = metadata[field] = int(value)
        kind, _ = _TYPES[field]
        if type(value) is not kind or (kind is str and unreadable_time({"metadata": {field: value}}, "")):
            del metadata[field]


def _check_type(metadata: dict[str, Any], field: str, wanted: tuple[type[Any], str], resource: Resource) -> None:
    value: Any = metadata[field]
    kind, go_type = wanted
    if not isinstance(value, kind) or isinstance(value, bool):
        raise _mistyped(resource, value, _meta(resource, field), f"[]{go_type}" if kind is list else go_type)
    if kind is dict:
        if None in value.values():
            value = metadata[field] = {key: "" if item is None else item for key, item in value.items()}
        _check_items(value.values(), _meta(resource, field), "string", resource)
    elif kind is list:
        _check_items(value, _meta(resource, field), go_type, resource)


def _check_items(items: Iterable[object], place: str, go_type: str, resource: Resource) -> None:
    kind = str if go_type == "string" else dict
    for item in items:
        if not isinstance(item, kind):
            raise _mistyped(resource, item, place, go_type)


def check_fields(
    obj: Mapping[str, Any], resource: Resource, strictness: Strictness, duplicates: Sequence[str] = ()
) -> list[str]:
    """Unknown and duplicate fields: refused if Strict, returned as warnings if Warn."""
    if strictness == "Ignore":
        return []
    found = [*duplicates, *resource.schema.unknown_fields(obj)]
    if not found or strictness == "Warn":
        return found
    raise strict_decoding_error(resource, found)


def strict_decoding_error(resource: Resource, found: Sequence[str]) -> Failure:
    return bad_request(
        f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}: '
        f"strict decoding error: {', '.join(found)}"
    )


def has_each_key_once(body: bytes, value: Any) -> bool:
    """Whether `value`, which was read from this JSON, surely has all of its keys; False says nothing.

    What looks like a key is one, or it is part of a text: there are never fewer of these than there are keys. The same
    is true of colons, which are counted faster.
    """
    keys = _count_keys(value)
    return body.count(b":") == keys or len(_LOOKS_LIKE_KEY.findall(body)) == keys


def _count_keys(value: Any) -> int:
    if isinstance(value, dict):
        count = len(value)
        for each in value.values():
            if type(each) in _OPEN:
                count += _count_keys(each)
        return count
    return sum(map(_count_keys, value)) if isinstance(value, list) else 0


def duplicate_fields(body: bytes) -> list[str]:
    """Sentences about keys that one JSON object has twice. Reading them costs a second, slower parse."""
    found: list[str] = []
    _find_duplicates(json.loads(body, object_pairs_hook=_Pairs), "", found)
    return found


class _Pairs:
    """A JSON object that has kept all of its keys."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        self.pairs = pairs


def _find_duplicates(value: object, path: str, found: list[str]) -> None:
    if isinstance(value, list):
        for index, item in enumerate(value):
            _find_duplicates(item, f"{path}[{index}]", found)
    elif isinstance(value, _Pairs):
        seen: set[str] = set()
        for key, item in value.pairs:
            where = f"{path}.{key}" if path else key
            if key in seen:
                sentence = f'duplicate field "{where}"'
                if sentence not in found:
                    found.append(sentence)
            seen.add(key)
            _find_duplicates(item, where, found)


def unreadable(resource: Resource) -> str:
    """How a refusal begins that tells why an object cannot be read."""
    return f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}: '


def _mistyped(resource: Resource, value: object, place: str, go_type: str) -> Failure:
    return bad_request(
        f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}: '
        f"json: cannot unmarshal {json_type(value)} into Go struct field {place} of type {go_type}"
    )


def _meta(resource: Resource, field: str) -> str:
    return f"ObjectMeta.{field}" if resource.custom else f"ObjectMeta.metadata.{field}"


def _unrecognised(resource: Resource, why: str, body: bytes) -> Failure:
    text = body.decode(errors="replace")
    shown = "<empty>" if not text else text if len(text) <= 30 else text[:30] + " ..."
    return bad_request(f"the object provided is unrecognized (must be of type {resource.kind}): {why} ({shown})")


def describe_syntax_error(body: bytes, error: Exception) -> str:
    """As Go's JSON decoder words it, for the mistakes that people make."""
    if not body.strip():
        return "unexpected end of JSON input"
    if isinstance(error, json.JSONDecodeError) and error.pos < len(error.doc):
        character = error.doc[error.pos]
        before = re.sub(r"\s", "", error.doc[: error.pos])[-1:]
        places = {"{": "object key string", ",": "object key string", "[": "value", "": "value", ":": "value"}
        place = places.get(before)
        if place:
            return f"invalid character '{character}' looking for beginning of {place}"
        return f"invalid character '{character}' after top-level value"
    return "unexpected end of JSON input"
