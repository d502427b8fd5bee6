"""The status of an object from what a reconcile came to: pure, so that it can be said exactly when nothing is written.

Conditions follow kstatus, which Argo CD and Flux read: `Ready` always; `Reconciling` while we are at it and `Stalled`
when we have given up, both only while true.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from dbaas.api.conditions import CONDITION_TYPES
from dbaas.contracts.reconcile import Condition

LONGEST_MESSAGE = 32_768
LONGEST_REASON = 1_024
READY, RECONCILING, STALLED = "Ready", "Reconciling", "Stalled"
PAUSED_MESSAGE = "paused by its annotation"


@dataclass(frozen=True)
class Verdict:
    """What the status shall say. `fields` None keeps the other fields, and the conditions not named here.

    Of the conditions not named here only those of our types go where there are fields: the others are somebody else's.
    """

    conditions: Sequence[Condition]
    phase: str
    message: str
    fields: Mapping[str, Any] | None = None


def compose_status(old: Mapping[str, Any], verdict: Verdict, generation: int, now: str) -> dict[str, Any]:
    """The whole new status. `generation` is the one that was looked at; 0 where the kind has none."""
    fields = {n: v for n, v in old.items() if v is not None} if verdict.fields is None else verdict.fields
    new = {name: value for name, value in _plain(fields).items() if value is not None}
    for name in ("observedGeneration", "phase", "message"):
        new.pop(name, None)
    if generation:
        new["observedGeneration"] = generation
    if verdict.phase:
        new["phase"] = verdict.phase
    if verdict.message:
        new["message"] = verdict.message[:LONGEST_MESSAGE]
    known = {condition.get("type", ""): condition for condition in old.get("conditions") or ()}
    conditions = [_compose_condition(c, known.get(c.type), generation, now) for c in verdict.conditions]
    said = {condition.type for condition in verdict.conditions}
    goes = said | ({RECONCILING, STALLED} if verdict.fields is None else CONDITION_TYPES)
    conditions += [condition for name, condition in known.items() if name not in goes]
    new["conditions"] = conditions
    return new


def compose_paused(old: Mapping[str, Any]) -> dict[str, Any]:
    """Nothing is judged while paused: only the words for people change."""
    return {**old, "phase": "Paused", "message": PAUSED_MESSAGE}


def with_progress(conditions: Sequence[Condition], *, stalled: bool = False) -> tuple[Condition, ...]:
    """Adds `Reconciling` or `Stalled` where `Ready` is not true and the controller has not said it itself."""
    ready = find_condition(conditions, READY)
    if ready is None or ready.status == "True":
        return tuple(conditions)
    if any(condition.type in (RECONCILING, STALLED) for condition in conditions):
        return tuple(conditions)
    added = Condition(STALLED if stalled else RECONCILING, "True", ready.reason, ready.message)
    return (*conditions, added)


def find_condition(conditions: Sequence[Condition], name: str) -> Condition | None:
    return next((condition for condition in conditions if condition.type == name), None)


def merge_difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The merge patch (RFC 7386) that makes `new` of `old`; empty where they are equal. `new` holds no nulls."""
    patch: dict[str, Any] = {name: None for name in old if name not in new}
    for name, value in new.items():
        before = old.get(name)
        if isinstance(value, dict) and isinstance(before, dict):
            if inner := merge_difference(before, value):
                patch[name] = inner
        elif before != value or name not in old:
            patch[name] = value
    return patch


def _compose_condition(
    condition: Condition, known: Mapping[str, Any] | None, generation: int, now: str
) -> dict[str, Any]:
    same = known is not None and known.get("status") == condition.status
    composed: dict[str, Any] = {
        "type": condition.type,
        "status": condition.status,
        "reason": condition.reason[:LONGEST_REASON] or "Unknown",
        "message": condition.message[:LONGEST_MESSAGE],
        "lastTransitionTime": (known or {}).get("lastTransitionTime", now) if same else now,
    }
    if generation:
        composed["observedGeneration"] = generation
    return composed


def _plain(fields: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON has it: tuples are lists, and nothing is null inside."""
    plain: dict[str, Any] = _without_nulls(orjson.loads(orjson.dumps(dict(fields))))
    return plain


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_without_nulls(inner) for inner in value]
    return value
