"""The options of a write, from the query and, for a deletion, from the body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

import msgspec
import orjson

from dbaas.apiserver.decoding import Strictness, describe_syntax_error
from dbaas.apiserver.failures import bad_request, invalid
from dbaas.apiserver.negotiation import BUILT_IN_MEDIA_TYPES, JSON, PROTOBUF, YAML, parse_yaml, require_media_type
from dbaas.apiserver.protobuf import ProtobufError, decode_object
from dbaas.apiserver.schemas import Cause
from dbaas.apiserver.schemas.wording import json_type
from dbaas.contracts.transport import Request

Propagation = Literal["", "Background", "Foreground", "Orphan"]
LONGEST_MANAGER = 128
LARGEST_COUNT = 2**63 - 1
_DECODERS = {JSON: orjson.loads, YAML: parse_yaml, PROTOBUF: decode_object}


class WriteOptions(msgspec.Struct, frozen=True):
    """Of create, update, patch and apply. `manager` is who owns the fields that are written."""

    manager: str = "unknown"
    dry_run: bool = False
    strictness: Strictness = "Warn"
    force: bool = False


@dataclass(frozen=True)
class DeleteOptions:
    """`uid` and `version` are preconditions where they are not empty. `asks_to_cascade`: in the old way, by not
    orphaning, which is answered otherwise."""

    uid: str = ""
    version: str = ""
    propagation: Propagation = ""
    dry_run: bool = False
    asks_to_cascade: bool = False


def read_flag(query: Mapping[str, str], name: str) -> bool | None:
    """None where it is absent. Kubernetes takes every word but two for a yes."""
    return None if name not in query else query[name].lower() not in ("false", "0")


def read_count(query: Mapping[str, str], name: str) -> int:
    """0 where it is absent or negative. Raises Failure 400, worded as Go's strconv does."""
    text = query.get(name, "0")
    digits = text[1:] if text.startswith(("+", "-")) else text
    if not (digits.isascii() and digits.isdigit()):
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    if int(digits) > LARGEST_COUNT:
        raise bad_request(f'strconv.ParseInt: parsing "{text}": value out of range')
    return max(0, int(text))


def read_write_options(request: Request, kind: str, *, applies: bool = False) -> WriteOptions:
    """Raises Failure 422. `kind` is CreateOptions, UpdateOptions or PatchOptions."""
    query, causes = request.query, []
    manager = query.get("fieldManager", "")
    if applies and not manager:
        causes.append(Cause("fieldManager", "Required value: is required for apply patch", "FieldValueRequired"))
    if len(manager) > LONGEST_MANAGER:
        message = f"Too long: may not be more than {LONGEST_MANAGER} bytes"
        causes.append(Cause("fieldManager", message, "FieldValueTooLong"))
    if "force" in query and kind == "PatchOptions" and not applies:
        causes.append(Cause("force", "Forbidden: may not be specified for non-apply patch", "FieldValueForbidden"))
    causes += _check_dry_run(query)
    strictness = query.get("fieldValidation", "") or "Warn"
    if strictness not in ("Strict", "Warn", "Ignore"):
        message = f'Unsupported value: "{strictness}": supported values: "", "Ignore", "Strict", "Warn"'
        causes.append(Cause("fieldValidation", message, "FieldValueNotSupported"))
    if causes:
        raise invalid(kind, "meta.k8s.io", "", causes)
    return WriteOptions(
        manager or _manager_of(request.headers.get("user-agent", "")),
        query.get("dryRun") == "All",
        cast("Strictness", strictness),
        bool(read_flag(query, "force")),
    )


_DELETE_TYPES: Mapping[str, tuple[type, str]] = {
    "preconditions": (dict, "v1.Preconditions"),
    "dryRun": (list, "[]string"),
    "propagationPolicy": (str, "v1.DeletionPropagation"),
    "orphanDependents": (bool, "bool"),
    "gracePeriodSeconds": (int, "int64"),
}


def read_delete_options(request: Request) -> DeleteOptions:
    """The body wins over the query. Raises Failure 400, 415, 422."""
    body = _parse_delete_body(request)
    preconditions = body.get("preconditions") or {}
    dry_run = body["dryRun"] if "dryRun" in body else [request.query["dryRun"]] if "dryRun" in request.query else []
    propagation = body.get("propagationPolicy") or request.query.get("propagationPolicy", "")
    orphan = body.get("orphanDependents", read_flag(request.query, "orphanDependents"))
    read_count(request.query, "gracePeriodSeconds")  # nothing here ends gracefully
    causes = _check_dry_run({"dryRun": dry_run[0]} if dry_run else {})
    if propagation and orphan is not None:
        message = f'Invalid value: "{propagation}": orphanDependents and deletionPropagation cannot be both set'
        causes.append(Cause("propagationPolicy", message))
    if propagation not in ("", "Background", "Foreground", "Orphan"):
        message = f'Unsupported value: "{propagation}": supported values: "Foreground", "Background", "Orphan", "nil"'
        causes.append(Cause("propagationPolicy", message, "FieldValueNotSupported"))
    if causes:
        raise invalid("DeleteOptions", "meta.k8s.io", "", causes)
    if orphan is not None:
        propagation = "Orphan" if orphan else "Background"
    version, uid = preconditions.get("resourceVersion") or "", preconditions.get("uid") or ""
    return DeleteOptions(uid, version, cast("Propagation", propagation), bool(dry_run), orphan is False)


def _parse_delete_body(request: Request) -> dict[str, Any]:
    if not request.body:
        return {}
    media_type = require_media_type(request.headers, BUILT_IN_MEDIA_TYPES)
    try:
        body: object = _DECODERS[media_type](request.body)
    except ProtobufError as error:
        raise bad_request(error.message) from error
    except ValueError as error:
        raise bad_request(
            f"couldn't get version/kind; json parse error: {describe_syntax_error(request.body, error)}"
        ) from error
    if not isinstance(body, dict):
        raise bad_request("couldn't get version/kind; json parse error: the body is not an object")
    if body.get("kind", "DeleteOptions") != "DeleteOptions":
        raise bad_request(f"decoded object cannot be converted to DeleteOptions: it is a {body['kind']}")
    for field, (wanted, go_type) in _DELETE_TYPES.items():
        if body.get(field) is not None and not isinstance(body[field], wanted):
            found = json_type(body[field])
            place = f"DeleteOptions.{field}"
            raise bad_request(f"json: cannot unmarshal {found} into Go struct field {place} of type {go_type}")
    return body


def _check_dry_run(query: Mapping[str, str]) -> list[Cause]:
    value = query.get("dryRun", "All")
    if value in ("All", ""):
        return []
    message = f'Unsupported value: ["{value}"]: supported values: "All"'
    return [Cause("dryRun", message, "FieldValueNotSupported")]


def _manager_of(user_agent: str) -> str:
    return user_agent.partition("/")[0][:LONGEST_MANAGER] or "unknown"
