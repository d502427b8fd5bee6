"""Who wakes whom among managed objects: `controllers.managed.tokens`."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.api.core import SECRET
from dbaas.api.database import DATABASE
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import Key, Kind, Resource
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.reconcile import token_of
from dbaas.controllers.managed.kinds import ROLE
from dbaas.controllers.managed.records.databases import DATABASES
from dbaas.controllers.managed.records.grants import GRANTS
from dbaas.controllers.managed.records.users import USERS
from dbaas.controllers.managed.tokens import matters, provided_by, referred_by
from dbaas.controllers.tokens import applied, claims
from fixtures.resources import gadget

HERE = {"instanceRef": {"name": "main"}}
MAIN = Key("default", "main")
READY = {"conditions": [{"type": "Ready", "status": "True", "reason": "Applied"}]}


def database(version: int = 1, **status: Any) -> Resource:
    return gadget("shop", version, kind=DATABASE, spec={**HERE, "owner": "boss"}, status=status)


def named(kind: Kind, name: str) -> str:
    return token_of(kind, Key("default", name))


def test_what_its_server_has_is_provided_under_its_name_and_under_the_real_one() -> None:
    real = claims(MAIN, "database", "shop")
    assert real in set(provided_by(DATABASES, database()))
    assert applied(real) not in set(provided_by(DATABASES, database()))
    done = set(provided_by(DATABASES, database(applied="digest")))
    assert {applied(real), applied(named(DATABASE, "shop"))} <= done


def test_what_belongs_to_somebody_else_is_not_on_the_server_as_ours() -> None:
    conditions = [{"type": "Ready", "status": "False", "reason": "AlreadyManaged"}]
    assert not [t for t in provided_by(DATABASES, database(applied="x", conditions=conditions)) if "applied" in t]


def test_a_grant_waits_for_what_it_refers_to_and_a_login_only_for_names() -> None:
    links = {"userRef": {"name": "app"}, "databaseRef": {"name": "shop"}}
    grant = gadget(
        "grant", kind=GRANTS.kind, spec={**links, "privileges": [{"on": "database", "privileges": ["CONNECT"]}]}
    )
    names = {named(DATABASE_USER, "app"), named(DATABASE, "shop")}
    assert names | set(map(applied, names)) <= set(referred_by(GRANTS, grant))
    user = gadget("app", kind=DATABASE_USER, spec={**HERE, "databaseRef": {"name": "shop"}})
    referred = set(referred_by(USERS, user))
    assert {named(DATABASE, "shop"), named(SECRET, "app-credentials")} <= referred
    assert applied(named(DATABASE, "shop")) not in referred


def test_only_those_that_are_not_ready_wait_for_the_server_and_for_others_on_it() -> None:
    owner = applied(claims(MAIN, ROLE, "boss"))
    assert {named(DATABASE_INSTANCE, "main"), owner} <= set(referred_by(DATABASES, database()))
    assert not {named(DATABASE_INSTANCE, "main"), owner} & set(referred_by(DATABASES, database(**READY)))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (database(phase="Pending"), database(2, phase="Ready", applied="x"), False),
        (database(), gadget("shop", 2, kind=DATABASE, spec=HERE, generation=2), True),
        (database(), gadget("shop", 2, kind=DATABASE, spec=HERE, deletionTimestamp="2026-01-01T00:00:00Z"), True),
        (database(), database(2, conditions=[{"type": "Ready", "status": "False", "reason": "AlreadyManaged"}]), True),
        (database(), database(2, applied="x", database={"name": "shop", "owner": "boss"}), False),
        (
            database(applied="x", database={"name": "shop", "owner": "boss"}),
            database(2, applied="x", database={"name": "shop", "owner": "thief"}),
            True,
        ),
    ],
    ids=["status", "spec", "deletion", "rival", "first owner", "new owner"],
)
def test_a_change_matters_to_others_by_what_is_asked_for_and_by_its_owner(
    old: Resource, new: Resource, expected: bool
) -> None:
    assert matters(DATABASES, old, new) is expected


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"postgres": {"connectionLimit": 3}, "passwordSecret": {"length": 40}}, False),
        ({"username": "other"}, True),
        ({"instanceRef": {"name": "other"}}, True),
        ({"allowedNamespaces": ["other"]}, True),
    ],
    ids=["own business", "name", "server", "consent"],
)
def test_how_a_user_is_made_is_nothing_to_those_who_refer_to_it(spec: dict[str, Any], expected: bool) -> None:
    old = gadget("app", kind=DATABASE_USER, spec=HERE)
    assert matters(USERS, old, gadget("app", 2, kind=DATABASE_USER, spec={**HERE, **spec}, generation=2)) is expected
