"""Which changes are worth a reconcile, and of whom. A deletion always is."""

from __future__ import annotations

from typing import Any

from dbaas.api.resource import ANNOTATION_MADE_AT, GROUP, Key, Kind, Resource
from dbaas.runtime.cache import Change
from dbaas.runtime.caches import METADATA_ONLY
from dbaas.runtime.queue import Priority


def priority_of(change: Change, usual: Priority) -> Priority:
    return Priority.BACKGROUND if change.initial else usual


def primary_matters(change: Change) -> bool:
    """Not where only the status changed, a finalizer was added or somebody else's annotation: mostly our own writes."""
    old, new = change.old, change.new
    if old is None or new is None:
        return True
    before, after = old.metadata, new.metadata
    if after.generation == 0:  # a kind without generations: any change may be one of the spec
        return True
    return (
        before.generation != after.generation
        or before.deletionTimestamp != after.deletionTimestamp
        or before.labels != after.labels
        or (before.annotations != after.annotations and _our_annotations(old) != _our_annotations(new))
        or not set(before.finalizers) <= set(after.finalizers)
    )


def content_matters(change: Change) -> bool:
    """For children and watched objects: anything but the version changed.

    Where only the metadata is known the version is all that tells of a change of the rest.
    """
    if change.old is None or change.new is None or change.new.kind in METADATA_ONLY:
        return True
    return _content(change.old) != _content(change.new)


def find_owner(child: Resource, kind: Kind) -> tuple[Key, str] | None:
    """Key and uid of the controlling owner if it is of that kind; versions of a group are one kind."""
    owner = child.metadata.owner
    if owner is None or owner.kind != kind.kind:
        return None
    group, slash, _ = owner.apiVersion.partition("/")
    if (group if slash else "") != kind.group:
        return None
    return Key(child.metadata.namespace if kind.namespaced else "", owner.name), owner.uid


def is_finished(resource: Resource) -> bool:
    """Deleted, and held by nobody: only the news of its end is still to come."""
    return resource.metadata.is_deleting and not resource.metadata.finalizers


def _our_annotations(resource: Resource) -> dict[str, str]:
    """Those of our group, and of the kind's own where that is another; not what we have noted ourselves."""
    annotations, own = resource.metadata.annotations, resource.kind.group
    prefixes = {name: name.partition("/")[0] for name in annotations if name != ANNOTATION_MADE_AT}
    return {name: annotations[name] for name, prefix in prefixes.items() if prefix == own or prefix.endswith(GROUP)}


def _content(resource: Resource) -> dict[str, Any]:
    body = resource.body()
    body["metadata"] = {**body["metadata"], "resourceVersion": ""}
    return body
