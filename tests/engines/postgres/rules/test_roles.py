"""What is refused in a DatabaseUser, with the field and a sentence."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.api.user import DatabaseUserSpec
from dbaas.contracts.admission import Violation
from dbaas.engines.postgres.rules.roles import user_is_possible

SERVER = {"name": "main"}


def check_user(**body: Any) -> list[Violation]:
    return list(user_is_possible(DatabaseUserSpec.model_validate({"instanceRef": SERVER, **body})))


def test_ordinary_users_pass() -> None:
    assert not check_user(username="shop-app", postgres={"createDB": True})


@pytest.mark.parametrize("name", ["postgres", "pg_monitor", "public", "none"])
def test_roles_of_the_server_itself_are_refused(name: str) -> None:
    assert [violation.field for violation in check_user(username=name)] == ["spec.username"]


def test_a_guest_of_another_namespace_does_not_become_its_administrator() -> None:
    block = {"superuser": True, "createRole": True, "replication": True, "bypassRLS": True, "createDB": True}
    assert not check_user(postgres=block)
    guest = check_user(postgres=block, instanceRef={"name": "main", "namespace": "platform"})
    assert [violation.field for violation in guest] == [
        "spec.postgres.superuser", "spec.postgres.createRole", "spec.postgres.replication", "spec.postgres.bypassRLS"
    ]  # fmt: skip


def test_a_block_that_slipped_past_the_schema_is_told_with_its_field() -> None:
    (violation,) = check_user(postgres={"connectionLimit": "many"})
    assert violation.field == "spec.postgres.connectionLimit"
