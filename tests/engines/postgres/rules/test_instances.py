"""What is refused in a DatabaseInstance."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.api.instance import DatabaseInstanceSpec
from dbaas.engines.postgres.rules.instances import instance_is_possible


def check(connection: dict[str, Any] | None = None, **more: Any) -> list[tuple[str, str]]:
    body = {"engine": "postgres", "connection": {"host": "h", "port": 1, **(connection or {})}, **more}
    return [(v.field, v.message) for v in instance_is_possible(DatabaseInstanceSpec.model_validate(body))]


@pytest.mark.parametrize("name", ["host", "user", "password", "options", "sslmode", "service", "passfile", "dbname"])
def test_parameters_that_lead_elsewhere_are_refused(name: str) -> None:
    ((field, message),) = check({"options": {name: "x"}})
    assert field == f"spec.connection.options[{name}]"
    assert "choose from channel_binding, keepalives" in message


def test_parameters_of_the_connection_itself_are_taken() -> None:
    assert check({"options": {"keepalives_idle": "30", "target_session_attrs": "read-write"}}) == []


def test_two_words_on_encryption_must_not_differ() -> None:
    tls = {"enabled": True, "mode": "verify-full"}
    assert [field for field, _ in check(tls=tls, postgres={"sslMode": "disable"})] == ["spec.postgres.sslMode"]
    assert check(tls=tls, postgres={"sslMode": "verify-full"}) == []
    assert check(tls=tls, postgres={"connectTimeout": 3}) == []


def test_an_authority_that_is_to_be_checked_must_be_named() -> None:
    assert [field for field, _ in check(postgres={"sslMode": "verify-ca"})] == ["spec.postgres.sslMode"]
    assert check(postgres={"sslMode": "verify-ca"}, tls={"secretRef": {"name": "ca"}}) == []
