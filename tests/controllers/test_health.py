"""What is said of a server."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbaas.api.instance import DatabaseInstanceSpec
from dbaas.contracts.engine import LoginRefused, ServerFacts, Unreachable, Untrusted
from dbaas.contracts.reconcile import Condition
from dbaas.controllers.health import describe_absence, describe_presence

SPEC = DatabaseInstanceSpec.model_validate(
    {"engine": "basalt", "connection": {"host": "h", "port": 1, "secretRef": {"name": "s"}}}
)
UNCHECKED = SPEC.model_copy(update={"health_check": SPEC.health_check.model_copy(update={"enabled": False})})
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
