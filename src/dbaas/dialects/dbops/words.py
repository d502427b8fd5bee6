"""The group's words for what has become of an object: phases, conditions, reasons, events."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dbaas.api.conditions import read_condition
from dbaas.api.resource import Resource
from dbaas.contracts.dialect import Happening, Reflection
from dbaas.contracts.reconcile import Condition
from dbaas.dialects.dbops.annotations import in_their_words

PENDING, CREATING, READY, FAILED, DELETING = "Pending", "Creating", "Ready", "Failed", "Deleting"
PENDING_DELETION = "PendingDeletion"
CONFIRMATION = "deletionConfirmation"
_CASCADE_IS_OVER = "all that depended on it is gone"
DRIFT = frozenset({"DriftDetected", "ImmutableDrift"})
BLOCKED = frozenset({"DeletionProtected", "DependenciesExist", "OwnsObjects"})
_CASCADE = frozenset({"PendingDeletionConfirmation", "CascadeDeleting"})
_WAITING = frozenset({"SecretInvalid", "DependencyMissing", "ReferenceNotAllowed", "OtherServer"})
_ABSENT = ("NotFound", "NotReady")  # of whatever kind
_KEPT = BLOCKED | _CASCADE | {"InitSQLFailed", "AlreadyManaged"}


@dataclass(frozen=True)
class Verdict:
    """What the Ready condition of an object of ours says; `reason` is ours, `message` names the group's own words."""

    status: str
    reason: str
    message: str

    @property
    def is_good(self) -> bool:
        """In this group a difference that is only reported does not make an object unready."""
        return self.status == "True" or self.reason in DRIFT

    @property
    def is_waiting(self) -> bool:
        """Something else has to be there first."""
        return self.reason in _WAITING or self.reason.endswith(_ABSENT)


@dataclass(frozen=True)
class Words:
    """How events speak of one kind. `mark` is the field of the status that is there once the thing has been made."""

    noun: str
    mark: str
    created: str = "Created"
    create_failed: str = "CreateFailed"
    deleted: str = "Deleted"
    delete_failed: str = "DeleteFailed"


_CASCADE_COMPLETE = Happening("Normal", "CascadeDeleteComplete", _CASCADE_IS_OVER)
Reword = Callable[[Resource, str], str]


def keep_words(child: Resource, message: str) -> str:
    """For kinds that have ours fields."""
    return message


def read_verdict(child: Resource | None, reword: Reword = keep_words) -> Verdict | None:
    """None where nothing has been said yet, or not of the spec as it is now."""
    if child is None:
        return None
    ready = read_condition(child, READY)
    if not ready or child.status.get("observedGeneration") != child.metadata.generation:
        return None
    message = in_their_words(reword(child, str(ready.get("message", ""))))
    return Verdict(str(ready.get("status")), str(ready.get("reason", "")), message)


def choose_phase(foreign: Resource, child: Resource | None, verdict: Verdict | None) -> str:
    """`PendingDeletion` where a deletion waits for consent; one that is blocked has failed."""
    if foreign.metadata.is_deleting:
        if child is not None and (child.status.get(CONFIRMATION) or {}).get("required"):
            return PENDING_DELETION
        return FAILED if verdict is not None and verdict.reason in BLOCKED else DELETING
    if verdict is None:
        return READY if foreign.status.get("phase") == READY else CREATING if child is not None else PENDING
    if verdict.is_good:
        return READY
    return PENDING if verdict.is_waiting else FAILED


def ready_condition(verdict: Verdict | None) -> Condition:
    if verdict is None:
        return Condition(READY, "False", "Reconciling", "it is being made")
    if verdict.is_good:
        return Condition(READY, "True", "ReconcileSuccess", verdict.message)
    reason = verdict.reason if verdict.reason in _KEPT or verdict.is_waiting else "ReconcileFailed"
    return Condition(READY, "False", reason, verdict.message)


def synced_condition(verdict: Verdict | None) -> Condition:
    """Whether the server is as the manifest says."""
    if verdict is None:
        return Condition("Synced", "False", "Reconciling", "")
    if verdict.status == "True":
        return Condition("Synced", "True", "ReconcileSuccess", verdict.message)
    return Condition("Synced", "False", verdict.reason, verdict.message)


def common_status(foreign: Resource, child: Resource | None) -> dict[str, Any]:
    """Fields that every kind has. The time is that of the last change: settled objects are not written again."""
    if child is None:
        return {}
    status = child.status
    moments = [c["lastTransitionTime"] for c in status.get("conditions") or () if c.get("lastTransitionTime")]
    return {
        "lastReconcileTime": max(moments, default=None),
        CONFIRMATION: _read_confirmation(foreign, child),
        "drift": status.get("drift"),
    }


def _read_confirmation(foreign: Resource, child: Resource) -> Mapping[str, Any] | None:
    """Ours forgets it when all are gone; here it says so until the end."""
    confirmation: Mapping[str, Any] | None = child.status.get(CONFIRMATION)
    if confirmation:
        return {**confirmation, "message": in_their_words(confirmation.get("message", ""))}
    is_held = read_condition(child, READY).get("reason") in BLOCKED | _CASCADE
    if is_held or not foreign.metadata.is_deleting or not foreign.status.get(CONFIRMATION):
        return None
    return {"required": False, "remainingCount": 0, "message": _CASCADE_IS_OVER}


def reflect_managed(
    foreign: Resource,
    children: Sequence[Resource],
    words: Words,
    describe: Callable[[Mapping[str, Any]], Mapping[str, Any]],
    reword: Reword = keep_words,
) -> Reflection:
    """What is told of a thing inside a server. `describe` gives the kind's own fields from the status of ours."""
    child = children[0] if children else None
    verdict = read_verdict(child, reword)
    phase = choose_phase(foreign, child, verdict)
    status = {**common_status(foreign, child), **describe(child.status if child is not None else {})}
    return Reflection(
        phase,
        [ready_condition(verdict), synced_condition(verdict)],
        status=status,
        events=(*tell(foreign, phase, verdict, words), *tell_confirmation(foreign, status)),
    )


def tell(foreign: Resource, phase: str, verdict: Verdict | None, words: Words) -> tuple[Happening, ...]:
    """Events of what has just changed: made, failed, differing, held."""
    if verdict is None:
        return ()
    known = {c.get("type"): c.get("reason") for c in foreign.status.get("conditions") or ()}.get("Synced")
    is_new = not foreign.status.get(words.mark)
    found: list[Happening] = []
    if phase == READY and is_new:
        found.append(Happening("Normal", words.created, f"{words.noun} is there"))
    if foreign.metadata.is_deleting:
        found += _tell_held(verdict, known, words)
    elif phase == FAILED and known != verdict.reason:
        reason = words.create_failed if is_new else "ReconcileFailed"
        found.append(Happening("Warning", reason, verdict.message))
    if verdict.reason in DRIFT and known not in DRIFT:
        found.append(Happening("Warning", "DriftDetected", verdict.message))
    return tuple(found)


def _tell_held(verdict: Verdict, known: str | None, words: Words) -> Iterator[Happening]:
    if verdict.is_good or verdict.is_waiting or verdict.reason in (known, *_CASCADE):
        return
    reason = "DeletionBlocked" if verdict.reason in BLOCKED else words.delete_failed
    yield Happening("Warning", reason, verdict.message)


def tell_confirmation(foreign: Resource, status: Mapping[str, Any]) -> Iterator[Happening]:
    """Once for each list of those that would go as well, and once when all of them are gone."""
    now, before = status.get(CONFIRMATION) or {}, foreign.status.get(CONFIRMATION) or {}
    if now.get("required") and now.get("hash") != before.get("hash"):
        yield Happening("Warning", "ForceDeletePending", str(now.get("message", "")))
    if now.get("remainingCount") == 0 and before.get("remainingCount") != 0:
        yield _CASCADE_COMPLETE


def tell_end(foreign: Resource, reason: str) -> tuple[Happening, ...]:
    """When nothing of it is left."""
    gone = Happening("Normal", reason, "what it stood for has been let go or deleted")
    asked = foreign.status.get(CONFIRMATION) or {}
    return (_CASCADE_COMPLETE, gone) if asked and asked.get("remainingCount") != 0 else (gone,)
