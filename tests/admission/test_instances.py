"""Whose Secrets an instance may read, and what it cannot ask for."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.admission.facts import Facts
from dbaas.admission.instances import authority_is_named, login_can_be_read, secrets_are_its_own, tags_can_be_made
from dbaas.api.instance import DatabaseInstanceSpec
from dbaas.contracts.admission import Review
from dbaas.contracts.engine import Engine, Tagging
from dbaas.contracts.registry import Registry

PASSWORD = {"secretKeyRef": {"name": "s", "namespace": "other", "key": "p"}}


def spec(connection: dict[str, Any], **more: Any) -> DatabaseInstanceSpec:
    return DatabaseInstanceSpec.model_validate(
        {"engine": "granite", "connection": {"host": "h", "port": 1, **connection}, **more}
    )


def fields(read: DatabaseInstanceSpec, namespace: str | None) -> list[tuple[str, str]]:
    metadata = {"name": "main"} | ({"namespace": namespace} if namespace else {})
    review = Review("CREATE", "dbaas.io", "v1", "DatabaseInstance", {"metadata": metadata}, None)
    return [(violation.field, violation.reason) for violation in secrets_are_its_own(review, read)]


@pytest.mark.parametrize("name", ["secretRef", "existingSecret"])
def test_a_secret_of_another_namespace_is_refused(name: str) -> None:
    theirs = spec({name: {"name": "s", "namespace": "other"}}, tls={"secretRef": {"name": "t", "namespace": "other"}})
    assert fields(theirs, "default") == [
        (f"spec.connection.{name}.namespace", "FieldValueForbidden"),
        ("spec.tls.secretRef.namespace", "FieldValueForbidden"),
    ]
    assert fields(theirs, "other") == []


def test_an_instance_for_the_whole_cluster_must_say_where_its_secrets_are() -> None:
    assert fields(spec({"secretRef": {"name": "s"}}), None) == [
        ("spec.connection.secretRef.namespace", "FieldValueRequired")
    ]
    assert fields(spec({"secretRef": {"name": "s", "namespace": "any"}}), None) == []


def test_parts_of_a_login_are_looked_at_as_well() -> None:
    login = {"username": {"value": "root"}, "password": {"valueFrom": PASSWORD}}
    (found,) = fields(spec({"credentials": login}), "default")
    assert found[0] == "spec.connection.credentials.password.valueFrom.secretKeyRef.namespace"


def test_a_login_in_aws_is_refused_with_what_to_do() -> None:
    aws = {"awsSecretKeyRef": {"arn": "arn:aws:secretsmanager:x"}}
    login = {"username": {"value": "root"}, "password": {"valueFrom": aws}}
    (violation,) = login_can_be_read(spec({"credentials": login}))
    assert "put the value into a Secret" in violation.message
    assert violation.field == "spec.connection.credentials.password.valueFrom.awsSecretKeyRef"


def test_an_authority_that_is_to_be_checked_must_be_named() -> None:
    here = {"secretRef": {"name": "s"}}
    assert list(authority_is_named(spec(here, tls={"enabled": True, "mode": "verify-full"}))) == []
    assert [v.field for v in authority_is_named(spec(here, tls={"enabled": True, "mode": "verify-ca"}))] == [
        "spec.tls.secretRef"
    ]


def tag_fields(**tracking: Any) -> list[tuple[str, str]]:
    tagging = Tagging(frozenset({"notes"}), lambda item, text: None)
    engines = {engine.name: engine for engine in (Engine("granite", tagging=tagging), Engine("slate"))}
    read = spec({"secretRef": {"name": "s"}}, **tracking)
    return [
        (each.field, each.message)
        for each in tags_can_be_made(read.resource_tracking, Facts(Registry(engines, {}, ""), read.engine))
    ]


def test_usual_tags_and_none_are_accepted() -> None:
    assert tag_fields() == []
    assert tag_fields(resourceTracking={"enabled": True}) == []
    assert tag_fields(engine="slate") == []


def test_an_engine_without_tags_cannot_be_asked_for_them() -> None:
    ((field, message),) = tag_fields(engine="slate", resourceTracking={"enabled": True})
    assert field == "spec.resourceTracking.enabled"
    assert message == "slate has nothing to keep tags in: leave it out"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("by {{ .Owner }}", "line 1, column 7: there is no variable .Owner"),
        ("{{ .Name", "line 1, column 1: "),
        ("{{ base64Decode .Kind }}", "base64Decode: "),
        ("{{ if eq .Name .Kind }}x{{ end }}", "it gives no text"),
        ('{{ "a\\x00b" }}', "NUL"),
    ],
)
def test_a_template_that_cannot_be_filled_is_refused_where_it_is_wrong(source: str, message: str) -> None:
    ((field, text),) = tag_fields(resourceTracking={"enabled": True, "commentFormat": source})
    assert field == "spec.resourceTracking.commentFormat"
    assert message in text
