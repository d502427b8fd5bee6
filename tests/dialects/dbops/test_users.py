"""DatabaseUser of the group."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.api.user import DATABASE_USER
from dbaas.dialects.dbops.models.blocks import GROUP
from dbaas.dialects.dbops.users import default_secret_name, reflect_user, translate_user
from dialects.dbops.make import MOMENT, SERVER, child, foreign, unknown_fields

SPEC = {**SERVER, "username": "shop_app"}


def test_its_secret_is_called_after_the_user_unless_a_name_is_given() -> None:
    (body,) = translate_user(foreign("DatabaseUser", SPEC), {}).objects
    assert body["spec"]["passwordSecret"] == {"secretName": "shop-app-credentials"}
    given = {"generate": True, "secretName": "mine", "format": "kubernetes", "secretNamespace": "shop"}
    (body,) = translate_user(foreign("DatabaseUser", {**SPEC, "passwordSecret": given}), {}).objects
    assert body["spec"]["passwordSecret"] == {"generate": True, "secretName": "mine"}


@pytest.mark.parametrize(("name", "secret"), [("App", "app-credentials"), ("_a_b_", "a-b-credentials")])
def test_the_default_name_is_one_that_objects_may_have(name: str, secret: str) -> None:
    assert default_secret_name(name) == secret


def test_what_becomes_of_it_is_said_by_an_annotation() -> None:
    (body,) = translate_user(foreign("DatabaseUser", SPEC), {}).objects
    assert body["spec"]["deletionPolicy"] == "Delete"
    annotations = {f"{GROUP}/deletion-policy": "Retain", f"{GROUP}/force-delete": "true", "other": "x"}
    (body,) = translate_user(foreign("DatabaseUser", SPEC, annotations=annotations), {}).objects
    assert body["spec"]["deletionPolicy"] == "Retain"
    assert body["metadata"]["annotations"] == {"dbaas.io/force-delete": "true"}


@pytest.mark.parametrize(
    ("spec", "annotations", "field"),
    [
        ({"passwordSecret": {"secretName": "a", "secretNamespace": "b"}}, {}, "spec.passwordSecret.secretNamespace"),
        ({"passwordSecret": {"secretName": "a", "format": "vault"}}, {}, "spec.passwordSecret.format"),
        ({"passwordRotation": {"enabled": True}}, {}, "spec.passwordRotation.enabled"),
        (
            {"existingPasswordSecret": {"name": "a", "namespace": "b", "key": "c"}},
            {},
            "spec.existingPasswordSecret.namespace",
        ),
        ({}, {"deletion-policy": "Snapshot"}, f"metadata.annotations[{GROUP}/deletion-policy]"),
        ({}, {"deletion-protection": "yes"}, f"metadata.annotations[{GROUP}/deletion-protection]"),
    ],
)
def test_what_cannot_be_honoured_is_refused(spec: dict[str, Any], annotations: dict[str, str], field: str) -> None:
    given = {f"{GROUP}/{name}": value for name, value in annotations.items()}
    translation = translate_user(foreign("DatabaseUser", {**SPEC, **spec}, annotations=given), {})
    assert [violation.field for violation in translation.refused] == [field]


READY = ("Ready", "True", "Applied", "as it should be")


def test_its_status_tells_where_the_login_is_and_when_it_changed() -> None:
    ready = ("Ready", "True", "Applied", "as it should be")
    there = child(DATABASE_USER, ready, user={"username": "shop_app"}, secret={"name": "s", "lastChanged": MOMENT})
    told = reflect_user(foreign("DatabaseUser", SPEC), [there])
    assert told.status["secret"] == {"name": "s", "namespace": "shop", "lastRotatedAt": MOMENT}
    assert [event.reason for event in told.events] == ["Created", "SecretCreated"]
    known = {"phase": "Ready", "user": {"username": "shop_app"}, "secret": {"name": "s"}}
    assert reflect_user(foreign("DatabaseUser", SPEC, status=known), [there]).events == ()
    assert unknown_fields("DatabaseUser", told) == []


@pytest.mark.parametrize(
    ("spec", "reason"),
    [({}, "SecretRegenerated"), ({"existingPasswordSecret": {"name": "s", "key": "k"}}, "SecretUpdated")],
)
def test_a_new_password_is_told_by_where_it_came_from(spec: dict[str, Any], reason: str) -> None:
    there = child(DATABASE_USER, READY, user={"username": "shop_app"}, secret={"name": "s", "lastChanged": MOMENT})
    known = {
        "phase": "Ready", "user": {"username": "shop_app"}, "secret": {"name": "s", "lastRotatedAt": "2025-01-01"}
    }  # fmt: skip
    told = reflect_user(foreign("DatabaseUser", {**SPEC, **spec}, status=known), [there])
    assert [event.reason for event in told.events] == [reason]


def test_protection_is_an_annotation_and_messages_say_so() -> None:
    protected = foreign("DatabaseUser", SPEC, annotations={f"{GROUP}/deletion-protection": "true"})
    translation = translate_user(protected, {})
    assert translation.refused == () and translation.objects[0]["spec"]["deletionProtection"] is True
    message = "user 'a' is protected: set spec.deletionProtection to false, or deletionPolicy to Retain"
    leaving = foreign("DatabaseUser", SPEC, deletionTimestamp=MOMENT)
    told = reflect_user(leaving, [child(DATABASE_USER, ("Ready", "False", "DeletionProtected", message))])
    assert (told.phase, [event.reason for event in told.events]) == ("Failed", ["DeletionBlocked"])
    assert told.conditions[0].message == (
        f"user 'a' is protected: set annotation {GROUP}/deletion-protection to false, "
        f"or annotation {GROUP}/deletion-policy to Retain"
    )


def test_what_it_owns_is_told_with_a_way_out_that_the_group_has() -> None:
    ours = {
        "blocked": True, "lastCheckedAt": MOMENT, "resolution": "use spec.drop",
        "message": "it owns table a: use spec.drop",
        "ownedObjects": [{"database": "shop", "schema": "sales", "name": "a", "type": "table"}],
    }  # fmt: skip
    held = child(DATABASE_USER, ("Ready", "False", "OwnsObjects", ours["message"]), ownershipBlock=ours)
    told = reflect_user(foreign("DatabaseUser", SPEC, deletionTimestamp=MOMENT), [held])
    block = told.status["ownershipBlock"]
    assert block["ownedObjects"] == [{"schema": "shop.sales", "name": "a", "type": "table"}]
    assert "REASSIGN OWNED" in block["resolution"] and "spec.drop" not in block["message"]
    assert "spec.drop" not in told.conditions[0].message and told.conditions[0].reason == "OwnsObjects"
    assert unknown_fields("DatabaseUser", told) == []
