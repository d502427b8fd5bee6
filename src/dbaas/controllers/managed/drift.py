"""What to do about differences: our own changes are made, drift is treated by its policy. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from dbaas.contracts.reconcile import Condition
from dbaas.contracts.statement import Change

Mode = Literal["ignore", "detect", "correct"]
MOST_DIFFERENCES = 100
LONGEST_VALUE = 4096


@dataclass(frozen=True)
class Decision:
    """`execute` now; `left` stays as it is and is reported."""

    execute: tuple[Change, ...] = ()
    left: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Policy:
    """`is_own`: the manifest has changed since it was last applied, so differences are what the user asked for."""

    is_own: bool
    mode: Mode
    allow_destructive: bool


def decide(changes: Sequence[Change], policy: Policy) -> Decision:
    """Immutable differences are never executed; destructive ones only as own changes or where they are allowed.

    What is incidental is made in any case, and is no drift.
    """
    possible = tuple(change for change in changes if not change.immutable)
    impossible = tuple(change for change in changes if change.immutable)
    incidental = tuple(change for change in possible if change.incidental)
    if policy.is_own:
        return Decision(possible, impossible)
    match policy.mode:
        case "ignore":
            return Decision(incidental)
        case "detect":
            return Decision(incidental, tuple(change for change in changes if change not in incidental))
        case "correct":
            allowed = tuple(c for c in possible if policy.allow_destructive or not c.destructive)
            return Decision(allowed, tuple(c for c in changes if c not in allowed))


def judge(left: Sequence[Change], noun: str, policy: Policy) -> Condition:
    """The condition Ready for what is left different."""
    if not left:
        return Condition("Ready", "True", "Applied", f"the {noun} is as the manifest says")
    if all(change.immutable for change in left):
        return _refuse(left, noun)
    plain = [change for change in left if not change.why]
    told = [_tell(plain), _advise(plain, policy), *_explain(left)]
    return Condition("Ready", "False", "DriftDetected", "; ".join(told))


def _refuse(left: Sequence[Change], noun: str) -> Condition:
    """Of what cannot be done: each with its own reason where it has one."""
    explained = "; ".join(_explain(left))
    fixed = ", ".join(dict.fromkeys(change.field for change in left if not change.why))
    if not fixed:
        return Condition("Ready", "False", "NotPossible", explained)
    more = f"; {explained}" if explained else ""
    return Condition(
        "Ready", "False", "ImmutableDrift", f"{fixed} cannot be changed in place: "
        f"change the manifest back, or make a new {noun}{more}",
    )  # fmt: skip


def _explain(left: Sequence[Change]) -> list[str]:
    return [f"{change.field}: {change.why}" for change in left if change.why]


def _tell(left: Sequence[Change]) -> str:
    missing = dict.fromkeys(change.field for change in left if change.actual is None)
    changed = dict.fromkeys(change.field for change in left if change.actual is not None)
    parts = ((changed, "was changed on the server"), (missing, "is missing on the server"))
    return "; ".join(f"{', '.join(fields)} {what}" for fields, what in parts if fields)


def _advise(left: Sequence[Change], policy: Policy) -> str:
    """What to do, by what has kept us from it."""
    allow = "the annotation dbaas.io/allow-destructive: true"
    is_gated = any(change.destructive for change in left) and not policy.allow_destructive
    if policy.mode == "detect":
        more = f", and {allow}, because data or access may be lost" if is_gated else ""
        return f"to put it right set driftPolicy.mode to correct{more}"
    if is_gated:
        return f"putting it right may lose data or access: {allow} allows it"
    return "it cannot be changed in place"


def report_drift(left: Sequence[Change], before: Mapping[str, Any] | None, now: str) -> dict[str, Any] | None:
    """`status.drift`; the time stays while the differences stay, so that a settled state is not written again."""
    if not left:
        return None
    diffs = describe_differences(left)
    if before and before.get("diffs") == diffs and before.get("lastChecked"):
        return dict(before)
    return {"detected": True, "lastChecked": now, "diffs": diffs}


def describe_differences(left: Sequence[Change]) -> list[dict[str, Any]]:
    """As the status has them: in order, and only the first ones."""
    return [_difference(change) for change in left[:MOST_DIFFERENCES]]


def _difference(change: Change) -> dict[str, Any]:
    return {
        "field": change.field,
        "expected": _shown(change.expected),
        "actual": _shown(change.why if change.actual is None and change.why else change.actual),
        "destructive": change.destructive,
        "immutable": change.immutable,
    }


def _shown(value: object) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else orjson.dumps(value, default=str).decode()
    return text[:LONGEST_VALUE]
