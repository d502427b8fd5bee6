"""How an object is, in the words of its conditions: ready, still at work, or stuck until somebody does something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dbaas.api.resource import ANNOTATION_PAUSED, Resource, is_paused
from dbaas.cli.kinds import ServedKind


@dataclass(frozen=True)
class State:
    """`is_stuck`: it will not become ready by itself. `reason` and `message` are those of `Ready`.

    `was_ready`: they say that it is, though it is not any more (it is being deleted, or its spec has changed).
    """

    is_ready: bool
    is_stuck: bool = False
    phase: str = ""
    reason: str = ""
    message: str = ""
    was_ready: bool = False

    @property
    def text(self) -> str:
        """The reason, unless the phase says the same, and the message, in one line."""
        reason = self.reason if self.reason not in (self.phase, "") else ""
        return " ".join(": ".join(part for part in (reason, self.message) if part).split("\n"))


def read_state(resource: Resource, served: ServedKind) -> State:
    """What is known of an older generation does not count. Kinds without conditions of that kind are always ready."""
    state = _read_conditions(resource, served)
    if state.is_ready or not (served.is_ours and is_paused(resource)):
        return state
    return State(False, is_stuck=True, phase="Paused", message=f"nothing happens while {ANNOTATION_PAUSED} is true")


def _read_conditions(resource: Resource, served: ServedKind) -> State:
    status = resource.status
    conditions = {str(c.get("type")): c for c in status.get("conditions") or ()}
    ready = conditions.get("Ready")
    if ready is None:
        if served.is_ours and served.has_status:
            return State(False, phase="Pending", message="nothing has looked at it yet")
        return State(True, phase=str(status.get("phase") or ""))
    known = status.get("observedGeneration", ready.get("observedGeneration"))
    is_current = known is None or known >= resource.metadata.generation
    phase = str(status.get("phase") or "")
    return State(
        is_ready=is_current and ready.get("status") == "True" and not resource.metadata.is_deleting,
        is_stuck=is_current and _holds(conditions.get("Stalled")),
        phase=phase,
        reason=str(ready.get("reason") or ""),
        message=str(ready.get("message") or status.get("message") or ""),
        was_ready=ready.get("status") == "True",
    )


def _holds(condition: Any) -> bool:
    return condition is not None and condition.get("status") == "True"
