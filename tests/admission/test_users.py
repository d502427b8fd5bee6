"""What is refused in a DatabaseUser of any engine."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.admission.users import secret_can_be_made
from dbaas.api.user import DatabaseUserSpec
from dbaas.contracts.admission import Review, Violation


def check(**spec: Any) -> list[Violation]:
    body = {"instanceRef": {"name": "main"}, **spec}
    new = {"metadata": {"name": "app", "namespace": "shop"}, "spec": body}
    review = Review("CREATE", "dbaas.io", "v1", "DatabaseUser", new, None)
    return list(secret_can_be_made(review, DatabaseUserSpec.model_validate(body)))


def fields(**secret: Any) -> list[str]:
    return [violation.field.removeprefix("spec.passwordSecret.") for violation in check(passwordSecret=secret)]


def test_ordinary_secrets_pass() -> None:
    template = {
        "type": "kubernetes.io/basic-auth", "labels": {"team.test/a": "b", "x": ""}, "annotations": {"a/b": "any"},
        "data": {"username": "{{ .Username }}", "password": "{{ .Password }}", "CA.pem": "{{ .CA }}{{ .TLSCert }}"},
    }  # fmt: skip
    assert not fields(secretTemplate=template, secretNamespace="shop")
    assert not check(passwordRotation={"enabled": False, "schedule": "0 0 * * *"})


def test_what_is_not_built_yet_is_refused_with_what_to_do() -> None:
    assert fields(secretNamespace="other") == ["secretNamespace"]
    assert fields(format="vault") == fields(format="external-secrets") == ["format"]
    assert [v.field for v in check(passwordRotation={"enabled": True})] == ["spec.passwordRotation"]


def test_a_template_that_cannot_be_used_is_refused_with_its_place() -> None:
    (violation,) = check(passwordSecret={"secretTemplate": {"data": {"url": "x\n{{ .Pasword }}"}}})
    assert violation.field == "spec.passwordSecret.secretTemplate.data[url]"
    assert violation.message.startswith("line 2, column 4: there is no variable .Pasword")


def test_the_password_itself_is_never_hidden_by_a_template() -> None:
    encoded = {"data": {"password": "{{ .Password | urlEncode }}"}}
    assert fields(secretTemplate=encoded) == ["secretTemplate.data[password]"]
    assert not fields(secretTemplate=encoded, key="raw")


@pytest.mark.parametrize(
    ("part", "name"),
    [
        ("data", "a b"), ("labels", "-a"), ("labels", "dbaas.io/cluster"), ("annotations", "dbaas.io/written"),
        ("annotations", "a/b/c"), ("labels", "app.kubernetes.io/managed-by"),
    ],
)  # fmt: skip
def test_names_that_cannot_be_are_refused(part: str, name: str) -> None:
    assert fields(secretTemplate={part: {name: "x"}}) == [f"secretTemplate.{part}[{name}]"]


def test_a_label_is_one_word() -> None:
    assert fields(secretTemplate={"labels": {"a": "two words"}}) == ["secretTemplate.labels[a]"]
