"""The group's annotations, and what ours they become."""

from __future__ import annotations

from collections.abc import Mapping

from dbaas.api.resource import (
    ANNOTATION_ALLOW_DESTRUCTIVE,
    ANNOTATION_CONFIRM_DELETE,
    ANNOTATION_FORCE_DELETE,
    ANNOTATION_RECONCILE_AT,
    Resource,
)
from dbaas.api.resource import GROUP as OURS
from dbaas.dialects.dbops.models.blocks import GROUP

DELETION_POLICY = f"{GROUP}/deletion-policy"
DELETION_PROTECTION = f"{GROUP}/deletion-protection"
_PAUSED = (f"{GROUP}/skip-reconcile", f"{GROUP}/pause-reconcile")
_BECOME: Mapping[str, str] = {
    f"{GROUP}/force-delete": ANNOTATION_FORCE_DELETE,
    f"{GROUP}/confirm-force-delete": ANNOTATION_CONFIRM_DELETE,
    f"{GROUP}/allow-destructive-drift": ANNOTATION_ALLOW_DESTRUCTIVE,
    f"{GROUP}/adopt-databases": f"{OURS}/adopt-databases",
    f"{GROUP}/adopt-users": f"{OURS}/adopt-users",
    f"{GROUP}/adopt-roles": f"{OURS}/adopt-roles",
    ANNOTATION_RECONCILE_AT: ANNOTATION_RECONCILE_AT,
}


def is_paused(foreign: Resource) -> bool:
    return any(foreign.metadata.annotations.get(name, "").lower() == "true" for name in _PAUSED)


def translate_annotations(foreign: Resource) -> dict[str, str]:
    """Those that have a meaning for ours; the rest stays where it is."""
    given = foreign.metadata.annotations
    return {ours: given[theirs] for theirs, ours in _BECOME.items() if theirs in given}
