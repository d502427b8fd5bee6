"""Which things a DatabaseRole stands for."""

from __future__ import annotations

from dbaas.api.role import DatabaseRoleSpec
from dbaas.contracts.engine import References
from dbaas.engines.postgres.blueprints.roles import describe_role
from dbaas.engines.postgres.memberships import DesiredMemberships, Membership
from dbaas.engines.postgres.roles import Attributes, DesiredRole

SPEC = {"instanceRef": {"name": "main"}, "roleName": "staff"}


def test_a_role_says_nothing_but_its_name() -> None:
    (item,) = describe_role(DatabaseRoleSpec.model_validate(SPEC), References())
    assert (item.part, item.name, item.exclusive) == ("roles", "staff", True)
    assert item.desired == DesiredRole("staff", Attributes())


def test_what_it_is_a_member_of_goes_with_it_and_must_be_there_first() -> None:
    more = {"memberships": [{"role": "boss", "admin": True, "set": False}], "postgres": {"inRoles": ["all", "boss"]}}
    _, item = describe_role(DatabaseRoleSpec.model_validate({**SPEC, **more}), References())
    assert (item.part, item.name, item.exclusive, item.dropped) == ("memberships", "staff", False, False)
    assert item.desired == DesiredMemberships("staff", (Membership("all"), Membership("boss", True, None, False)))
    assert [need.name for need in item.needs] == ["all", "boss"]


def test_what_its_block_grants_is_what_its_items_would() -> None:
    grants = [
        {"database": "shop", "schema": "sales", "tables": ["*"], "privileges": ["SELECT"]},
        {"database": "shop", "privileges": ["CONNECT"]},
    ]
    items = [
        {"on": "table", "database": "shop", "schema": "sales", "names": ["*"], "privileges": ["SELECT"]},
        {"on": "database", "names": ["shop"], "privileges": ["CONNECT"]},
    ]
    by_block = describe_role(DatabaseRoleSpec.model_validate({**SPEC, "postgres": {"grants": grants}}), References())
    by_items = describe_role(DatabaseRoleSpec.model_validate({**SPEC, "privileges": items}), References())
    assert by_block == by_items and len(by_block) == 3
