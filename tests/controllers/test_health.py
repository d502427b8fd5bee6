"""What is said of a server."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from controllers.make import instance
from dbaas.api.instance import DatabaseInstanceSpec
from dbaas.api.resource import Resource
from dbaas.contracts.engine import Denied, EngineError, LoginRefused, Retired, ServerFacts, Unreachable, Untrusted
from dbaas.contracts.reconcile import Condition, Waiting
from dbaas.controllers.health import describe_absence, describe_presence, may_be_the_login, pause_while_absent
from dbaas.core.clock import format_time

SPEC = DatabaseInstanceSpec.model_validate(
    {"engine": "basalt", "connection": {"host": "h", "port": 1, "secretRef": {"name": "s"}}}
)
UNCHECKED = SPEC.model_copy(update={"health_check": SPEC.health_check.model_copy(update={"enabled": False})})
GONE = Unreachable("connection refused")
FACTS = ServerFacts("1", 1, "id", "root")


def told(conditions: list[Condition]) -> dict[str, tuple[str, str]]:
    return {condition.type: (condition.status, condition.reason) for condition in conditions}


def test_an_engine_that_does_not_tell_of_encryption_says_nothing_of_it() -> None:
    assert told(describe_presence(SPEC, FACTS, "h:1")) == {
        "Connected": ("True", "ConnectionSuccess"), "Healthy": ("True", "HealthCheckPassed"),
        "Ready": ("True", "Connected"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("encryption", "expected"),
    [("verified", ("True", "Verified")), ("on", ("False", "NotVerified")), ("off", ("False", "NotEncrypted"))],
)
def test_encryption_is_told_as_it_is(encryption: str, expected: tuple[str, str]) -> None:
    facts = replace(FACTS, encryption=encryption)  # type: ignore[arg-type]
    assert told(describe_presence(SPEC, facts, "h:1"))["TLSVerified"] == expected


def test_a_server_that_cannot_be_trusted_fails_with_the_reason_of_the_handshake() -> None:
    error = Untrusted("too old", reason="CertificateExpired")
    assert told(describe_absence(SPEC, error, "too old")) == {
        "Connected": ("False", "CertificateExpired"), "Healthy": ("False", "HealthCheckFailed"),
        "TLSVerified": ("False", "CertificateExpired"), "Ready": ("False", "CertificateExpired"),
    }  # fmt: skip


def test_a_refused_login_says_nothing_of_the_servers_health() -> None:
    assert "Healthy" not in told(describe_absence(SPEC, LoginRefused("no"), "no"))


def test_without_a_health_check_there_is_no_such_condition() -> None:
    assert "Healthy" not in told(describe_presence(UNCHECKED, FACTS, "h:1"))
    assert "Healthy" not in told(describe_absence(UNCHECKED, Unreachable("away"), "away"))


def instance_that_is(connected: str, since: datetime) -> Resource:
    condition = {"type": "Connected", "status": connected, "lastTransitionTime": format_time(since)}
    return instance(status={"conditions": [condition]})


@pytest.mark.parametrize(
    ("absent_seconds", "pause"), [(0, 3.0), (8, 3.0), (20, 5.0), (80, 20.0), (120, 30.0), (86_400, 30.0)]
)
def test_the_longer_a_server_is_away_the_rarer_it_is_looked_at(absent_seconds: int, pause: float) -> None:
    now = datetime(2026, 5, 1, tzinfo=UTC)
    away = instance_that_is("False", now - timedelta(seconds=absent_seconds))
    assert pause_while_absent(away, SPEC, GONE, now) == pause
    assert pause_while_absent(instance_that_is("True", now - timedelta(days=1)), SPEC, GONE, now) == 3.0


@pytest.mark.parametrize(
    ("reason", "pause"), [("SecretNotFound", 60.0), ("SecretInvalid", 60.0), ("ServiceNotReady", 3.0)]
)
def test_what_nobody_tells_of_is_looked_for_all_the_time(reason: str, pause: float) -> None:
    """A Secret is told of; the Endpoints of a Service are not."""
    now = datetime(2026, 5, 1, tzinfo=UTC)
    away = instance_that_is("False", now - timedelta(days=1))
    assert pause_while_absent(away, SPEC, Waiting(reason, "not there"), now) == pause


def test_one_that_is_asked_often_is_so_when_it_is_away() -> None:
    now = datetime(2026, 5, 1, tzinfo=UTC)
    away = instance_that_is("False", now - timedelta(hours=1))
    often = SPEC.model_copy(update={"health_check": SPEC.health_check.model_copy(update={"interval_seconds": 10})})
    rarely = SPEC.model_copy(update={"health_check": SPEC.health_check.model_copy(update={"interval_seconds": 3600})})
    assert [pause_while_absent(away, spec, GONE, now) for spec in (often, rarely, UNCHECKED)] == [10.0, 30.0, 30.0]


@pytest.mark.parametrize(
    ("error", "expected"),
    [(Unreachable("x"), False), (Retired("x"), False), (Untrusted("x"), True), (LoginRefused("x"), True),
     (Denied("x"), True), (EngineError("x"), True)],
)  # fmt: skip
def test_one_that_does_not_answer_says_nothing_about_the_login(error: EngineError, expected: bool) -> None:
    assert may_be_the_login(error) is expected
