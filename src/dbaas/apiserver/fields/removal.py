"""Removal of what a manager applied before and does not apply now, unless somebody else owns it."""

from __future__ import annotations

from typing import Any

from dbaas.apiserver.fields import elements
from dbaas.apiserver.fields.managers import Managed
from dbaas.apiserver.fields.places import DEDUCED, Type
from dbaas.apiserver.fields.sets import FieldSet
from dbaas.apiserver.fields.walks import fields_of, remove


def prune(merged: Any, root: Type, owners: Managed, last: FieldSet) -> Any:
    """`owners` are the managers with what they own now, the applying one included; `last` is what it owned before."""
    pruned = remove(merged, with_named_parents(last, root), root)
    pruned = _keep_owned(merged, pruned, root, owners)
    return _keep_dangling(merged, pruned, root, last)


def _keep_owned(merged: Any, pruned: Any, root: Type, owners: Managed) -> Any:
    """Brings back what was removed although somebody owns it."""
    owned = FieldSet()
    for entry in owners.values():
        owned = owned.union(entry.fields)
    kept = with_named_parents(fields_of(pruned, root), root).union(with_named_parents(owned, root))
    return remove(merged, with_named_parents(fields_of(merged, root), root).difference(kept), root)


def _keep_dangling(merged: Any, pruned: Any, root: Type, last: FieldSet) -> Any:
    """Brings back what was removed although the manager never owned it."""
    before = with_named_parents(fields_of(merged, root), root)
    after = with_named_parents(fields_of(pruned, root), root)
    return remove(merged, before.difference(after).intersection(with_named_parents(last, root)), root)


def with_named_parents(fields: FieldSet, place: Type) -> FieldSet:
    """With the parents that a schema declares by name: they go when all that is in them goes."""
    members = set(fields.members)
    children = {}
    for step, below in fields.children.items():
        kind, content = elements.parse(step)
        if kind == "f" and place.names(content):
            members.add(step)
        child = place.field(content) if kind == "f" else place.items()
        children[step] = with_named_parents(below, child or DEDUCED)
    return FieldSet(members, children)
