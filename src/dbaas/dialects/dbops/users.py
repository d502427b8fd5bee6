"""DatabaseUser: translated and reflected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dbaas.api.resource import Resource
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.admission import Violation
from dbaas.contracts.dialect import Found, Happening, Reflection, Translation
from dbaas.dialects.dbops.annotations import DELETION_POLICY, DELETION_PROTECTION
from dbaas.dialects.dbops.bodies import SAME_NAMESPACE, build_body, refuse_elsewhere, take, without
from dbaas.dialects.dbops.words import (
    choose_phase,
    common_status,
    read_verdict,
    ready_condition,
    synced_condition,
    tell,
)

POLICIES = ("Delete", "Retain")


def translate_user(foreign: Resource, found: Found) -> Translation:
    """What becomes of the user in the end is said by annotations here."""
    spec = foreign.spec
    secret: Mapping[str, Any] = spec.get("passwordSecret") or {}
    annotations = foreign.metadata.annotations
    body = build_body(
        DATABASE_USER,
        foreign,
        {
            **take(spec, "instanceRef", "clusterInstanceRef", "databaseRef", "username", "roles", "driftPolicy"),
            **take(spec, "postgres", "mysql", "clickhouse"),
            "passwordSecret": {
                "secretName": default_secret_name(str(spec.get("username", ""))),
                **without(secret, "secretNamespace", "format"),
            },
            "existingPasswordSecret": without(spec.get("existingPasswordSecret"), "namespace"),
            "deletionPolicy": annotations.get(DELETION_POLICY, "Delete"),
        },
    )
    return Translation((body,), refused=tuple(_refuse(foreign, secret)))


def default_secret_name(username: str) -> str:
    """`<username>-credentials`, as an object may be called."""
    return f"{username.lower().replace('_', '-').strip('-')}-credentials"


def _refuse(foreign: Resource, secret: Mapping[str, Any]) -> Iterator[Violation]:
    spec, annotations = foreign.spec, foreign.metadata.annotations
    yield from refuse_elsewhere(foreign, [("spec.existingPasswordSecret", spec.get("existingPasswordSecret"))])
    if secret.get("secretNamespace", foreign.metadata.namespace) != foreign.metadata.namespace:
        yield Violation("spec.passwordSecret.secretNamespace", SAME_NAMESPACE, "FieldValueNotSupported")
    if secret.get("format", "kubernetes") != "kubernetes":
        text = "this version publishes passwords only as Secrets of Kubernetes"
        yield Violation("spec.passwordSecret.format", text, "FieldValueNotSupported")
    if (spec.get("passwordRotation") or {}).get("enabled"):
        text = "this version does not change passwords by a schedule: turn it off"
        yield Violation("spec.passwordRotation.enabled", text, "FieldValueNotSupported")
    if annotations.get(DELETION_POLICY, "Delete") not in POLICIES:
        text = f"choose from {', '.join(POLICIES)}"
        yield Violation(f"metadata.annotations[{DELETION_POLICY}]", text, "FieldValueNotSupported")
    if annotations.get(DELETION_PROTECTION, "").lower() == "true":
        text = "users cannot be protected in this version: keep them by the deletion policy Retain"
        yield Violation(f"metadata.annotations[{DELETION_PROTECTION}]", text, "FieldValueNotSupported")


def reflect_user(foreign: Resource, children: Sequence[Resource]) -> Reflection:
    """What the server says of it, and where its login is."""
    child = children[0] if children else None
    verdict = read_verdict(child)
    phase = choose_phase(foreign, child, verdict)
    ours: Mapping[str, Any] = child.status if child is not None else {}
    secret = _secret(foreign, ours.get("secret"))
    status = {
        **common_status(child),
        "user": ours.get("user"),
        "secret": secret,
        "ownershipBlock": ours.get("ownershipBlock"),
    }
    is_new = not foreign.status.get("user")
    events = tell(foreign, phase, verdict, is_new, f"user {foreign.spec.get('username')!r}")
    if secret is not None and not foreign.status.get("secret"):
        events = (*events, Happening("Normal", "SecretCreated", f"the login is in Secret {secret['name']}"))
    return Reflection(phase, [ready_condition(verdict), synced_condition(verdict)], status=status, events=events)


def _secret(foreign: Resource, published: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if not published:
        return None
    found = {
        "name": published.get("name"),
        "namespace": foreign.metadata.namespace,
        "lastRotatedAt": published.get("lastChanged"),
    }
    return {name: value for name, value in found.items() if value is not None}
