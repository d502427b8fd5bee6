"""Tokens are the same from both sides."""

from __future__ import annotations

from controllers.make import database, make
from dbaas.api.database import DATABASE
from dbaas.api.grant import DATABASE_GRANT
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.references import InstanceReference, Reference
from dbaas.api.resource import Key
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.reconcile import token_of
from dbaas.controllers.managed.records.databases import DATABASES
from dbaas.controllers.managed.records.grants import GRANTS
from dbaas.controllers.managed.records.users import USERS
from dbaas.controllers.managed.tokens import provided_by, referred_by
from dbaas.controllers.tokens import claims, depends_on, instance_key, lives_on, reference_key

MAIN = Key("default", "main")


def test_references_default_to_the_own_namespace() -> None:
    assert instance_key(InstanceReference(name="main"), "default") == MAIN
    assert reference_key(Reference(name="main", namespace="team"), "default") == Key("team", "main")


def test_a_database_is_found_by_its_server_and_its_real_name() -> None:
    assert set(provided_by(DATABASES, database("shop", {"name": "Orders"}))) == {
        lives_on(MAIN), claims(MAIN, "database", "Orders"),
    }  # fmt: skip


def test_a_cluster_and_its_published_server_are_one() -> None:
    on_cluster = database("shop", {"instanceRef": {"kind": "DatabaseCluster", "name": "main"}})
    assert set(provided_by(DATABASES, on_cluster)) == set(provided_by(DATABASES, database("shop")))


def test_only_what_waits_refers_to_its_server() -> None:
    ready = {"conditions": [{"type": "Ready", "status": "True", "reason": "Applied",
                             "lastTransitionTime": "2026-01-01T00:00:00Z"}]}  # fmt: skip
    server = token_of(DATABASE_INSTANCE, MAIN)
    assert server in set(referred_by(DATABASES, database()))
    assert server not in set(referred_by(DATABASES, database(status=ready)))


def test_what_is_being_deleted_refers_to_what_holds_it() -> None:
    going = database(deletionTimestamp="2026-01-01T00:00:00Z", finalizers=["dbaas.io/finalizer"])
    assert depends_on(DATABASE, going.key) in set(referred_by(DATABASES, going))
    assert depends_on(DATABASE, going.key) not in set(referred_by(DATABASES, database()))


def test_a_grant_holds_its_user_and_its_database() -> None:
    privileges = [{"on": "database", "privileges": ["CONNECT"]}]
    spec = {"userRef": {"name": "app"}, "databaseRef": {"name": "shop", "namespace": "team"}, "privileges": privileges}
    assert set(provided_by(GRANTS, make(DATABASE_GRANT, "app", spec))) == {
        depends_on(DATABASE_USER, Key("default", "app")), depends_on(DATABASE, Key("team", "shop")),
    }  # fmt: skip


def test_a_user_is_woken_by_its_secrets() -> None:
    spec = {"instanceRef": {"name": "main"}, "existingPasswordSecret": {"name": "given", "key": "password"}}
    found = set(referred_by(USERS, make(DATABASE_USER, "app", spec)))
    assert {"secrets:default/app-credentials", "secrets:default/given"} <= found


def test_an_object_that_cannot_be_read_has_no_tokens() -> None:
    broken = make(DATABASE, "broken", {"instanceRef": "main"})
    assert list(provided_by(DATABASES, broken)) == []
    assert list(referred_by(DATABASES, broken)) == []
