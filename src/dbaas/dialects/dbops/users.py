"""DatabaseUser: translated and reflected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from dbaas.api.resource import Resource
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.admission import Violation
from dbaas.contracts.dialect import Found, Happening, Reflection, Translation
from dbaas.dialects.dbops.annotations import read_consent, read_farewell, refuse_farewell
from dbaas.dialects.dbops.bodies import (
    ENGINES,
    SAME_NAMESPACE,
    SERVER,
    build_body,
    refuse_elsewhere,
    take,
    without,
)
from dbaas.dialects.dbops.farewells import describe_block, say_by_annotations
from dbaas.dialects.dbops.words import Words, reflect_managed


def translate_user(foreign: Resource, found: Found) -> Translation:
    """What becomes of the user in the end is said by annotations here."""
    spec = foreign.spec
    secret: Mapping[str, Any] = spec.get("passwordSecret") or {}
    body = build_body(
        DATABASE_USER,
        foreign,
        {
            **take(spec, *SERVER, "databaseRef", "username", "roles", "driftPolicy", *ENGINES),
            "passwordSecret": {
                "secretName": default_secret_name(str(spec.get("username", ""))),
                **without(secret, "secretNamespace", "format"),
            },
            "existingPasswordSecret": without(spec.get("existingPasswordSecret"), "namespace"),
            "allowedNamespaces": read_consent(foreign),
            **read_farewell(foreign),
        },
    )
    return Translation((body,), refused=(*_refuse(foreign, secret), *refuse_farewell(foreign)))


def default_secret_name(username: str) -> str:
    """`<username>-credentials`, as an object may be called."""
    return f"{username.lower().replace('_', '-').strip('-')}-credentials"


def _refuse(foreign: Resource, secret: Mapping[str, Any]) -> Iterator[Violation]:
    spec = foreign.spec
    yield from refuse_elsewhere(foreign, [("spec.existingPasswordSecret", spec.get("existingPasswordSecret"))])
    if secret.get("secretNamespace", foreign.metadata.namespace) != foreign.metadata.namespace:
        yield Violation("spec.passwordSecret.secretNamespace", SAME_NAMESPACE, "FieldValueNotSupported")
    if secret.get("format", "kubernetes") != "kubernetes":
        text = "this version publishes passwords only as Secrets of Kubernetes"
        yield Violation("spec.passwordSecret.format", text, "FieldValueNotSupported")
    if (spec.get("passwordRotation") or {}).get("enabled"):
        text = "this version does not change passwords by a schedule: turn it off; deleting the Secret makes a new one"
        yield Violation("spec.passwordRotation.enabled", text, "FieldValueNotSupported")


def reflect_user(foreign: Resource, children: Sequence[Resource]) -> Reflection:
    """What the server says of it, and where its login is."""
    words = Words(f"user {foreign.spec.get('username')!r}", "user")

    def describe(ours: Mapping[str, Any]) -> Mapping[str, Any]:
        return {
            "user": ours.get("user"),
            "secret": _secret(foreign, ours.get("secret")),
            "ownershipBlock": describe_block(ours.get("ownershipBlock")),
        }

    told = reflect_managed(foreign, children, words, describe, say_by_annotations)
    return replace(told, events=(*told.events, *_tell_secret(foreign, told.status.get("secret") or {})))


def _secret(foreign: Resource, published: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if not published:
        return None
    found = {
        "name": published.get("name"),
        "namespace": foreign.metadata.namespace,
        "lastRotatedAt": published.get("lastChanged"),
    }
    return {name: value for name, value in found.items() if value is not None}


def _tell_secret(foreign: Resource, secret: Mapping[str, Any]) -> Iterator[Happening]:
    before: Mapping[str, Any] = foreign.status.get("secret") or {}
    if secret and not before:
        yield Happening("Normal", "SecretCreated", f"the login is in Secret {secret['name']}")
    elif secret and before.get("lastRotatedAt") and before["lastRotatedAt"] != secret.get("lastRotatedAt"):
        reason = "SecretUpdated" if foreign.spec.get("existingPasswordSecret") else "SecretRegenerated"
        yield Happening("Normal", reason, f"the server has the new password of Secret {secret['name']}")
