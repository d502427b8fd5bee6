"""The decision about differences, without any server."""

from __future__ import annotations

import pytest

from dbaas.contracts.statement import Change
from dbaas.controllers.managed.drift import Decision, Mode, Policy, decide, describe_differences, judge, report_drift

HARMLESS = Change("locale", "a", "b")
DESTRUCTIVE = Change("owner", "a", "b", destructive=True)
IMMUTABLE = Change("encoding", "a", "b", immutable=True)
TAG = Change("tag", "ours", None, incidental=True)
MISSING = Change("name", "shop", None)
ALL = (HARMLESS, DESTRUCTIVE, IMMUTABLE)


def policy(mode: Mode = "detect", *, is_own: bool = False, allow: bool = False) -> Policy:
    return Policy(is_own, mode, allow)


def test_own_changes_are_made_whatever_the_policy_says() -> None:
    for mode in ("ignore", "detect", "correct"):
        decision = decide(ALL, Policy(True, mode, allow_destructive=False))
        assert (decision.execute, decision.left) == ((HARMLESS, DESTRUCTIVE), (IMMUTABLE,))


def test_detected_drift_is_left() -> None:
    decision = decide(ALL, policy("detect"))
    assert (decision.execute, decision.left) == ((), ALL)


def test_ignored_drift_is_not_even_reported() -> None:
    decision = decide(ALL, policy("ignore"))
    assert (decision.execute, decision.left) == ((), ())


def test_corrected_drift_leaves_what_is_dangerous_or_impossible() -> None:
    decision = decide(ALL, policy("correct"))
    assert (decision.execute, decision.left) == ((HARMLESS,), (DESTRUCTIVE, IMMUTABLE))


def test_what_is_dangerous_can_be_allowed() -> None:
    decision = decide(ALL, policy("correct", allow=True))
    assert (decision.execute, decision.left) == ((HARMLESS, DESTRUCTIVE), (IMMUTABLE,))


def test_what_is_incidental_is_made_in_any_case_and_is_no_drift() -> None:
    for mode in ("ignore", "detect", "correct"):
        assert decide((TAG,), policy(mode)) == Decision((TAG,))
    assert decide((TAG, DESTRUCTIVE), policy("detect")) == Decision((TAG,), (DESTRUCTIVE,))


def test_ready_says_what_is_left() -> None:
    assert judge((), "database", policy()).status == "True"
    assert judge((IMMUTABLE,), "database", policy()).reason == "ImmutableDrift"
    assert judge((HARMLESS, IMMUTABLE), "database", policy()).reason == "DriftDetected"


def test_what_has_a_reason_of_its_own_is_told_by_it() -> None:
    barred = Change("revokePublic", True, None, immutable=True, why="let a superuser do it")
    alone = judge((barred,), "database", policy())
    assert (alone.reason, alone.message) == ("NotPossible", "revokePublic: let a superuser do it")
    both = judge((barred, IMMUTABLE), "database", policy())
    assert both.reason == "ImmutableDrift"
    assert both.message == (
        "encoding cannot be changed in place: change the manifest back, or make a new database; "
        "revokePublic: let a superuser do it"
    )
    mixed = judge((barred, HARMLESS), "database", policy()).message
    assert mixed == (
        "locale was changed on the server; to put it right set driftPolicy.mode to correct; "
        "revokePublic: let a superuser do it"
    )
    assert describe_differences((barred,))[0]["actual"] == "let a superuser do it"


@pytest.mark.parametrize(
    ("left", "mode", "message"),
    [
        (HARMLESS, "detect", "locale was changed on the server; to put it right set driftPolicy.mode to correct"),
        (MISSING, "detect", "name is missing on the server; to put it right set driftPolicy.mode to correct"),
        (
            DESTRUCTIVE, "correct", "owner was changed on the server; putting it right may lose data or access: "
            "the annotation dbaas.io/allow-destructive: true allows it",
        ),
        (
            DESTRUCTIVE, "detect", "owner was changed on the server; to put it right set driftPolicy.mode to correct, "
            "and the annotation dbaas.io/allow-destructive: true, because data or access may be lost",
        ),
    ],
)  # fmt: skip
def test_the_message_says_what_to_do(left: Change, mode: Mode, message: str) -> None:
    assert judge((left,), "database", policy(mode)).message == message


def test_the_report_keeps_its_time_while_nothing_changes() -> None:
    first = report_drift((HARMLESS,), None, "2026-01-01T00:00:00Z")
    assert report_drift((HARMLESS,), first, "2026-01-01T01:00:00Z") == first
    changed = report_drift((DESTRUCTIVE,), first, "2026-01-01T01:00:00Z")
    assert changed is not None
    assert changed["lastChecked"] == "2026-01-01T01:00:00Z"
    assert report_drift((), first, "2026-01-01T01:00:00Z") is None


def test_values_are_shown_as_text() -> None:
    report = report_drift((Change("limit", 5, None), Change("list", ["a"], "x" * 9000)), None, "now")
    assert report is not None
    assert [diff["expected"] for diff in report["diffs"]] == ["5", '["a"]']
    assert [len(diff["actual"]) for diff in report["diffs"]] == [0, 4096]
