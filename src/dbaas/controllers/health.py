"""What is said of a server: whether it lets us in, is well, and has proven who it is. Pure."""

from __future__ import annotations

from datetime import datetime

from dbaas.api.conditions import read_condition
from dbaas.api.instance import DatabaseInstanceSpec
from dbaas.api.resource import Resource
from dbaas.contracts.engine import EngineError, ServerFacts, Unreachable, Untrusted
from dbaas.contracts.reconcile import Condition, Waiting
from dbaas.controllers.conditions import CONNECTED
from dbaas.core.clock import parse_time
from dbaas.core.errors import DbaasError

HEALTHY = "Healthy"
TLS_VERIFIED = "TLSVerified"
RETRY_SECONDS, LONGEST_RETRY_SECONDS = 3.0, 30.0
SHARE_OF_ABSENCE = 0.25
SECRET_SECONDS = 60.0  # a Secret that is missing wakes us when it comes
ABOUT_SECRETS = frozenset({"SecretNotFound", "SecretInvalid"})


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


def may_be_the_login(error: DbaasError) -> bool:
    """Whether another Secret may help. One that says nothing is the same to whoever knocks."""
    return not isinstance(error, Unreachable) or isinstance(error, Untrusted)


def pause_while_absent(
    resource: Resource, spec: DatabaseInstanceSpec, error: Waiting | EngineError, now: datetime
) -> float:
    """Seconds until it is looked at again, if nothing wakes it before: its lane does when the server answers.

    The longer it has been away, the longer: many that are away must not keep those busy who look after the others.
    Where there is no lane yet, what is missing is looked for all the time.
    """
    if isinstance(error, Waiting):
        return SECRET_SECONDS if error.reason in ABOUT_SECRETS else RETRY_SECONDS
    connected = read_condition(resource, CONNECTED)
    since = connected.get("lastTransitionTime") if connected.get("status") == "False" else None
    absent = (now - parse_time(since)).total_seconds() if since else 0.0
    usual = spec.health_check.interval_seconds if spec.health_check.enabled else LONGEST_RETRY_SECONDS
    return max(RETRY_SECONDS, min(absent * SHARE_OF_ABSENCE, usual, LONGEST_RETRY_SECONDS))
