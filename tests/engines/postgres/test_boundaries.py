"""What belongs to whom: every way to reach for what is not one's own is told."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.api.database import DatabaseSpec
from dbaas.api.grant import DatabaseGrantSpec
from dbaas.api.user import DatabaseUserSpec
from dbaas.contracts.boundaries import SERVER, Real
from dbaas.contracts.engine import Item, References
from dbaas.contracts.statement import UNKNOWN
from dbaas.engines.postgres.blueprints.databases import describe_database
from dbaas.engines.postgres.blueprints.grants import describe_grant
from dbaas.engines.postgres.blueprints.users import describe_user
from dbaas.engines.postgres.boundaries import is_administrative, touched
from dbaas.engines.postgres.roles import Attributes, ObservedRole

HERE = {"instanceRef": {"name": "main"}}
KNOWN = References(database="shop", database_owner="owner", principal="app")
APP, SHOP = Real("role", "app"), Real("database", "shop")


def reals(items: tuple[Item, ...]) -> set[Real]:
    return {real for item in items for real in touched(item.part, item.database, item.name, item.desired)}


def of_grant(**privilege: Any) -> set[Real]:
    body = {"userRef": {"name": "app"}, "privileges": [{"privileges": ["ALL"], **privilege}]}
    return reals(describe_grant(DatabaseGrantSpec.model_validate(body), KNOWN))


def of_database(**spec: Any) -> set[Real]:
    return reals(describe_database(DatabaseSpec.model_validate({**HERE, "name": "shop", **spec}), References()))


def of_user(**spec: Any) -> set[Real]:
    return reals(describe_user(DatabaseUserSpec.model_validate({**HERE, "username": "app", **spec}), References()))


def test_tables_of_ones_own_database_touch_nothing_else() -> None:
    assert of_grant(on="table", schema="public", names=["*"]) == {APP, SHOP}


def test_another_database_and_another_grantor_must_be_ones_own() -> None:
    assert of_grant(on="table", database="theirs", schema="public", names=["*"]) == {APP, Real("database", "theirs")}
    assert Real("role", "boss") in of_grant(on="table", schema="public", future=True, grantor="boss")


@pytest.mark.parametrize(
    "privilege",
    [{"on": "parameter", "names": ["log_statement"]}, {"on": "tablespace", "names": ["fast"]},
     {"on": "language", "names": ["plperlu"]}, {"on": "foreignServer", "names": ["far"]},
     {"on": "table", "schema": "pg_catalog", "names": ["pg_authid"]}, {"on": "schema", "names": ["pg_catalog"]}],
)  # fmt: skip
def test_what_is_the_servers_is_not_for_guests(privilege: dict[str, Any]) -> None:
    assert SERVER in of_grant(**privilege)


def test_future_objects_of_our_own_login_are_not_for_guests() -> None:
    spec = {"userRef": {"name": "app"}, "privileges": [{"on": "table", "privileges": ["SELECT"], "future": True}]}
    unknown_owner = References(database="shop", principal="app")
    assert SERVER in reals(describe_grant(DatabaseGrantSpec.model_validate(spec), unknown_owner))


def test_an_owner_and_a_template_must_be_ones_own() -> None:
    assert of_database(owner="boss") >= {Real("role", "boss")}
    assert Real("database", "secrets") in of_database(postgres={"template": "secrets"})
    assert of_database(postgres={"schemas": [{"name": "s", "owner": "boss"}]}) == {SHOP, Real("role", "boss")}


def test_roles_to_be_a_member_of_must_be_ones_own() -> None:
    assert of_user(memberships=[{"role": "boss"}], postgres={"inRoles": ["chief"]}) == {
        APP, Real("role", "boss"), Real("role", "chief")
    }  # fmt: skip


def test_a_user_alone_touches_nothing() -> None:
    assert of_user() == set()


def test_what_is_not_known_is_not_for_guests() -> None:
    assert SERVER in set(touched("somethingNew", None, "x", object()))


@pytest.mark.parametrize("attribute", ["superuser", "create_role", "replication", "bypass_rls"])
def test_a_role_with_power_over_the_server_is_administrative(attribute: str) -> None:
    plain = ObservedRole("r", Attributes(), -1, "infinity", UNKNOWN)
    assert not is_administrative(plain)
    powerful = ObservedRole("r", Attributes(**{attribute: True}), -1, "infinity", UNKNOWN)
    assert is_administrative(powerful)
