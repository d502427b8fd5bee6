"""The group's words for what has become of an object: phases, conditions, reasons, events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dbaas.api.resource import Resource
from dbaas.contracts.dialect import Happening
from dbaas.contracts.reconcile import Condition

PENDING, CREATING, READY, FAILED, DELETING = "Pending", "Creating", "Ready", "Failed", "Deleting"
DRIFT = frozenset({"DriftDetected", "ImmutableDrift"})
BLOCKED = frozenset({"DeletionProtected", "DependenciesExist"})
_WAITING = frozenset(
    {
        "InstanceNotReady", "InstanceNotFound", "DatabaseNotFound", "DatabaseNotReady", "UserNotFound", "UserNotReady",
        "RoleNotFound", "RoleNotReady", "SecretNotFound", "SecretInvalid", "DependencyMissing", "ReferenceNotAllowed",
        "OtherServer",
    }
)  # fmt: skip
_KEPT = _WAITING | BLOCKED | {"PendingDeletionConfirmation", "CascadeDeleting", "InitSQLFailed"}


@dataclass(frozen=True)
class Verdict:
    """What the Ready condition of an object of ours says; `reason` is ours."""

    status: str
    reason: str
    message: str

    @property
    def is_good(self) -> bool:
        """In this group a difference that is only reported does not make an object unready."""
        return self.status == "True" or self.reason in DRIFT


def read_condition(child: Resource, name: str) -> Mapping[str, Any]:
    conditions = child.status.get("conditions") or ()
    return next((condition for condition in conditions if condition.get("type") == name), {})


def read_verdict(child: Resource | None) -> Verdict | None:
    """None where nothing has been said yet, or not of the spec as it is now."""
    if child is None:
        return None
    ready = read_condition(child, READY)
    if not ready or child.status.get("observedGeneration") != child.metadata.generation:
        return None
    return Verdict(str(ready.get("status")), str(ready.get("reason", "")), str(ready.get("message", "")))


def choose_phase(foreign: Resource, child: Resource | None, verdict: Verdict | None) -> str:
    """`PendingDeletion` where a deletion waits for consent; one that is blocked has failed."""
    if foreign.metadata.is_deleting:
        if child is not None and (child.status.get("deletionConfirmation") or {}).get("required"):
            return "PendingDeletion"
        return FAILED if verdict is not None and verdict.reason in BLOCKED else DELETING
    if verdict is None:
        return READY if foreign.status.get("phase") == READY else CREATING if child is not None else PENDING
    if verdict.is_good:
        return READY
    return PENDING if verdict.reason in _WAITING else FAILED


def ready_condition(verdict: Verdict | None) -> Condition:
    if verdict is None:
        return Condition(READY, "False", "Reconciling", "it is being made")
    if verdict.is_good:
        return Condition(READY, "True", "ReconcileSuccess", verdict.message if verdict.status == "True" else "")
    reason = verdict.reason if verdict.reason in _KEPT else "ReconcileFailed"
    return Condition(READY, "False", reason, verdict.message)


def synced_condition(verdict: Verdict | None) -> Condition:
    """Whether the server is as the manifest says."""
    if verdict is None:
        return Condition("Synced", "False", "Reconciling", "")
    if verdict.status == "True":
        return Condition("Synced", "True", "ReconcileSuccess", verdict.message)
    return Condition("Synced", "False", verdict.reason, verdict.message)


def common_status(child: Resource | None) -> dict[str, Any]:
    """Fields that every kind has. The time is that of the last change: settled objects are not written again."""
    if child is None:
        return {}
    moments = [c["lastTransitionTime"] for c in child.status.get("conditions") or () if c.get("lastTransitionTime")]
    return {
        "lastReconcileTime": max(moments, default=None),
        "deletionConfirmation": child.status.get("deletionConfirmation"),
        "drift": child.status.get("drift"),
    }


def tell(foreign: Resource, phase: str, verdict: Verdict | None, is_new: bool, noun: str) -> tuple[Happening, ...]:
    """Events of what has just changed: made, failed, differing, held."""
    if verdict is None:
        return ()
    before = foreign.status
    known = {c.get("type"): c.get("reason") for c in before.get("conditions") or ()}
    found: list[Happening] = []
    if phase == READY and is_new:
        found.append(Happening("Normal", "Created", f"{noun} is there"))
    if foreign.metadata.is_deleting and verdict.reason in BLOCKED and known.get("Synced") != verdict.reason:
        found.append(Happening("Warning", "DeletionBlocked", verdict.message))
    elif phase == FAILED and known.get("Synced") != verdict.reason:
        reason = "CreateFailed" if is_new else "ReconcileFailed"
        found.append(Happening("Warning", reason, verdict.message))
    if verdict.reason in DRIFT and known.get("Synced") not in DRIFT:
        found.append(Happening("Warning", "DriftDetected", verdict.message))
    return tuple(found)
