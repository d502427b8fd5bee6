"""The bodies of writes: from what was sent to the object that is wanted."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import yaml
from msgspec.structs import replace

from dbaas.apiserver.decoding import (
    check_fields,
    check_kind,
    check_times,
    check_types,
    describe_syntax_error,
    drop_unreadable,
    duplicate_fields,
    has_each_key_once,
    parse_body,
    unreadable,
)
from dbaas.apiserver.failures import Failure, bad_request, invalid, plain_error
from dbaas.apiserver.fields import ApplyConflict, ApplyRefused, Manager, apply, check_applied
from dbaas.apiserver.negotiation import (
    APPLY_PATCH,
    BUILT_IN_MEDIA_TYPES,
    JSON,
    JSON_PATCH,
    MEDIA_TYPES,
    MERGE_PATCH,
    STRATEGIC_PATCH,
    parse_yaml,
    require_media_type,
)
from dbaas.apiserver.options import WriteOptions
from dbaas.apiserver.patches import PatchRefused, json_patch, merge_patch, strategic_merge_patch
from dbaas.apiserver.resources import Resource
from dbaas.apiserver.routing import Target
from dbaas.apiserver.schemas import Cause
from dbaas.apiserver.schemas.schema import not_shared
from dbaas.apiserver.schemas.wording import json_type
from dbaas.apiserver.writing import refuse, reset_fields
from dbaas.contracts.transport import Request
from dbaas.core.clock import Clock, format_time

_A_TIME = "must be of type date-time"


def read_object(request: Request, resource: Resource, options: WriteOptions) -> tuple[dict[str, Any], list[str]]:
    """The object of a create or replace, complete with defaults, and warnings. Raises Failure."""
    accepted = MEDIA_TYPES if resource.custom else BUILT_IN_MEDIA_TYPES
    media_type = require_media_type(request.headers, accepted)
    obj = parse_body(request.body, media_type, resource)
    check_kind(obj, resource, request.body)
    duplicates = []
    if options.strictness != "Ignore" and media_type == JSON and not has_each_key_once(request.body, obj):
        duplicates = duplicate_fields(request.body)
    return complete(obj, resource, options, duplicates)


def complete(
    obj: dict[str, Any],
    resource: Resource,
    options: WriteOptions,
    duplicates: Sequence[str] = (),
    known: Mapping[str, Any] | None = None,
    *,
    is_patched: bool = False,
) -> tuple[dict[str, Any], list[str]]:
    """Checked for unknown fields, pruned, with defaults. Of `known` that is done already, so what is shared with it
    is not looked at again. What builds on a strategic patch tells of wrong types before it tells of unreadable times.
    """
    if not is_patched:
        check_times(obj, resource)
    check_types(obj, resource, is_patched=is_patched)
    obj = _as_read(obj, resource)
    part = obj if known is None else not_shared(obj, known)
    pruned = resource.schema.prune(part)
    filled = resource.schema.default(pruned)
    if part is not obj:
        kept = {name: value for name, value in obj.items() if name not in part or name in filled}
        filled = {**kept, **{name: value for name, value in filled.items() if name in part or name not in obj}}
    require_types(filled, resource, but_times=is_patched)
    if is_patched:
        check_times(obj, resource)
    if not duplicates and pruned == part:  # where nothing is pruned there is nothing unknown: no need to look for it
        return filled, []
    return filled, check_fields(obj, resource, options.strictness, duplicates)


def _as_read(obj: dict[str, Any], resource: Resource) -> dict[str, Any]:
    """With what Go makes of structures that are not there, and of bytes that are written as numbers."""
    strategy = resource.strategy
    if strategy.fills_spec and obj.get("spec") is None:
        return {**obj, "spec": {}}
    texts = obj.get(strategy.bytes_field)
    if isinstance(texts, dict) and any(map(_is_bytes, texts.values())):
        texts = {name: b64encode(bytes(each)).decode() if _is_bytes(each) else each for name, each in texts.items()}
        return {**obj, strategy.bytes_field: texts}
    return obj


def _is_bytes(value: object) -> bool:
    return isinstance(value, list) and all(type(each) is int and 0 <= each < 256 for each in value)


def require_name(obj: Mapping[str, Any], target: Target) -> None:
    """Before it is told that there is none to replace. Raises Failure 400."""
    if not obj["metadata"].get("name"):
        raise bad_request(
            f"the name of the object ({target.name} based on URL) was undeterminable: name must be provided"
        )


def require_types(obj: Mapping[str, Any], resource: Resource, *, but_times: bool = False) -> None:
    """That an object of a built-in kind can be read. Raises Failure 400."""
    if not resource.custom:
        causes = resource.schema.validate(obj)
        failure = refuse(resource, "", [each for each in causes if not (but_times and _A_TIME in each.message)])
        if failure.code == 400:
            raise failure


class Patch:
    """One patch request: called with the stored object, makes the wanted one. `warnings` are those of the last call."""

    def __init__(self, request: Request, target: Target, options: WriteOptions, clock: Clock) -> None:
        """Raises Failure 400, 415."""
        self._target = target
        self._options = options
        self._clock = clock
        accepted: tuple[str, ...] = (JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH, APPLY_PATCH)
        if target.resource.custom:
            accepted = (JSON_PATCH, MERGE_PATCH, APPLY_PATCH)
        self.media_type = require_media_type(request.headers, accepted, default="")
        self._body = request.body
        self._patch = self._parse()
        self.warnings: list[str] = []

    @property
    def applies(self) -> bool:
        return self.media_type == APPLY_PATCH

    def __call__(self, old: dict[str, Any] | None, is_complete: bool) -> dict[str, Any]:
        """Shares with `old` what stays, and changes only its metadata. Raises Failure."""
        try:
            return self._apply(old) if self.applies else self._merge(old or {}, is_complete)
        except PatchRefused as error:
            raise self._refusal(error) from error
        except ApplyConflict as error:
            causes = [
                {"reason": "FieldManagerConflict", "message": conflict.message, "field": conflict.field}
                for conflict in error.conflicts
            ]
            raise Failure(409, "Conflict", error.message, {"causes": causes}) from error
        except ApplyRefused as error:
            raise (bad_request if error.status == 400 else plain_error)(error.message) from error

    def reword(self, failure: Failure) -> Failure:
        """An object that cannot be read, as kube-apiserver tells it of what comes out of a patch."""
        resource = self._target.resource
        beginning = unreadable(resource)
        if failure.code != 400 or not failure.message.startswith(beginning):
            return failure
        why = failure.message.removeprefix(beginning)
        if not self.applies:
            return invalid("", "", "", [Cause("patch", f'Invalid value: "": {why}')])
        gvk = f"{resource.api_version}, Kind={resource.kind}"
        if not resource.group:
            gvk = f"/{gvk}"
        return plain_error(
            f"failed to convert new object ({self._target.namespace}/{self._target.name}; {gvk}) to proper version: "
            f"unable to convert unstructured object to {gvk}: {why}"
        )

    def _parse(self) -> Any:
        try:
            patch = _parse_applied(self._body) if self.applies else orjson.loads(self._body)
        except (orjson.JSONDecodeError, yaml.YAMLError) as error:
            raise bad_request(f"error decoding patch: {describe_syntax_error(self._body, error)}") from error
        if self.media_type != JSON_PATCH and not isinstance(patch, dict):
            found = json_type(patch)
            raise bad_request(
                f"error decoding patch: json: cannot unmarshal {found} into Go value of type map[string]interface {{}}"
            )
        return patch

    def _merge(self, old: dict[str, Any], is_complete: bool) -> dict[str, Any]:
        resource, is_strategic = self._target.resource, self.media_type == STRATEGIC_PATCH
        if self.media_type == JSON_PATCH:
            new = json_patch(old, self._patch)
        elif self.media_type == MERGE_PATCH:
            new = merge_patch(old, self._patch)
        else:
            new = strategic_merge_patch(old, self._patch, resource.schema)
        check_kind(new, resource)
        lenient = replace(self._options, strictness="Warn") if self._options.strictness == "Strict" else self._options
        new, self.warnings = complete(
            new, resource, lenient, known=old if is_complete else None, is_patched=is_strategic
        )
        if self.warnings and self._options.strictness == "Strict":
            # Kubernetes shows the whole object here; it may hold secrets, so we do not.
            self.warnings, found = [], self.warnings
            message = f'Invalid value: "": strict decoding error: {", ".join(found)}'
            raise invalid("", "", "", [Cause("patch", message)])
        return new

    def _apply(self, old: dict[str, Any] | None) -> dict[str, Any]:
        resource = self._target.resource
        applied = self._applied()
        time = format_time(self._clock.now())
        manager = Manager(self._options.manager, "Apply", resource.api_version, self._target.subresource, time)
        new = apply(old, applied, resource.schema, manager, force=self._options.force, reset=reset_fields(self._target))
        if resource.custom:
            drop_unreadable(new["metadata"])
        else:  # after the conflicts
            check_types({"metadata": dict(applied["metadata"])}, resource, is_patched=True)
            check_times(applied, resource)
        check_types(new, resource, is_patched=True)
        new = resource.schema.default(_as_read(new, resource), keep_nulls=True)
        require_types(new, resource)
        if old is None and not applied["metadata"].get("uid"):
            require_name(applied, self._target)
        return new

    def _applied(self) -> Mapping[str, Any]:
        resource = self._target.resource
        applied: dict[str, Any] = orjson.loads(orjson.dumps(self._patch))
        if not applied.get("apiVersion") or not applied.get("kind"):
            raise bad_request(f"invalid object type: {applied.get('apiVersion', '/')}, Kind={applied.get('kind', '')}")
        check_kind(applied, resource, self._body)
        check_applied(applied, resource.schema)
        return {**applied, "metadata": applied.get("metadata") or {}}

    def _refusal(self, error: PatchRefused) -> Failure:
        if error.status == 422:
            return Failure(422, "Invalid", "the server rejected our request due to an error in our request", {})
        return bad_request(error.message) if error.status == 400 else plain_error(error.message)


def _parse_applied(body: bytes) -> object:
    """YAML, of which JSON is a part that is read many times faster. Raises yaml.YAMLError."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return parse_yaml(body)
