"""Creation and change of one object: preparation, validation, ownership of fields, admission, then the store.

The steps and their order are those of kube-apiserver (`registry/generic/registry/store.go`): what the server sets, the
kind's own preparation, field ownership, schema and metadata, admission, and the write only if nobody else wrote since.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from dbaas.apiserver.decoding import unreadable
from dbaas.apiserver.failures import (
    Failure,
    already_exists,
    bad_request,
    conflict,
    forbidden,
    invalid,
    not_found,
    plain_error,
    unreadable_version,
)
from dbaas.apiserver.fields import Manager, record_update
from dbaas.apiserver.metadata import (
    DELETION_FIELDS,
    assign_identity,
    keep_deletion,
    keep_identity,
    validate_metadata,
    validate_metadata_update,
    warn_of_finalizers,
)
from dbaas.apiserver.objects import Objects, decode_entry, encode_object
from dbaas.apiserver.options import WriteOptions
from dbaas.apiserver.resources import Resource
from dbaas.apiserver.routing import Target
from dbaas.apiserver.schemas import Cause
from dbaas.apiserver.schemas.equality import equal
from dbaas.apiserver.store import Entry
from dbaas.apiserver.validating import Validation
from dbaas.contracts.admission import Admission, Review
from dbaas.core.clock import Clock, format_time
from dbaas.core.randomness import Randomness

ATTEMPTS = 8
NAMESPACES = "namespaces"
DEFINITIONS = "customresourcedefinitions.apiextensions.k8s.io"

Way = Literal["apply", "patch", "replace"]
Transform = Callable[[dict[str, Any] | None, bool], dict[str, Any]]


class Written(msgspec.Struct, frozen=True):
    """The body of the answer and what to warn of."""

    body: bytes
    created: bool = False
    warnings: tuple[str, ...] = ()


class Writer:
    """Create and update; `transform` of an update makes the wanted object from the stored one, maybe several times. It
    may change that one's metadata and share the rest, and is told whether the schema would leave it as it is."""

    def __init__(
        self,
        objects: Objects,
        validation: Validation,
        clock: Clock,
        randomness: Randomness,
        admission: Admission | None,
    ) -> None:
        self._objects = objects
        self._validation = validation
        self._clock = clock
        self._randomness = randomness
        self._admission = admission

    async def create(self, target: Target, obj: dict[str, Any], options: WriteOptions) -> Written:
        """`obj` is of the kind, its fields are checked. Raises Failure."""
        return await self._create(target, obj, options, operation="Update")

    def is_absent(self, target: Target) -> bool:
        return self._objects.latest(target.resource, target.namespace, target.name) is None

    async def update(
        self,
        target: Target,
        transform: Transform,
        options: WriteOptions,
        *,
        applies: bool = False,
        replaces: bool = False,
    ) -> Written:
        """Replace, patch and apply; raises Failure. An object that is not there is passed as None if it may be made."""
        resource = target.resource
        may_create = not target.subresource and (applies or (replaces and resource.habits.create_on_update))
        way: Way = "apply" if applies else "replace" if replaces else "patch"
        for _ in range(ATTEMPTS):
            entry = self._objects.latest(resource, target.namespace, target.name)
            if entry is None:
                if not may_create:
                    raise not_found(resource, target.name)
                new = transform(None, False)
                if uid := new["metadata"].get("uid"):
                    why = f"uid mismatch: the provided object specified uid {uid}, and no existing object was found"
                    raise conflict(resource, target.name, why)
                return await self._create(target, new, options, operation="Apply" if applies else "Update")
            written = await self._update_once(target, entry, transform, options, way)
            if written is not None:
                return written
        raise conflict(resource, target.name)

    async def _create(
        self, target: Target, obj: dict[str, Any], options: WriteOptions, *, operation: Literal["Apply", "Update"]
    ) -> Written:
        resource, metadata = target.resource, obj["metadata"]
        _place(metadata, target)
        self._require_namespace(target)
        self._require_definition(resource, metadata.get("name", ""))
        version = metadata.pop("resourceVersion", None) or "0"
        if not version.isdigit() and target.name:
            raise unreadable_version(version)
        if version.isdigit() and int(version) and operation == "Update" and not target.name:
            raise plain_error("resourceVersion should not be set on objects to be created")
        time = format_time(self._clock.now())
        assign_identity(metadata, self._randomness, time)
        resource.strategy.complete(obj)
        if not target.name:
            for field in DELETION_FIELDS:
                metadata.pop(field, None)
        if operation == "Update":
            self._own(target, None, obj, options, time)
        if resource.has_status:
            obj = resource.schema.without_status(obj)
        resource.strategy.prepare(obj, None)
        if resource.habits.counts_generations:
            metadata["generation"] = 1
        causes = [*validate_metadata(metadata, resource), *await self._validation.causes(resource, obj, None)]
        if causes:
            raise refuse(resource, metadata.get("name", ""), causes)
        if operation == "Apply" and resource.custom:
            obj = resource.schema.default(obj)  # as `_update_once` does
        warnings = await self._review("CREATE", target, obj, None, options)
        warnings += warn_of_finalizers(metadata, None) if resource.custom else resource.strategy.warn(obj)
        namespace, name = metadata.get("namespace", ""), metadata["name"]
        if self._objects.latest(resource, namespace, name) is not None:
            failure = already_exists(resource, name, generated=bool(metadata.get("generateName")))
            failure.warnings = tuple(warnings)
            raise failure
        self._require_namespace(target)
        body = await self._objects.put(resource, None, obj, dry_run=options.dry_run, is_complete=True)
        return Written(body, True, tuple(warnings))

    async def _update_once(
        self, target: Target, entry: Entry, transform: Transform, options: WriteOptions, way: Way
    ) -> Written | None:
        """None if somebody else wrote meanwhile."""
        resource = target.resource
        old, was_complete = decode_entry(entry, resource), entry.complete_by is resource.schema
        given = {**old, "metadata": {**old["metadata"]}} if resource.custom else decode_entry(entry, resource)
        new = transform(given, was_complete)
        _place(new["metadata"], target)
        if way == "replace":
            _require_uid(new["metadata"], old["metadata"], resource, entry)
        _check_version(new["metadata"], old["metadata"], resource, entry)
        keep_identity(new["metadata"], old["metadata"])
        resource.strategy.complete(new)
        if way != "apply":
            self._own(target, old, new, options, format_time(self._clock.now()))
        keep_deletion(new["metadata"], old["metadata"])
        new = _prepare_update(target, old, new)
        causes = [
            *validate_metadata(new["metadata"], resource),
            *validate_metadata_update(new["metadata"], old["metadata"]),
            *await self._validation.causes(resource, new, old, target.subresource),
        ]
        if causes:
            raise refuse(resource, target.name, causes)
        if way == "apply" and resource.custom:
            new = resource.schema.default(new)  # Kubernetes stores the nulls that are left, and reads without them
        warnings = await self._review("UPDATE", target, new, old, options)
        warnings += (
            warn_of_finalizers(new["metadata"], old["metadata"]) if resource.custom else resource.strategy.warn(new)
        )
        if not self._objects.is_latest(resource, entry, target.namespace, target.name):
            return None
        if is_finished(resource, new):
            body = await self._objects.remove(resource, entry, new, dry_run=options.dry_run)
        elif equal(new, old):
            body = encode_object(old, resource)
        else:
            stays = was_complete and target.subresource != "scale"
            body = await self._objects.put(resource, entry, new, dry_run=options.dry_run, is_complete=stays)
        return Written(body, False, tuple(warnings))

    def _own(
        self, target: Target, old: Mapping[str, Any] | None, new: dict[str, Any], options: WriteOptions, time: str
    ) -> None:
        resource = target.resource
        manager = Manager(options.manager, "Update", resource.api_version, target.subresource, time)
        owners = record_update(old, new, resource.schema, manager, reset_fields(target), resource.habits.blank)
        if owners:
            new["metadata"]["managedFields"] = owners
        else:
            new["metadata"].pop("managedFields", None)

    async def _review(
        self,
        operation: Literal["CREATE", "UPDATE"],
        target: Target,
        new: Mapping[str, Any],
        old: Mapping[str, Any] | None,
        options: WriteOptions,
    ) -> list[str]:
        if self._admission is None:
            return []
        resource, named = target.resource, (target.subresource, options.dry_run)
        verdict = await self._admission.review(
            Review(operation, resource.group, resource.version, resource.kind, new, old, *named)
        )
        if verdict.violations:
            raise invalid(resource.kind, resource.group, new["metadata"]["name"], verdict.violations)
        return list(verdict.warnings)

    def _require_definition(self, resource: Resource, name: str) -> None:
        """That the kind is not going away. Raises Failure 403."""
        definition = self._objects.latest_named(DEFINITIONS, "", resource.collection) if resource.custom else None
        if definition is not None and definition.deleting:
            raise forbidden(resource, name, "create not allowed while custom resource definition is terminating")

    def _require_namespace(self, target: Target) -> None:
        """That it is there and is not going away. Raises Failure 403, 404."""
        if not target.namespace:
            return
        namespace = self._objects.latest_named(NAMESPACES, "", target.namespace)
        if namespace is None:
            raise not_found(_Namespaces(), target.namespace)
        if namespace.deleting:
            causes = [
                {
                    "reason": "NamespaceTerminating",
                    "message": f"namespace {target.namespace} is being terminated",
                    "field": "metadata.namespace",
                }
            ]
            why = f"unable to create new content in namespace {target.namespace} because it is being terminated"
            raise forbidden(target.resource, target.name, why, causes)


class _Namespaces:
    group, plural, kind = "", NAMESPACES, "Namespace"


def refuse(resource: Resource, name: str, causes: Sequence[Cause]) -> Failure:
    """422 with all causes; a wrong type in a built-in kind is a 400, since Kubernetes fails to read such an object."""
    for cause in causes:
        if cause.reason == "FieldValueTypeInvalid" and not resource.custom and "openAPIV3Schema" not in cause.field:
            found, wanted = _types_in(cause.message)
            if wanted == "byte-or-empty":
                return bad_request(f"{unreadable(resource)}illegal base64 data at input byte 0")
            place = re.sub(r"\[[^]]*\]", "", cause.field)
            return bad_request(
                f"{unreadable(resource)}json: cannot unmarshal {found} into Go struct field "
                f"{resource.kind}.{place} of type {'bool' if wanted == 'boolean' else wanted}"
            )
    return invalid(resource.kind, resource.group, name, causes)


def _types_in(message: str) -> tuple[str, str]:
    """What was found and what was wanted, from the words of a type error of the schema."""
    match = re.search(r'must be of type ([^:]+): "(.+)"$', message)
    wanted, found = match.groups() if match else ("value", "value")
    return ("number" if found in ("integer", "number") else "bool" if found == "boolean" else found), wanted


def is_finished(resource: Resource, obj: Mapping[str, Any]) -> bool:
    """Whether an object that is being deleted is held by nothing any more."""
    metadata = obj["metadata"]
    if "deletionTimestamp" not in metadata or metadata.get("finalizers"):
        return False
    return not metadata.get("deletionGracePeriodSeconds") and not resource.strategy.is_held(obj)


def reset_fields(target: Target) -> tuple[tuple[str, ...], ...]:
    """The paths that a write to this endpoint never changes, so that nobody comes to own them by it."""
    if target.subresource == "status":
        return (("spec",), *target.resource.strategy.kept_by_status)
    return (("status",),) if target.resource.has_status else ()


def _place(metadata: dict[str, Any], target: Target) -> None:
    """Name and namespace come from the URL; what the object says must not contradict. Raises Failure 400."""
    if metadata.get("namespace") and metadata["namespace"] != target.namespace:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    if target.namespace:
        metadata["namespace"] = target.namespace
    else:
        metadata.pop("namespace", None)
    if not target.name:
        return
    name = metadata.get("name") or ""
    if name != target.name:
        if not name:
            raise bad_request("name must be provided")
        raise bad_request(f"the name of the object ({name}) does not match the name on the URL ({target.name})")


def _require_uid(metadata: Mapping[str, Any], old: Mapping[str, Any], resource: Resource, entry: Entry) -> None:
    """That a whole object replaces itself and not one of the same name. Raises Failure 409."""
    uid = metadata.get("uid")
    if uid and uid != old["uid"]:
        place = "/".join(part for part in (resource.group, resource.plural, entry.key) if part)
        why = (
            f"StorageError: invalid object, Code: 4, Key: /registry/{place}, ResourceVersion: 0, AdditionalErrorMsg: "
            f"Precondition failed: UID in precondition: {uid}, UID in object meta: {old['uid']}"
        )
        raise conflict(resource, old["name"], why)


def _check_version(metadata: dict[str, Any], old: Mapping[str, Any], resource: Resource, entry: Entry) -> None:
    """Raises Failure 409, 422."""
    version = metadata.get("resourceVersion") or "0"
    if not version.isdigit():
        raise unreadable_version(version)
    if version == "0":
        if not resource.habits.unconditional_update:
            causes = [Cause("metadata.resourceVersion", "Invalid value: 0: must be specified for an update")]
            raise invalid(resource.plural, resource.group, old["name"], causes)
    elif int(version) != entry.version:
        raise conflict(resource, old["name"])
    metadata["resourceVersion"] = str(entry.version)


def _prepare_update(target: Target, old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    resource = target.resource
    if target.subresource == "status":
        new = _with_status_of(resource, old, new)
        resource.strategy.prepare_status(new, old)
    elif target.subresource == "finalize":
        finalizers = (new.get("spec") or {}).get("finalizers")
        spec = {name: value for name, value in (old.get("spec") or {}).items() if name != "finalizers"}
        new = {**old, "spec": {**spec, "finalizers": finalizers} if finalizers else spec}
    else:
        if resource.has_status:
            _keep(new, old, "status")
        resource.strategy.prepare(new, old)
    if resource.habits.counts_generations and target.subresource in ("", "scale") and _has_changed(resource, new, old):
        new["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1
    return new


def _with_status_of(resource: Resource, old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Only the status of `new`, and of a built-in kind its metadata as well."""
    merged = dict(old)
    if resource.custom:
        metadata = dict(old["metadata"])
        _keep(metadata, new["metadata"], "managedFields")
        merged["metadata"] = metadata
    else:
        merged["metadata"] = new["metadata"]
    _keep(merged, new, "status")
    return merged


def _keep(obj: dict[str, Any], other: Mapping[str, Any], field: str) -> None:
    """Takes a field of the other object, or its absence."""
    if field in other:
        obj[field] = other[field]
    else:
        obj.pop(field, None)


def _has_changed(resource: Resource, new: Mapping[str, Any], old: Mapping[str, Any]) -> bool:
    """Whether anything but the metadata has, and the status where it is a part of its own; labels of some kinds."""
    if resource.habits.counts_labels and new["metadata"].get("labels") != old["metadata"].get("labels"):
        return True
    fields = {*new, *old} - {"metadata", "apiVersion", "kind"} - ({"status"} if resource.has_status else set())
    return any(not equal(new.get(field), old.get(field)) for field in fields)
