"""DatabaseInstance of the group."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.dialects.dbops.instances import COMMENT, reflect_instance, translate_instance
from dialects.dbops.make import MOMENT, child, foreign, unknown_fields

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
        ({}, {"enabled": True, "commentFormat": COMMENT}),
        ({"enabled": False, "commentFormat": None}, {"enabled": False, "commentFormat": COMMENT}),
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


@pytest.mark.parametrize("kind", ["DatabaseInstance", "ClusterDatabaseInstance"])
def test_any_namespace_may_name_a_server_unless_its_owner_says_which(kind: str) -> None:
    (body,) = translate_instance(foreign(kind, {"engine": "postgres", "connection": CONNECTION}), {}).objects
    assert (body["kind"], body["spec"]["allowedNamespaces"]) == (kind, ["*"])
    said = {"dbaas.io/allowed-namespaces": "shop"}
    named = foreign(kind, {"engine": "postgres", "connection": CONNECTION}, annotations=said)
    assert translate_instance(named, {}).objects[0]["spec"]["allowedNamespaces"] == ["shop"]


def test_a_cluster_scoped_server_says_where_its_login_is_and_its_certificates_are_beside_it() -> None:
    login = {"name": "login", "namespace": "platform"}
    spec = {
        "engine": "postgres", "connection": {**CONNECTION, "secretRef": login},
        "tls": {"enabled": True, "mode": "verify-ca", "secretRef": {"name": "tls"}},
    }  # fmt: skip
    translation = translate_instance(foreign("ClusterDatabaseInstance", spec), {})
    given = translation.objects[0]["spec"]
    assert translation.refused == () and given["connection"]["secretRef"] == login
    assert given["tls"]["secretRef"] == {"name": "tls", "namespace": "platform"}


def test_encryption_as_the_guide_writes_it_is_understood() -> None:
    (body,) = translate_instance(
        instance({**CONNECTION, "sslMode": "require"}, postgres={"sslMode": "prefer"}), {}
    ).objects
    assert body["spec"]["postgres"] == {"sslMode": "require"} and "tls" not in body["spec"]
    assert set(body["spec"]["connection"]) == {"host", "port", "secretRef"}
    certificates = {"secretRef": {"name": "tls", "keys": {"ca": "ca.crt"}}}
    (body,) = translate_instance(instance({**CONNECTION, "sslMode": "verify-full", "tls": certificates}), {}).objects
    assert body["spec"]["tls"] == {"enabled": True, "mode": "verify-full", **certificates}
    assert "postgres" not in body["spec"]


@pytest.mark.parametrize(
    ("connection", "tls", "field"),
    [
        ({"tls": {"secretRef": {"name": "t"}}, "sslMode": "prefer"}, {}, "spec.connection.sslMode"),
        ({"tls": {"secretRef": {"name": "t"}}}, {}, "spec.connection.sslMode"),
        ({"tls": {"secretRef": {"name": "t"}}, "sslMode": "require"}, {"enabled": True}, "spec.connection.tls"),
    ],
)
def test_encryption_that_is_half_said_or_said_twice_is_refused(
    connection: dict[str, Any], tls: dict[str, Any], field: str
) -> None:
    translation = translate_instance(instance({**CONNECTION, **connection}, **({"tls": tls} if tls else {})), {})
    assert [violation.field for violation in translation.refused] == [field]


def test_what_was_discovered_is_told_and_fits_the_schema() -> None:
    found = {"databases": [{"name": "old", "discovered": MOMENT}], "lastScan": MOMENT}
    told = reflect_instance(
        instance(CONNECTION), [child(DATABASE_INSTANCE, *ANSWERS, version="18", discoveredResources=found)]
    )
    assert told.status["discoveredResources"] == found
    assert unknown_fields("DatabaseInstance", told) == []


def test_a_deletion_that_is_held_is_told_once() -> None:
    held = child(DATABASE_INSTANCE, ANSWERS[0], ("Ready", "False", "DependenciesExist", "1 object depends on it"))
    leaving = foreign("DatabaseInstance", {"connection": CONNECTION}, deletionTimestamp=MOMENT)
    told = reflect_instance(leaving, [held])
    assert (told.phase, [event.reason for event in told.events]) == ("Failed", ["DeletionBlocked"])
    known = {"conditions": [{"type": "Ready", "reason": "DependenciesExist"}]}
    again = foreign("DatabaseInstance", {"connection": CONNECTION}, deletionTimestamp=MOMENT, status=known)
    assert reflect_instance(again, [held]).events == ()
