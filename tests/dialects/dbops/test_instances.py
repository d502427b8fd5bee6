"""DatabaseInstance of the group."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.dialects.dbops.instances import reflect_instance, translate_instance
from dialects.dbops.make import MOMENT, child, foreign

CONNECTION = {"host": "db", "port": 5432, "secretRef": {"name": "login"}}
ANSWERS = (("Connected", "True", "ConnectionSuccess", "it answers"), ("Ready", "True", "Connected", "it answers"))
SILENT = (("Connected", "False", "Unreachable", "refused"), ("Ready", "False", "Unreachable", "refused"))


def instance(connection: dict[str, Any], **spec: Any) -> Any:
    return foreign("DatabaseInstance", {"engine": "postgres", "connection": connection, **spec})


def test_differences_are_looked_for_as_rarely_as_the_group_says() -> None:
    (body,) = translate_instance(instance(CONNECTION), {}).objects
    assert body["spec"]["driftPolicy"] == {"mode": "detect", "interval": "8h"}
    (body,) = translate_instance(instance(CONNECTION, driftPolicy={"mode": "correct"}), {}).objects
    assert body["spec"]["driftPolicy"] == {"mode": "correct", "interval": "8h"}


def test_both_names_of_the_login_are_understood() -> None:
    for name in ("secretRef", "existingSecret"):
        given = {"host": "db", "port": 5432, name: {"name": "login", "keys": {"username": "u"}}}
        (body,) = translate_instance(instance(given), {}).objects
        assert body["spec"]["connection"]["secretRef"] == {"name": "login", "keys": {"username": "u"}}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {"enabled": True}),
        ({"enabled": False, "commentFormat": None}, {"enabled": False}),
        ({"commentFormat": "{{ .Name }}", "mysql": {}}, {"enabled": True, "commentFormat": "{{ .Name }}"}),
    ],
)
def test_things_are_tagged_where_the_block_is_given_and_says_nothing_else(
    given: dict[str, Any], expected: dict[str, Any]
) -> None:
    (body,) = translate_instance(instance(CONNECTION, resourceTracking=given), {}).objects
    assert body["spec"]["resourceTracking"] == expected
    (body,) = translate_instance(instance(CONNECTION), {}).objects
    assert "resourceTracking" not in body["spec"]


@pytest.mark.parametrize(
    ("connection", "field"),
    [
        ({"host": "db", "port": 1}, "spec.connection.secretRef"),
        ({**CONNECTION, "existingSecret": {"name": "x"}}, "spec.connection.existingSecret"),
        ({**CONNECTION, "secretRef": {"name": "x", "namespace": "else"}}, "spec.connection.secretRef.namespace"),
    ],
)
def test_a_login_that_cannot_be_read_is_refused(connection: dict[str, Any], field: str) -> None:
    assert [violation.field for violation in translate_instance(instance(connection), {}).refused] == [field]


def test_a_server_that_answers_is_connected_healthy_and_ready() -> None:
    told = reflect_instance(instance(CONNECTION), [child(DATABASE_INSTANCE, *ANSWERS, version="18.1")])
    assert (told.phase, told.status["version"], told.status["lastCheckedAt"]) == ("Ready", "18.1", MOMENT)
    assert [(c.type, c.status, c.reason) for c in told.conditions] == [
        ("Ready", "True", "ReconcileSuccess"),
        ("Connected", "True", "ConnectionSuccess"),
        ("Healthy", "True", "HealthCheckPassed"),
    ]
    assert [(event.reason, event.note) for event in told.events] == [("Connected", "it answers")]


def test_a_server_that_is_silent_has_failed_and_that_is_said_once() -> None:
    lost = child(DATABASE_INSTANCE, *SILENT)
    before = foreign("DatabaseInstance", {"connection": CONNECTION}, status={"phase": "Ready"})
    told = reflect_instance(before, [lost])
    assert told.phase == "Failed"
    assert [(event.type, event.reason) for event in told.events] == [("Warning", "ConnectionFailed")]
    after = foreign("DatabaseInstance", {"connection": CONNECTION}, status={"phase": "Failed"})
    assert reflect_instance(after, [lost]).events == ()
