"""The status of an operation: what is noted at each step, and what conditions say of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from dbaas.api.conditions import read_condition
from dbaas.api.operation import ActionLogEntry, OperationStep, OpsRequestStatus, PreviousValue
from dbaas.api.resource import Resource
from dbaas.contracts.operation import STOPPED, ClusterState, find_values
from dbaas.contracts.reconcile import Condition, Outcome
from dbaas.controllers.conditions import OF_THE_RUNTIME, READY, ready_message, ready_reason
from dbaas.controllers.operation.request import Request

NOTE, CHANGE, SETTLE = "Note", "Change", "Settle"
STEPS = (NOTE, CHANGE, SETTLE)
SUCCEEDED, CANCELLED = "Succeeded", "Cancelled"
End = Literal["Succeeded", "Failed", "Cancelled"]
MOST_ENTRIES = 50
LONGEST = 4096


def note_turn(request: Request) -> OpsRequestStatus:
    """Its place in the queue, which its version tells only as long as nobody has written to it."""
    version = request.status.created_version or request.resource.metadata.resourceVersion
    return request.status.model_copy(update={"created_version": version})


def note_beginning(request: Request, cluster: Resource, now: str) -> OpsRequestStatus:
    """Before anything is changed: what the fields are."""
    status = note_turn(request)
    began = status.model_copy(update={"start_time": now})
    change = Request(request.resource, request.spec, began, request.operation).change
    previous = [PreviousValue(field=f, value=v) for f, v in find_values(cluster.spec, change).items()]
    steps = [
        OperationStep(name=NOTE, phase="Succeeded", start_time=now, completion_time=now),
        OperationStep(name=CHANGE, phase="Running", start_time=now),
        OperationStep(name=SETTLE, phase="Pending"),
    ]
    updated = {"steps": steps, "previous": previous, "cluster_uid": cluster.metadata.uid}
    return _log(began.model_copy(update=updated), now, NOTE, "what the fields were is in status.previous")


def note_script(request: Request, cluster: Resource, steps: Sequence[str], digest: str, now: str) -> OpsRequestStatus:
    """Before any of the statements with these names is run."""
    noted = [OperationStep(name=NOTE, phase="Succeeded", start_time=now, completion_time=now)]
    updated = {
        "start_time": now,
        "steps": [*noted, *(OperationStep(name=name, phase="Pending") for name in steps)],
        "digest": digest,
        "cluster_uid": cluster.metadata.uid,
        "cluster_generation": cluster.metadata.generation,
    }
    return _log(note_turn(request).model_copy(update=updated), now, NOTE, "what is to be run is settled")


def note_statement(status: OpsRequestStatus, step: str, session: str, now: str) -> OpsRequestStatus:
    """Before it is sent. From now on nobody can be sure that it was not, but who has that session."""
    steps = _update_step(status, step, phase="Running", start_time=now, message=None)
    status = status.model_copy(update={"steps": steps, "session": session})
    return _log(status, now, step, f"the statement runs in session {session}", "Running")


def note_statement_end(status: OpsRequestStatus, step: str, tag: str, now: str) -> OpsRequestStatus:
    """It has been done; `tag` is what the server says of it."""
    steps = _update_step(status, step, phase="Succeeded", completion_time=now, message=tag[:LONGEST] or None)
    return _log(status.model_copy(update={"steps": steps, "session": None}), now, step, tag)


def note_failure(status: OpsRequestStatus, step: str, why: str, now: str) -> OpsRequestStatus:
    """The server has refused it: that is how it ended."""
    steps = _update_step(status, step, phase="Failed", completion_time=now, message=why[:LONGEST])
    return _log(status.model_copy(update={"steps": steps, "session": None}), now, step, why, "Failed")


def note_again(status: OpsRequestStatus, step: str, why: str, now: str) -> OpsRequestStatus:
    """It is to be sent, as if it never had been."""
    steps = _update_step(status, step, phase="Pending", start_time=None, message=None)
    return _log(status.model_copy(update={"steps": steps, "session": None}), now, step, why, "Pending")


def count_statements(status: OpsRequestStatus) -> tuple[int, int]:
    """How many have been done, of all."""
    phases = [step.phase for step in status.steps if step.name != NOTE]
    return phases.count("Succeeded"), len(phases)


def note_change(status: OpsRequestStatus, generation: int, now: str, *, acts: bool = False) -> OpsRequestStatus:
    """After the cluster's spec was changed, or was found changed by an earlier life of ours.

    `acts`: nothing of it was; it is asked for all the same.
    """
    steps = _end_step(status, CHANGE, "Succeeded", now)
    steps = [s.model_copy(update={"phase": "Running", "start_time": now}) if s.name == SETTLE else s for s in steps]
    status = status.model_copy(update={"steps": steps, "cluster_generation": generation})
    told = "the instances are asked" if acts else f"the cluster's spec is changed, in its generation {generation}"
    return _log(status, now, CHANGE, told)


def note_wait(status: OpsRequestStatus, state: ClusterState) -> OpsRequestStatus:
    """Its time goes on counting when what it waits for is there."""
    until = {"start_time": state.until, "message": state.waits[:LONGEST]}
    steps = [step.model_copy(update=until) if step.name == SETTLE else step for step in status.steps]
    return status.model_copy(update={"steps": steps})


def note_end(status: OpsRequestStatus, end: End, message: str, now: str) -> OpsRequestStatus:
    """One way or another; what has not been done never will be."""
    steps = status.steps
    for step in steps:
        if step.phase == "Running":
            steps = _end_step(status, step.name, "Succeeded" if end == "Succeeded" else "Failed", now)
    ended = {"steps": steps, "completion_time": now, "session": None}
    return _log(status.model_copy(update=ended), now, end, message, end)


def dump_status(status: OpsRequestStatus) -> dict[str, Any]:
    """All that is not the runtime's to write."""
    if status.steps:
        done = sum(step.phase == "Succeeded" for step in status.steps)
        status = status.model_copy(update={"progress": f"{done}/{len(status.steps)}"})
    dumped = status.model_dump(by_alias=True, exclude_none=True)
    return {name: value for name, value in dumped.items() if name not in OF_THE_RUNTIME and value != []}


def build_end(status: OpsRequestStatus, end: End, reason: str, message: str, again: float | None) -> Outcome:
    """What has failed or was cancelled stays so: whoever waits for it need not wait any longer."""
    is_done = end == "Succeeded"
    conditions = [Condition(READY, "True" if is_done else "False", reason, message)]
    if not is_done:
        conditions.append(Condition("Stalled", "True", reason, message))
    return Outcome(conditions, dump_status(status), end, message, again)


def repeat_end(request: Request, status: OpsRequestStatus, again: float | None) -> Outcome:
    """What was said of its end."""
    ready = read_condition(request.resource, READY)
    reason = str(ready.get("reason") or SUCCEEDED)
    end: End = "Succeeded" if ready.get("status") == "True" else "Cancelled" if reason == CANCELLED else "Failed"
    return build_end(status, end, reason, str(ready.get("message") or ""), again)


def has_succeeded(request: Request) -> bool:
    return bool(read_condition(request.resource, READY).get("status") == "True")


def read_state(cluster: Resource, generation: int) -> ClusterState:
    """How the cluster is since that generation."""
    status: Mapping[str, Any] = cluster.status
    ready = read_condition(cluster, READY)
    stalled = read_condition(cluster, "Stalled")
    database = status.get("database") or {}
    pending = [each for each in status.get("pending") or () if each.get("until")]
    return ClusterState(
        is_current=int(status.get("observedGeneration") or 0) >= generation,
        is_ready=ready.get("status") == "True",
        reason=ready_reason(cluster),
        message=ready_message(cluster),
        is_stalled=stalled.get("status") == "True",
        ready_instances=int(database.get("readyInstances") or 0),
        waits="; ".join(f"{each.get('change')} waits for {each.get('reason')}" for each in pending),
        until=min((str(each["until"]) for each in pending), default=None),
    )


def is_stopped(cluster: Resource) -> bool:
    """Whether that is wanted, or still so."""
    return bool(cluster.spec.get("stopped")) or ready_reason(cluster) == STOPPED


def _end_step(
    status: OpsRequestStatus, name: str, phase: Literal["Succeeded", "Failed"], now: str
) -> list[OperationStep]:
    return _update_step(status, name, phase=phase, completion_time=now)


def _update_step(status: OpsRequestStatus, name: str, **updated: str | None) -> list[OperationStep]:
    return [step.model_copy(update=updated) if step.name == name else step for step in status.steps]


def _log(status: OpsRequestStatus, now: str, action: str, message: str, how: str = SUCCEEDED) -> OpsRequestStatus:
    entry = ActionLogEntry(timestamp=now, action=action, status=how, message=message[:LONGEST])
    return status.model_copy(update={"action_log": [*status.action_log, entry][-MOST_ENTRIES:]})
