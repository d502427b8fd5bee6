"""What must not be printed or kept of a manifest."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.api.sensitive import find_secrets, mask_secrets, put_secrets

SECRET = {"apiVersion": "v1", "kind": "Secret", "data": {"a": "MQ=="}, "stringData": {"b": 2, "c": ""}}
LOGIN = {"username": {"value": "root"}, "password": {"value": "hunter2"}}


def instance(**connection: Any) -> dict[str, Any]:
    return {"apiVersion": "dbaas.io/v1", "kind": "DatabaseInstance", "spec": {"connection": connection}}


def test_all_values_of_a_secret_count() -> None:
    assert find_secrets(SECRET) == {("data", "a"): "MQ==", ("stringData", "b"): 2}


@pytest.mark.parametrize(
    ("connection", "found"),
    [
        ({"login": LOGIN}, {("spec", "connection", "login", "password", "value"): "hunter2"}),
        ({"logins": [{"adminPassword": "x"}]}, {("spec", "connection", "logins", 0, "adminPassword"): "x"}),
        ({"password": {"valueFrom": {"secretKeyRef": {"name": "a", "key": "password"}}}}, {}),
        ({"secretRef": {"name": "main", "keys": {"username": "u"}}, "passwordLength": 8, "password": ""}, {}),
    ],
)
def test_elsewhere_a_password_that_is_written_out(connection: dict[str, Any], found: dict[Any, Any]) -> None:
    assert find_secrets(instance(**connection)) == found


def test_others_can_be_put_in_their_place_and_all_else_stays() -> None:
    body = instance(logins=[LOGIN], host="a")
    masked = put_secrets(body, dict.fromkeys(find_secrets(body), "***"))
    assert masked == instance(logins=[{**LOGIN, "password": {"value": "***"}}], host="a")
    assert put_secrets(masked, find_secrets(body)) == body


def test_a_text_of_sql_is_a_secret_if_a_password_is_written_out_in_it_and_is_shown_without_it() -> None:
    bad, good = "CREATE ROLE a PASSWORD 'hunter2'", "CREATE TABLE a ()"
    body = {"kind": "Database", "spec": {"initSQL": {"inline": [good, bad]}}}
    assert find_secrets(body) == {("spec", "initSQL", "inline", 1): bad}
    assert mask_secrets(body) == {("spec", "initSQL", "inline", 1): "CREATE ROLE a PASSWORD '********'"}
    texts = {"kind": "ConfigMap", "data": {"a.sql": bad, "b.sql": good}}
    assert mask_secrets(texts) == {("data", "a.sql"): "CREATE ROLE a PASSWORD '********'"}
    assert mask_secrets(SECRET) == {("data", "a"): "********", ("stringData", "b"): "********"}
