"""Deletion of one object or of a collection: preconditions, finalizers, who cleans up the dependents.

Source: apiserver `registry/generic/registry/store.go` and `registry/rest/delete.go`. No kind here ends gracefully: the
grace period is always zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dbaas.apiserver.failures import conflict, forbidden, invalid, not_found
from dbaas.apiserver.metadata import FOREGROUND, ORPHAN
from dbaas.apiserver.objects import Objects, decode_entry
from dbaas.apiserver.options import DeleteOptions
from dbaas.apiserver.resources import Resource
from dbaas.apiserver.routing import Target
from dbaas.apiserver.store import Entry
from dbaas.apiserver.writing import ATTEMPTS, is_finished
from dbaas.contracts.admission import Admission, Review
from dbaas.core.clock import Clock, format_time

KEPT_NAMESPACES = ("default", "kube-system", "kube-public")


class Deleter:
    """`delete` answers with the object's last state and whether it is gone."""

    def __init__(self, objects: Objects, clock: Clock, admission: Admission | None) -> None:
        self._objects = objects
        self._clock = clock
        self._admission = admission

    async def delete(self, target: Target, options: DeleteOptions) -> tuple[dict[str, Any], bool, tuple[str, ...]]:
        """With the warnings of admission. Raises Failure."""
        resource = target.resource
        if resource.collection == "namespaces" and target.name in KEPT_NAMESPACES:
            raise forbidden(resource, target.name, "this namespace may not be deleted")
        for _ in range(ATTEMPTS):
            entry = self._objects.latest(resource, target.namespace, target.name)
            if entry is None:
                raise not_found(resource, target.name)
            _check_preconditions(resource, entry, options)
            old = decode_entry(entry, resource)
            warnings = await self._review(target, old, options)
            if not self._objects.is_latest(resource, entry, target.namespace, target.name):
                continue
            obj, gone = await self._delete_once(resource, entry, old, options)
            return obj, gone, warnings
        raise conflict(resource, target.name)

    async def _delete_once(
        self, resource: Resource, entry: Entry, old: dict[str, Any], options: DeleteOptions
    ) -> tuple[dict[str, Any], bool]:
        obj = decode_entry(entry, resource)
        metadata = obj["metadata"]
        finalizers = _finalizers(resource, metadata, options)
        if finalizers:
            metadata["finalizers"] = finalizers
        else:
            metadata.pop("finalizers", None)
        if "deletionTimestamp" not in metadata:
            resource.strategy.begin_deletion(obj, format_time(self._clock.now()))
            if (
                not metadata.get("finalizers")
                and not resource.strategy.is_held(obj)
                and not resource.habits.ends_gracefully
            ):
                await self._objects.remove(resource, entry, obj, dry_run=options.dry_run)
                return obj, True
            if metadata.get("generation"):
                metadata["generation"] += 1
            metadata["deletionTimestamp"] = format_time(self._clock.now())
        metadata["deletionGracePeriodSeconds"] = 0
        if is_finished(resource, obj):
            await self._objects.remove(resource, entry, obj, dry_run=options.dry_run)
            return obj, True
        if obj != old:
            await self._objects.put(resource, entry, obj, dry_run=options.dry_run)
        return obj, False

    async def _review(self, target: Target, old: Mapping[str, Any], options: DeleteOptions) -> tuple[str, ...]:
        if self._admission is None:
            return ()
        resource = target.resource
        review = Review("DELETE", resource.group, resource.version, resource.kind, None, old, dry_run=options.dry_run)
        verdict = await self._admission.review(review)
        if verdict.violations:
            raise invalid(resource.kind, resource.group, target.name, verdict.violations)
        return tuple(verdict.warnings)


def _check_preconditions(resource: Resource, entry: Entry, options: DeleteOptions) -> None:
    named = replace(resource, plural=resource.kind)  # Kubernetes says the kind here
    if options.uid and options.uid != entry.uid:
        raise conflict(
            named,
            entry.name,
            f"the UID in the precondition ({options.uid}) does not match the UID in record ({entry.uid}). "
            "The object might have been deleted and then recreated",
        )
    if options.version and options.version != str(entry.version):
        raise conflict(
            named,
            entry.name,
            f"the ResourceVersion in the precondition ({options.version}) does not match the ResourceVersion in "
            f"record ({entry.version}). The object might have been modified",
        )


def _finalizers(resource: Resource, metadata: Mapping[str, Any], options: DeleteOptions) -> list[str]:
    """With the one that tells the garbage collector what to do with the dependents, if any."""
    current = list(metadata.get("finalizers") or ())
    if not resource.habits.collects_garbage:
        return current
    kept = [each for each in current if each not in (ORPHAN, FOREGROUND)]
    propagation = options.propagation
    if not propagation:
        if ORPHAN in current:
            propagation = "Orphan"
        elif FOREGROUND in current:
            propagation = "Foreground"
        elif resource.habits.orphans_dependents:
            propagation = "Orphan"
    if propagation == "Orphan":
        kept.append(ORPHAN)
    elif propagation == "Foreground":
        kept.append(FOREGROUND)
    return kept
