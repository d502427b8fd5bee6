"""What is said of a server: whether it lets us in, is well, and has proven who it is. Pure."""

from __future__ import annotations

from dbaas.api.instance import DatabaseInstanceSpec
from dbaas.contracts.engine import ServerFacts, Unreachable, Untrusted
from dbaas.contracts.reconcile import Condition
from dbaas.controllers.conditions import CONNECTED
from dbaas.core.errors import DbaasError

HEALTHY = "Healthy"
TLS_VERIFIED = "TLSVerified"


def describe_presence(spec: DatabaseInstanceSpec, facts: ServerFacts, address: str) -> list[Condition]:
    """Of a server that answered."""
    conditions = [Condition(CONNECTED, "True", "ConnectionSuccess", f"{address} answers")]
    if spec.health_check.enabled:
        conditions.append(Condition(HEALTHY, "True", "HealthCheckPassed", "it answered in time"))
    match facts.encryption:
        case "verified":
            conditions.append(Condition(TLS_VERIFIED, "True", "Verified", "the server has proven who it is"))
        case "on":
            message = "connections are encrypted, and nobody checks to whom: verify-full would"
            conditions.append(Condition(TLS_VERIFIED, "False", "NotVerified", message))
        case "off":
            conditions.append(Condition(TLS_VERIFIED, "False", "NotEncrypted", "connections are not encrypted"))
    return [*conditions, Condition("Ready", "True", "Connected", "the server answers and lets us in")]


def describe_absence(spec: DatabaseInstanceSpec, error: DbaasError, message: str) -> list[Condition]:
    """Of one that did not, or that could not be asked."""
    conditions = [Condition(CONNECTED, "False", error.reason, message)]
    if spec.health_check.enabled and isinstance(error, Unreachable):
        conditions.append(Condition(HEALTHY, "False", "HealthCheckFailed", message))
    if isinstance(error, Untrusted):
        conditions.append(Condition(TLS_VERIFIED, "False", error.reason, message))
    return [*conditions, Condition("Ready", "False", error.reason, message)]
