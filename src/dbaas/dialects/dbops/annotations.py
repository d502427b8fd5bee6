"""The group's annotations, and what ours they become."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dbaas.api.instance import (
    ANNOTATION_ADOPT_DATABASES,
    ANNOTATION_ADOPT_ROLES,
    ANNOTATION_ADOPT_USERS,
)
from dbaas.api.resource import (
    ANNOTATION_ALLOW_DESTRUCTIVE,
    ANNOTATION_CONFIRM_DELETE,
    ANNOTATION_FORCE_DELETE,
    Resource,
)
from dbaas.api.resource import GROUP as OURS
from dbaas.contracts.admission import Violation
from dbaas.dialects.dbops.models.blocks import GROUP

DELETION_POLICY = f"{GROUP}/deletion-policy"
DELETION_PROTECTION = f"{GROUP}/deletion-protection"
ALLOWED_NAMESPACES = f"{OURS}/allowed-namespaces"
"""The group has no word for who may refer to an object from another namespace: a list with commas, `*` for all."""
POLICIES = ("Delete", "Retain")
_PAUSED = (f"{GROUP}/skip-reconcile", f"{GROUP}/pause-reconcile")
_BECOME: Mapping[str, str] = {
    f"{GROUP}/force-delete": ANNOTATION_FORCE_DELETE,
    f"{GROUP}/confirm-force-delete": ANNOTATION_CONFIRM_DELETE,
    f"{GROUP}/allow-destructive-drift": ANNOTATION_ALLOW_DESTRUCTIVE,
    f"{GROUP}/adopt-databases": ANNOTATION_ADOPT_DATABASES,
    f"{GROUP}/adopt-users": ANNOTATION_ADOPT_USERS,
    f"{GROUP}/adopt-roles": ANNOTATION_ADOPT_ROLES,
}


def is_paused(foreign: Resource) -> bool:
    return any(foreign.metadata.annotations.get(name, "").lower() == "true" for name in _PAUSED)


def translate_annotations(foreign: Resource) -> dict[str, str]:
    """Those that have a meaning for ours; the rest stays where it is."""
    given = foreign.metadata.annotations
    return {ours: given[theirs] for theirs, ours in _BECOME.items() if theirs in given}


def in_their_words(text: str) -> str:
    """With the group's names of annotations in place of ours."""
    for theirs, ours in _BECOME.items():
        text = text.replace(ours, theirs)
    return text.replace("spec.allowedNamespaces", f"annotation {ALLOWED_NAMESPACES}")


def read_consent(foreign: Resource, *, unless_said: str = "") -> list[str]:
    """The namespaces that may refer to it."""
    said = foreign.metadata.annotations.get(ALLOWED_NAMESPACES, unless_said)
    return list(dict.fromkeys(name.strip() for name in said.split(",") if name.strip()))


def read_farewell(foreign: Resource) -> dict[str, Any]:
    """What becomes of a user or a role in the end: their specs have no fields for that."""
    annotations = foreign.metadata.annotations
    return {
        "deletionPolicy": "Retain" if annotations.get(DELETION_POLICY) == "Retain" else "Delete",
        "deletionProtection": annotations.get(DELETION_PROTECTION, "").lower() == "true",
    }


def refuse_farewell(foreign: Resource) -> Iterator[Violation]:
    """Words that mean nothing."""
    annotations = foreign.metadata.annotations
    for name, choice in ((DELETION_POLICY, POLICIES), (DELETION_PROTECTION, ("true", "false"))):
        said = annotations.get(name, choice[0])
        if said not in choice and not (name == DELETION_PROTECTION and said.lower() in choice):
            text = f"{said!r} is not possible: choose from {', '.join(choice)}"
            yield Violation(f"metadata.annotations[{name}]", text, "FieldValueNotSupported")
