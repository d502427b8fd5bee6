"""What a Database brings along, from values alone."""

from __future__ import annotations

from typing import Any

from dbaas.api.database import DatabaseSpec
from dbaas.api.grant import DatabaseGrantSpec
from dbaas.api.role import DatabaseRoleSpec
from dbaas.api.user import DatabaseUserSpec
from dbaas.contracts.companions import Companion
from dbaas.engines.postgres.companions import describe_companions
from dbaas.engines.postgres.rules.grants import grant_is_possible

MODELS = {"DatabaseGrant": DatabaseGrantSpec, "DatabaseRole": DatabaseRoleSpec, "DatabaseUser": DatabaseUserSpec}
SERVER = {"instanceRef": {"name": "main"}}


def describe(**spec: Any) -> dict[str, Companion]:
    body = DatabaseSpec.model_validate({**SERVER, "name": "shop", **spec})
    return {f"{each.kind}/{each.name}": each for each in describe_companions(body, "db")}


def test_nothing_comes_along_unasked() -> None:
    assert describe() == {}
    assert describe(postgres={"ownership": {"autoOwnership": False}}) == {}


def test_access_brings_three_roles_with_their_usual_names() -> None:
    found = describe(access={"reader": "eyes"})
    roles = {name: each.spec["roleName"] for name, each in found.items() if name.startswith("DatabaseRole/")}
    assert roles == {
        "DatabaseRole/db-owner": "shop_owner", "DatabaseRole/db-writer": "shop_writer", "DatabaseRole/db-reader": "eyes"
    }  # fmt: skip


def test_who_owns_the_database_already_needs_no_role() -> None:
    assert "DatabaseRole/db-owner" not in describe(access={}, owner="boss")


def test_what_is_brought_along_is_what_anybody_could_write() -> None:
    for found in (describe(access={}), describe(postgres={"ownership": {"autoOwnership": True}})):
        for each in found.values():
            spec = MODELS[each.kind.kind].model_validate({**SERVER, **each.spec})
            assert not isinstance(spec, DatabaseGrantSpec) or grant_is_possible(spec) == []


def test_nobody_is_given_rights_on_what_he_makes_himself() -> None:
    """Default privileges of a role to itself say nothing."""
    for found in (describe(access={}), describe(postgres={"ownership": {"autoOwnership": True}})):
        for name, each in found.items():
            if each.kind.kind == "DatabaseGrant":
                to = found.get(name.replace("Grant", "Role")) or found[name.replace("Grant", "User")]
                whom = to.spec.get("roleName") or to.spec["username"]
                assert whom not in {item.get("grantor") for item in each.spec["privileges"]}


def test_owner_and_user_give_to_each_other_unless_that_is_not_wanted() -> None:
    wanted = {"autoOwnership": True, "roleName": "r", "userName": "u", "dropOnDelete": True}
    found = describe(postgres={"ownership": wanted})
    grantors = {name: found[f"DatabaseGrant/db-{name}"].spec["privileges"][0]["grantor"] for name in ("owner", "app")}
    assert grantors == {"owner": "u", "app": "r"}
    assert found["DatabaseUser/db-app"].spec["deletionPolicy"] == "Delete"
    alone = describe(postgres={"ownership": {**wanted, "setDefaultPrivileges": False, "dropOnDelete": False}})
    assert sorted(alone) == ["DatabaseRole/db-owner", "DatabaseUser/db-app"]
    assert alone["DatabaseUser/db-app"].spec["deletionPolicy"] == "Retain"
