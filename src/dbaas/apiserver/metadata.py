"""The rules of `metadata` that hold for every kind: what the server sets, what may not change, what is well-formed.

Source: apimachinery `api/validation/objectmeta.go`, apiserver `registry/rest/create.go` and `update.go`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from dbaas.apiserver.schemas import Cause
from dbaas.apiserver.schemas.names import key_problems, label_value_problems, name_problems
from dbaas.apiserver.schemas.wording import format_json
from dbaas.core.randomness import Randomness, name_suffix

if TYPE_CHECKING:  # kinds have rules of their own, which use those for names from here
    from dbaas.apiserver.resources import Resource

ORPHAN = "orphan"
FOREGROUND = "foregroundDeletion"
STANDARD_FINALIZERS = (ORPHAN, FOREGROUND, "kubernetes")
LONGEST_GENERATED = 63 - 5
ANNOTATIONS_LIMIT = 256 * 1024
SYSTEM_FIELDS = ("uid", "creationTimestamp", "selfLink")
DELETION_FIELDS = ("deletionTimestamp", "deletionGracePeriodSeconds")
_BANNED_OWNERS = frozenset({("v1", "Event")})


def assign_identity(metadata: dict[str, Any], randomness: Randomness, time: str) -> None:
    """What a new object gets; what the client said of it is ignored."""
    for field in SYSTEM_FIELDS:
        metadata.pop(field, None)
    base = metadata.get("generateName")
    if base and not metadata.get("name"):
        metadata["name"] = base[:LONGEST_GENERATED] + name_suffix(randomness)
    metadata["uid"] = randomness.uuid()
    metadata["creationTimestamp"] = time


def keep_identity(metadata: dict[str, Any], old: Mapping[str, Any]) -> None:
    """What an update cannot change is taken from the stored object."""
    for field in ("creationTimestamp", "generation", "selfLink"):
        metadata.pop(field, None)
        if field in old:
            metadata[field] = old[field]
    if not metadata.get("uid") and "uid" in old:
        metadata["uid"] = old["uid"]


def keep_deletion(metadata: dict[str, Any], old: Mapping[str, Any]) -> None:
    """The same of what somebody may own; who leaves it out comes to own it no more."""
    if "deletionTimestamp" in old:
        metadata["deletionTimestamp"] = old["deletionTimestamp"]
    if metadata.get("deletionGracePeriodSeconds") is None and "deletionGracePeriodSeconds" in old:
        metadata["deletionGracePeriodSeconds"] = old["deletionGracePeriodSeconds"]


def validate_metadata(metadata: Mapping[str, Any], resource: Resource) -> list[Cause]:
    """What is wrong with the metadata of a new or changed object."""
    causes = _validate_name(metadata, resource)
    if not resource.namespaced and metadata.get("namespace"):
        causes.append(Cause("metadata.namespace", "Forbidden: not allowed on this type", "FieldValueForbidden"))
    for key, value in (metadata.get("labels") or {}).items():
        causes += validate_key("metadata.labels", key)
        causes += validate_label_value("metadata.labels", value)
    causes += _validate_annotations(metadata.get("annotations") or {})
    causes += _validate_owners(metadata.get("ownerReferences") or [])
    if (metadata.get("generation") or 0) < 0:
        why = "must be greater than or equal to 0"
        causes.append(Cause("metadata.generation", f"Invalid value: {metadata['generation']}: {why}"))
    finalizers = metadata.get("finalizers") or []
    for index, finalizer in enumerate(finalizers):
        causes += validate_key("metadata.finalizers", finalizer)
        if resource.habits.qualifies_finalizers and "/" not in finalizer and finalizer not in STANDARD_FINALIZERS:
            why = "name is neither a standard finalizer name nor is it fully qualified"
            causes.append(Cause(f"metadata.finalizers[{index}]", f'Invalid value: "{finalizer}": {why}'))
    if ORPHAN in finalizers and FOREGROUND in finalizers:
        message = f"{_invalid_list(finalizers)}: finalizer {ORPHAN} and {FOREGROUND} cannot be both set"
        causes.append(Cause("metadata.finalizers", message))
    return causes


def validate_metadata_update(metadata: Mapping[str, Any], old: Mapping[str, Any]) -> list[Cause]:
    """What may not change, or not any more."""
    causes: list[Cause] = []
    if "deletionTimestamp" in old:
        extra = sorted(set(metadata.get("finalizers") or ()) - set(old.get("finalizers") or ()))
        if extra:
            listed = ", ".join(f'"{each}"' for each in extra)
            message = (
                "Forbidden: no new finalizers can be added if the object is being deleted, "
                f"found new finalizers []string{{{listed}}}"
            )
            causes.append(Cause("metadata.finalizers", message, "FieldValueForbidden"))
    for field in ("name", "namespace", "uid", "deletionTimestamp", "deletionGracePeriodSeconds"):
        if metadata.get(field) != old.get(field):
            shown = metadata.get(field)
            shown = f'"{shown or ""}"' if not isinstance(shown, int) else shown
            causes.append(Cause(f"metadata.{field}", f"Invalid value: {shown}: field is immutable"))
    return causes


def warn_of_finalizers(metadata: Mapping[str, Any], old: Mapping[str, Any] | None) -> list[str]:
    """New finalizers whose names say nothing about who will remove them."""
    before = (old or {}).get("finalizers") or ()
    return [
        f'metadata.finalizers: "{finalizer}": prefer a domain-qualified finalizer name '
        f"{'including a path (/) ' if '.' in finalizer else ''}"
        "to avoid accidental conflicts with other finalizer writers"
        for finalizer in sorted(set(metadata.get("finalizers") or ()) - set(before))
        if "/" not in finalizer and finalizer not in STANDARD_FINALIZERS
    ]


def _validate_name(metadata: Mapping[str, Any], resource: Resource) -> list[Cause]:
    causes = []
    if base := metadata.get("generateName"):
        causes += validate_name("metadata.generateName", base, resource.habits.name_rule, is_prefix=True)
    name = metadata.get("name")
    if not name:
        return [Cause("metadata.name", "Required value: name or generateName is required", "FieldValueRequired")]
    return causes + validate_name("metadata.name", name, resource.habits.name_rule)


def validate_name(field: str, name: str, rule: str, *, is_prefix: bool = False) -> list[Cause]:
    """`rule` is subdomain, label, label1035 or segment (anything that fits in a URL's path)."""
    shown = f'Invalid value: "{name}": '
    if rule == "segment":
        wrong = (
            [f"may not be '{name}'"] if name in (".", "..") else [f"may not contain '{c}'" for c in "/%" if c in name]
        )
        return [Cause(field, shown + text) for text in wrong]
    return [Cause(field, shown + text) for text in name_problems(rule, name, is_prefix=is_prefix)]


@lru_cache(maxsize=4096)
def validate_key(field: str, key: str) -> tuple[Cause, ...]:
    """A qualified name such as `example.com/part`: label and annotation keys, finalizers. The same few come again."""
    return tuple(_check_key(field, key))


def _check_key(field: str, key: str) -> list[Cause]:
    of_objects = field in ("key", "metadata.labels", "metadata.annotations")
    found = key_problems(key, "valid label key" if of_objects else "qualified name")
    return [Cause(field, f'Invalid value: "{key}": {each}') for each in found]


def validate_label_value(field: str, value: str) -> list[Cause]:
    return [Cause(field, f'Invalid value: "{value}": {each}') for each in label_value_problems(value)]


def _validate_annotations(annotations: Mapping[str, str]) -> list[Cause]:
    causes: list[Cause] = []
    for key in annotations:
        causes += [
            replace(cause, message=cause.message.replace(f'"{key.lower()}"', f'"{key}"', 1))
            for cause in validate_key("metadata.annotations", key.lower())
        ]
    if sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items()) > ANNOTATIONS_LIMIT:
        message = f"Too long: may not be more than {ANNOTATIONS_LIMIT} bytes"
        causes.append(Cause("metadata.annotations", message, "FieldValueTooLong"))
    return causes


def _validate_owners(references: list[Any]) -> list[Cause]:
    causes: list[Cause] = []
    controllers: list[str] = []
    for reference in references:
        for field, text in (
            ("apiVersion", "version must not be empty"),
            ("kind", "must not be empty"),
            ("name", "must not be empty"),
            ("uid", "must not be empty"),
        ):
            if not reference.get(field):
                causes.append(Cause(f"metadata.ownerReferences.{field}", f'Invalid value: "": {text}'))
        if (reference.get("apiVersion"), reference.get("kind")) in _BANNED_OWNERS:
            why = f"/{reference['apiVersion']}, Kind={reference['kind']} is disallowed from being an owner"
            causes.append(Cause("metadata.ownerReferences", f"Invalid value: {_as_in_go(reference)}: {why}"))
        if reference.get("controller"):
            controllers.append(f"{reference.get('kind') or ''}/{reference.get('name') or ''}")
    if len(controllers) > 1:
        why = (
            "Only one reference can have Controller set to true. "
            f'Found "true" in references for {controllers[0]} and {controllers[1]}'
        )
        shown = ",".join(_as_in_go(each) for each in references)
        causes.append(Cause("metadata.ownerReferences", f"Invalid value: [{shown}]: {why}"))
    return causes


def _as_in_go(reference: Mapping[str, Any]) -> str:
    """JSON with the fields in the order of the structure that holds them."""
    shown = {name: reference.get(name) or "" for name in ("apiVersion", "kind", "name", "uid")}
    shown |= {name: reference[name] for name in ("controller", "blockOwnerDeletion") if name in reference}
    return "{" + ",".join(f'"{name}":{format_json(value)}' for name, value in shown.items()) + "}"


def _invalid_list(values: list[str]) -> str:
    return "Invalid value: [" + ", ".join(f'"{value}"' for value in values) + "]"
