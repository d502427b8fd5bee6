"""DatabaseInstance: a server, translated and reflected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import Resource
from dbaas.contracts.admission import Violation
from dbaas.contracts.dialect import Found, Happening, Reflection, Translation
from dbaas.contracts.reconcile import Condition
from dbaas.dialects.dbops.bodies import build_body, refuse_elsewhere, take, without
from dbaas.dialects.dbops.words import FAILED, READY, choose_phase, common_status, read_condition, read_verdict
from dbaas.dialects.dbops.words import ready_condition as ready

DRIFT = {"mode": "detect", "interval": "8h"}  # the group's default; ours looks every minute
CONNECTED = "Connected"


def translate_instance(foreign: Resource, found: Found) -> Translation:
    """Both names of the login's Secret are understood; one is needed."""
    spec = foreign.spec
    connection: Mapping[str, Any] = spec.get("connection") or {}
    given = [name for name in ("secretRef", "existingSecret") if connection.get(name)]
    refused = [
        *_check_login(given),
        *refuse_elsewhere(foreign, [(f"spec.connection.{name}", connection[name]) for name in given]),
    ]
    login = without(connection[given[0]], "namespace") if given else None
    body = build_body(
        DATABASE_INSTANCE,
        foreign,
        {
            **take(spec, "engine", "tls", "healthCheck", "discovery", "deletionProtection"),
            "resourceTracking": _translate_tracking(spec.get("resourceTracking")),
            **take(spec, "postgres", "mysql", "clickhouse"),
            "connection": {**take(connection, "host", "port", "database"), **({"secretRef": login} if login else {})},
            "driftPolicy": {**DRIFT, **(spec.get("driftPolicy") or {})},
        },
    )
    return Translation((body,), refused=tuple(refused))


def _translate_tracking(block: Mapping[str, Any] | None) -> dict[str, Any]:
    """Where the group has the block, things are tagged unless it says no. How MySQL's are is another engine's."""
    if block is None:
        return {}
    return {"enabled": True, **{name: value for name, value in without(block, "mysql").items() if value is not None}}


def _check_login(given: Sequence[str]) -> list[Violation]:
    if len(given) == 1:
        return []
    if given:
        text = "give either secretRef or existingSecret: they mean the same"
        return [Violation("spec.connection.existingSecret", text, "FieldValueForbidden")]
    text = "name the Secret with the administrative login"
    return [Violation("spec.connection.secretRef", text, "FieldValueRequired")]


def reflect_instance(foreign: Resource, children: Sequence[Resource]) -> Reflection:
    """A server is Ready when it answers."""
    child = children[0] if children else None
    verdict = read_verdict(child)
    phase = choose_phase(foreign, child, verdict)
    connected = read_condition(child, CONNECTED) if child is not None else {}
    ours: Mapping[str, Any] = child.status if child is not None else {}
    common = without(common_status(child), "drift")
    conditions = [ready(verdict), *_connection(connected)]
    status = {
        **common,
        "version": ours.get("version"),
        "lastCheckedAt": connected.get("lastTransitionTime"),
        "discoveredResources": ours.get("discoveredResources"),
    }
    return Reflection(phase, conditions, status=status, events=_tell(foreign, phase, connected))


def _connection(connected: Mapping[str, Any]) -> list[Condition]:
    if not connected:
        return []
    message = str(connected.get("message", ""))
    if connected.get("status") == "True":
        return [
            Condition(CONNECTED, "True", "ConnectionSuccess", message),
            Condition("Healthy", "True", "HealthCheckPassed", message),
        ]
    return [
        Condition(CONNECTED, "False", "ConnectionFailed", message),
        Condition("Healthy", "False", "HealthCheckFailed", message),
    ]


def _tell(foreign: Resource, phase: str, connected: Mapping[str, Any]) -> tuple[Happening, ...]:
    before = foreign.status.get("phase")
    message = str(connected.get("message", ""))
    if phase == READY and before != READY:
        return (Happening("Normal", CONNECTED, message),)
    if phase == FAILED and before != FAILED and connected.get("status") == "False":
        return (Happening("Warning", "ConnectionFailed", message),)
    return ()
