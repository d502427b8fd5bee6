"""DatabaseInstance and ClusterDatabaseInstance: a server, translated and reflected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dbaas.api.conditions import read_condition
from dbaas.api.instance import CLUSTER_DATABASE_INSTANCE, DATABASE_INSTANCE
from dbaas.api.resource import Resource
from dbaas.contracts.admission import Violation
from dbaas.contracts.dialect import Found, Happening, Reflection, Translation
from dbaas.contracts.reconcile import Condition
from dbaas.dialects.dbops.annotations import read_consent
from dbaas.dialects.dbops.bodies import ENGINES, build_body, refuse_elsewhere, take, without
from dbaas.dialects.dbops.words import (
    FAILED,
    READY,
    choose_phase,
    common_status,
    read_verdict,
    tell_confirmation,
)
from dbaas.dialects.dbops.words import ready_condition as ready

DRIFT = {"mode": "detect", "interval": "8h"}  # the group's default; ours looks every minute
COMMENT = "managed-by:{{.Operator}},cr:{{.Namespace}}/{{.Name}}"
CONNECTED = "Connected"
_LOGINS = ("secretRef", "existingSecret")
_VERIFYING = ("require", "verify-ca", "verify-full")


def translate_instance(foreign: Resource, found: Found) -> Translation:
    """Both names of the login's Secret are understood; one is needed. Objects of all namespaces may name a server."""
    spec, connection = foreign.spec, foreign.spec.get("connection") or {}
    given = [name for name in _LOGINS if connection.get(name)]
    body = build_body(
        DATABASE_INSTANCE if foreign.kind.namespaced else CLUSTER_DATABASE_INSTANCE,
        foreign,
        {
            **take(spec, "engine", "healthCheck", "discovery", "deletionProtection", *ENGINES),
            **_translate_encryption(foreign, spec, connection),
            "resourceTracking": _translate_tracking(spec.get("resourceTracking")),
            "connection": {**take(connection, "host", "port", "database"), **_translate_login(foreign, given)},
            "driftPolicy": {**DRIFT, **(spec.get("driftPolicy") or {})},
            "allowedNamespaces": read_consent(foreign, unless_said="*"),
        },
    )
    return Translation((body,), refused=(*_check_login(foreign, given), *_check_encryption(spec, connection)))


def _translate_login(foreign: Resource, given: Sequence[str]) -> dict[str, Any]:
    """A cluster-scoped server must say where its Secret is, another need not."""
    if not given:
        return {}
    reference = foreign.spec["connection"][given[0]]
    return {"secretRef": without(reference, "namespace") if foreign.kind.namespaced else reference}


def _translate_encryption(foreign: Resource, spec: Mapping[str, Any], connection: Mapping[str, Any]) -> dict[str, Any]:
    """The group's guide writes both inside `connection`. Certificates are beside the login where nothing says where."""
    mode, inner = connection.get("sslMode"), connection.get("tls")
    tls = {"enabled": True, "mode": mode, **inner} if inner and mode in _VERIFYING else dict(spec.get("tls") or {})
    login: Mapping[str, Any] = next((connection[name] for name in _LOGINS if connection.get(name)), {})
    if tls.get("secretRef") and not foreign.kind.namespaced:  # a login without a namespace is refused
        tls["secretRef"] = {**tls["secretRef"], "namespace": login.get("namespace") or "default"}
    block = {**(spec.get("postgres") or {}), "sslMode": mode} if mode and not inner else spec.get("postgres")
    return {"tls": tls, "postgres": block}


def _translate_tracking(block: Mapping[str, Any] | None) -> dict[str, Any]:
    """Where the group has the block, things are tagged unless it says no. How MySQL's are is another engine's."""
    if block is None:
        return {}
    said = {name: value for name, value in without(block, "mysql").items() if value is not None}
    return {"enabled": True, "commentFormat": COMMENT, **said}


def _check_login(foreign: Resource, given: Sequence[str]) -> Iterator[Violation]:
    connection: Mapping[str, Any] = foreign.spec.get("connection") or {}
    if len(given) > 1:
        text = "give either secretRef or existingSecret: they mean the same"
        yield Violation("spec.connection.existingSecret", text, "FieldValueForbidden")
    elif not given:
        text = "name the Secret with the administrative login"
        yield Violation("spec.connection.secretRef", text, "FieldValueRequired")
    if foreign.kind.namespaced:
        yield from refuse_elsewhere(foreign, [(f"spec.connection.{name}", connection[name]) for name in given])
    elif given and not connection[given[0]].get("namespace"):
        text = "say in which namespace the Secret is: the instance itself is in none"
        yield Violation(f"spec.connection.{given[0]}.namespace", text, "FieldValueRequired")


def _check_encryption(spec: Mapping[str, Any], connection: Mapping[str, Any]) -> Iterator[Violation]:
    if connection.get("tls") and spec.get("tls"):
        text = "give either spec.tls or this: they mean the same"
        yield Violation("spec.connection.tls", text, "FieldValueForbidden")
    elif connection.get("tls") and connection.get("sslMode") not in _VERIFYING:
        text = f"certificates are given, so say what they are for: choose from {', '.join(_VERIFYING)}"
        yield Violation("spec.connection.sslMode", text, "FieldValueRequired")


def reflect_instance(foreign: Resource, children: Sequence[Resource]) -> Reflection:
    """A server is Ready when it answers."""
    child = children[0] if children else None
    verdict = read_verdict(child)
    phase = choose_phase(foreign, child, verdict)
    connected = read_condition(child, CONNECTED) if child is not None else {}
    ours: Mapping[str, Any] = child.status if child is not None else {}
    common = without(common_status(foreign, child), "drift")
    conditions = [ready(verdict), *_connection(connected)]
    status = {
        **common,
        "version": ours.get("version"),
        "lastCheckedAt": connected.get("lastTransitionTime"),
        "discoveredResources": ours.get("discoveredResources"),
    }
    blocked = verdict is not None and foreign.metadata.is_deleting and phase == FAILED
    events = (*_tell(foreign, phase, connected), *(_tell_blocked(foreign, conditions[0]) if blocked else ()))
    return Reflection(phase, conditions, status=status, events=(*events, *tell_confirmation(foreign, status)))


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


def _tell(foreign: Resource, phase: str, connected: Mapping[str, Any]) -> Iterator[Happening]:
    before = foreign.status.get("phase")
    message = str(connected.get("message", ""))
    if phase == READY and before != READY:
        yield Happening("Normal", CONNECTED, message)
    if phase == FAILED and before != FAILED and connected.get("status") == "False":
        yield Happening("Warning", "ConnectionFailed", message)


def _tell_blocked(foreign: Resource, held: Condition) -> Iterator[Happening]:
    known = {c.get("type"): c.get("reason") for c in foreign.status.get("conditions") or ()}.get(READY)
    if known != held.reason:
        yield Happening("Warning", "DeletionBlocked", held.message)
