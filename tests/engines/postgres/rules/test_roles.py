"""What is refused in a DatabaseRole, with the field and a sentence."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.api.role import ClusterDatabaseRoleSpec, DatabaseRoleSpec
from dbaas.engines.postgres.rules.roles import role_is_possible

POWERS = {"superuser": True, "createRole": True, "replication": True, "bypassRLS": True}


def fields(**body: Any) -> list[str]:
    spec = DatabaseRoleSpec.model_validate({"instanceRef": {"name": "main"}, **body})
    return [violation.field for violation in role_is_possible(spec)]


def test_ordinary_roles_pass() -> None:
    assert not fields(roleName="staff", memberships=[{"role": "pg_monitor", "admin": True}], postgres=POWERS)


@pytest.mark.parametrize("name", ["postgres", "pg_monitor", "public", "none", "x" * 64])
def test_names_that_no_role_can_have_are_refused(name: str) -> None:
    assert fields(roleName=name) == ["spec.roleName"]


@pytest.mark.parametrize(
    "server",
    [
        {"instanceRef": {"name": "main", "namespace": "platform"}},
        {"instanceRef": {"kind": "ClusterDatabaseInstance", "name": "main"}},
        {"instanceRef": None, "clusterInstanceRef": {"name": "main"}},
    ],
)
def test_a_guest_gets_no_powers(server: dict[str, Any]) -> None:
    block = {**POWERS, "inRoles": ["pg_monitor"]}
    assert len(fields(postgres=block, **server)) == 5


def test_a_role_for_the_whole_cluster_is_no_guest() -> None:
    spec = ClusterDatabaseRoleSpec.model_validate({"clusterInstanceRef": {"name": "main"}, "postgres": POWERS})
    assert not role_is_possible(spec)


def test_a_role_is_no_member_of_itself() -> None:
    assert fields(roleName="staff", postgres={"inRoles": ["staff"]}) == ["spec.postgres.inRoles[0]"]


def test_a_block_that_slipped_past_the_schema_is_told_with_its_field() -> None:
    assert fields(postgres={"login": "perhaps"}) == ["spec.postgres.login"]


def test_a_grant_in_its_block_says_where_and_what() -> None:
    grants = [
        {"database": "shop", "tables": ["orders"], "privileges": ["SELECT"]},
        {"database": "shop", "privileges": ["SELECT"]},
    ]
    assert fields(roleName="staff", postgres={"grants": grants}) == [
        "spec.postgres.grants[0].schema", "spec.postgres.grants[1].privileges[0]"
    ]  # fmt: skip
