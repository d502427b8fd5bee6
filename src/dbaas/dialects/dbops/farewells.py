"""Why a user or a role is still there, where the group has annotations for what ours say in fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dbaas.api.resource import Resource
from dbaas.dialects.dbops.annotations import DELETION_POLICY, DELETION_PROTECTION

_INSTEAD = (
    ("spec.deletionProtection to false", f"annotation {DELETION_PROTECTION} to false"),
    ("spec.deletionPolicy to Retain", f"annotation {DELETION_POLICY} to Retain"),
    (" deletionPolicy to Retain", f" annotation {DELETION_POLICY} to Retain"),
)
RESOLUTION = (
    "give its things away by REASSIGN OWNED, or drop them by DROP OWNED, in each database that is named, "
    f"or set annotation {DELETION_POLICY} to Retain and it stays"
)


def say_by_annotations(child: Resource, message: str) -> str:
    """A message of ours, with what can be done to the foreign object."""
    ours = (child.status.get("ownershipBlock") or {}).get("resolution")
    if ours:
        message = message.replace(ours, RESOLUTION)
    for field, annotation in _INSTEAD:
        message = message.replace(field, annotation)
    return message


def describe_block(block: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What a user owns, with the database before the schema: the group's entries have no field for it."""
    if not block:
        return None
    ours, message = block.get("resolution", ""), block.get("message", "")
    owned = [_place(each) for each in block.get("ownedObjects") or ()]
    told = {"ownedObjects": owned, "resolution": RESOLUTION, "message": message.replace(ours, RESOLUTION)}
    return {**block, **(told if ours else {"ownedObjects": owned})}


def _place(owned: Mapping[str, Any]) -> dict[str, Any]:
    place = ".".join(filter(None, (owned.get("database"), owned.get("schema"))))
    found = {"schema": place, "name": owned.get("name"), "type": owned.get("type")}
    return {name: value for name, value in found.items() if value}
