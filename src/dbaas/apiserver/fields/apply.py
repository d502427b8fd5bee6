"""Apply: merge what a manager declares into the live object and remove what it no longer declares."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from dbaas.apiserver.fields.checks import problems
from dbaas.apiserver.fields.elements import describe
from dbaas.apiserver.fields.last_applied import LAST_APPLIED_MANAGER, allowed_conflicts, renew_last_applied
from dbaas.apiserver.fields.managers import (
    Entry,
    Identity,
    Managed,
    ManagedRefused,
    Manager,
    read_managed,
    write_managed,
)
from dbaas.apiserver.fields.merging import merge
from dbaas.apiserver.fields.ownership import (
    adopt_schema,
    find_conflicts,
    ignored_fields,
    strip,
    take_over,
    with_managed,
    without_managed,
)
from dbaas.apiserver.fields.places import type_of
from dbaas.apiserver.fields.removal import prune
from dbaas.apiserver.fields.sets import FieldSet
from dbaas.apiserver.fields.updates import differs_in_times_only, update_managed
from dbaas.apiserver.fields.walks import compare, fields_of, same
from dbaas.apiserver.schemas import Schema
from dbaas.core.errors import DbaasError

_BEFORE_FIRST_APPLY = "before-first-apply"


@dataclass(frozen=True)
class FieldConflict:
    """One cause of a 409: reason FieldManagerConflict, `message` and `field` as Kubernetes words them."""

    message: str
    field: str


class ApplyConflict(DbaasError):
    """409 Conflict; the error's message is the Status message, `conflicts` its causes."""

    reason = "Conflict"

    def __init__(self, message: str, conflicts: Sequence[FieldConflict]) -> None:
        super().__init__(message)
        self.conflicts = tuple(conflicts)


class ApplyRefused(DbaasError):
    """The applied object cannot be merged. `status` is what kube-apiserver answers with: 400, or 500 without a reason
    where the object does not fit the schema."""

    reason = "BadRequest"

    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message, reason="BadRequest" if status == 400 else "")
        self.status = status


def apply(
    live: Mapping[str, Any] | None,
    applied: Mapping[str, Any],
    schema: Schema,
    manager: Manager,
    *,
    force: bool = False,
    reset: Collection[tuple[str, ...]] = (),
) -> dict[str, Any]:
    """The new object incl. managedFields, before defaults. `reset` are paths this endpoint never writes (`("status",)`
    on a resource that has a status subresource, `("spec",)` on the status endpoint): they are not owned.

    `applied` has passed `check_applied`. Raises ApplyConflict, ApplyRefused. The answer equals `live` where nothing but
    times would change.
    """
    stored = live or {}
    managed = _managed_before(stored, schema, manager, reset)
    writer = _Writer(without_managed(stored), applied, schema, manager, reset)
    try:
        merged, owners = writer.apply(managed, force=force)
    except _Conflicts as found:
        allowed = allowed_conflicts(writer.live, schema, manager)
        remaining = {each: fields.difference(allowed) for each, fields in found.by_owner.items()}
        if any(remaining.values()):
            raise _conflict({each: fields for each, fields in remaining.items() if fields}) from found
        merged, owners = writer.apply(managed, force=True)
    if manager.name == LAST_APPLIED_MANAGER:
        merged = renew_last_applied(merged, applied)
    new = with_managed(schema.prune(merged), write_managed(owners))
    return dict(live) if live is not None and differs_in_times_only(live, new) else new


def check_applied(applied: Mapping[str, Any], schema: Schema) -> None:
    """That it can be merged. Raises ApplyRefused."""
    metadata = applied.get("metadata") or {}
    owners = metadata.get("managedFields") if isinstance(metadata, Mapping) else None
    if isinstance(owners, list) and all(isinstance(each, Mapping) for each in owners):
        raise ApplyRefused("metadata.managedFields must be nil")
    found = list(problems(applied, type_of(schema)))
    if found:
        raise ApplyRefused(f"failed to create typed patch object ({_name(applied)}): {_listed(found)}", status=500)


def _name(obj: Mapping[str, Any]) -> str:
    group_version, metadata = obj.get("apiVersion", ""), obj.get("metadata")
    version = group_version if "/" in group_version else f"/{group_version}"
    return f"{_text(metadata, 'namespace')}/{_text(metadata, 'name')}; {version}, Kind={obj.get('kind', '')}"


def _listed(found: Sequence[str]) -> str:
    return found[0] if len(found) == 1 else "errors:\n" + "\n".join(f"  {each}" for each in found)


def _text(metadata: object, field: str) -> str:
    value = metadata.get(field) if isinstance(metadata, Mapping) else None
    return value if isinstance(value, str) else ""


def _managed_before(
    live: Mapping[str, Any], schema: Schema, manager: Manager, reset: Collection[tuple[str, ...]]
) -> Managed:
    """The live entries. Where nobody is recorded yet, all that is there belongs to one that only stands for it."""
    try:
        managed = read_managed(live.get("metadata", {}).get("managedFields") or [])
    except ManagedRefused as error:
        raise ApplyRefused(f"failed to decode managed fields: {error}", status=500) from error
    if managed or not live:
        return managed
    if found := list(problems(without_managed(live), type_of(schema), allows_twice=True)):
        why = "failed to create manager for existing fields: failed to convert new object"
        raise ApplyRefused(f"{why} ({_name(live)}) to smd typed: {_listed(found)}", status=500)
    first = replace(manager, name=_BEFORE_FIRST_APPLY, operation="Update")
    return update_managed({}, live, {}, schema, first, reset)


class _Conflicts(Exception):
    def __init__(self, by_owner: dict[Identity, FieldSet]) -> None:
        super().__init__()
        self.by_owner = by_owner


@dataclass(frozen=True)
class _Writer:
    live: Mapping[str, Any]
    applied: Mapping[str, Any]
    schema: Schema
    manager: Manager
    reset: Collection[tuple[str, ...]]

    def apply(self, managed: Managed, *, force: bool) -> tuple[dict[str, Any], Managed]:
        """Raises _Conflicts unless `force`."""
        root, ignored = type_of(self.schema), ignored_fields(self.reset)
        identity = self.manager.identity
        owners = adopt_schema(managed, root)
        last = owners.get(identity)
        merged = merge(self.live, self.applied, root)
        owned = fields_of(self.applied, root).without(ignored)
        owners[identity] = Entry(owned, self.manager.api_version, last.time if last else "")
        if last is not None and last.fields.difference(owned):
            merged = prune(merged, root, owners, last.fields)
        comparison = compare(self.live, merged, root).without(ignored)
        conflicts = find_conflicts(owners, identity, comparison)
        if conflicts and not force:
            raise _Conflicts(conflicts)
        owners = take_over(owners, identity, comparison)
        return merged, self._stamp(owners, merged)

    def _stamp(self, owners: Managed, merged: Mapping[str, Any]) -> Managed:
        """Without what nobody owns; the time moves only when the object changes."""
        identity = self.manager.identity
        entry = owners.pop(identity, None)
        fields = strip(entry.fields) if entry else None
        if entry is None or not fields:
            return owners
        time = entry.time if same(self.live, merged) else self.manager.time
        return {**owners, identity: replace(entry, fields=fields, time=time)}


def _conflict(by_owner: Mapping[Identity, FieldSet]) -> ApplyConflict:
    """Worded as kube-apiserver does: one conflict in a line, several as a list by owner."""
    listed = [(owner, describe(path)) for owner in sorted(by_owner, key=str) for path in by_owner[owner].paths()]
    causes = [FieldConflict(f"conflict with {owner}", path) for owner, path in listed]
    if len(listed) == 1:
        owner, path = listed[0]
        return ApplyConflict(f"Apply failed with 1 conflict: conflict with {owner}: {path}", causes)
    lines: list[str] = []
    for owner in sorted(by_owner, key=str):
        lines.append(f"conflicts with {owner}:")
        lines += [f"- {path}" for each, path in listed if each == owner]
    return ApplyConflict(f"Apply failed with {len(listed)} conflicts: " + "\n".join(lines), causes)
