"""What is refused, with the field and a sentence."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.api.cluster import DatabaseClusterSpec
from dbaas.api.database import DatabaseSpec
from dbaas.api.grant import DatabaseGrantSpec
from dbaas.api.user import DatabaseUserSpec
from dbaas.contracts.admission import Violation
from dbaas.engines.postgres.rules import (
    RULES,
    database_is_possible,
    grant_is_possible,
    settings_are_known,
    user_is_possible,
)

SERVER = {"name": "main"}
GRANT = {"userRef": {"name": "app"}, "databaseRef": {"name": "shop"}}


def check_cluster(*config: tuple[str, str], version: str = "18") -> list[Violation]:
    body = {"engine": {"type": "postgres", "version": version}, "config": [{"name": n, "value": v} for n, v in config]}
    return list(settings_are_known(DatabaseClusterSpec.model_validate(body)))


def check_database(**body: Any) -> list[Violation]:
    return list(database_is_possible(DatabaseSpec.model_validate({"instanceRef": SERVER, **body})))


def check_user(**body: Any) -> list[Violation]:
    return list(user_is_possible(DatabaseUserSpec.model_validate({"instanceRef": SERVER, **body})))


def check_grant(spec: dict[str, Any] | None = None, **privilege: Any) -> list[Violation]:
    body = {**(GRANT if spec is None else spec), "privileges": [privilege]}
    return list(grant_is_possible(DatabaseGrantSpec.model_validate(body)))


def told(violations: list[Violation]) -> list[tuple[str, str]]:
    return [(violation.field, violation.message) for violation in violations]


def test_ordinary_manifests_pass() -> None:
    assert not check_cluster(
        ("max_connections", "50"), ("Work_Mem", "8MB"), ("auto_explain.log_min_duration", "1s"), ("ssl", "off")
    )
    assert not check_database(name='a"b', owner="app", postgres={"schemas": [{"name": "audit"}]})
    assert not check_user(username="shop-app", postgres={"createDB": True})
    assert not check_grant(on="database", privileges=["CONNECT", "TEMP", "ALL"])
    assert not check_grant(on="table", schema="public", names=["*"], privileges=["SELECT", "MAINTAIN"])
    assert not check_grant(on="table", schema="public", privileges=["SELECT"], future=True)
    assert not check_grant(on="sequence", privileges=["USAGE"], future=True, names=["*"], grantor="owner")


def test_settings_that_cannot_be_are_refused_each_with_its_reason() -> None:
    assert told(check_cluster(("max_conections", "50"), ("port", "1"), ("wal_level", "x"), ("SSL", "on"))) == [
        ("spec.config[0].name", "PostgreSQL 18 has no setting 'max_conections'; did you mean 'max_connections'?"),
        ("spec.config[1].name", "dbaas sets 'port' itself, so that it can run the server"),
        ("spec.config[2].value", "'x' does not fit 'wal_level': choose one of minimal, replica, logical"),
        (
            "spec.config[3].value",
            "the PostgreSQL that dbaas brings along is built without OpenSSL, so it cannot encrypt connections; "
            "it listens only on this machine",
        ),
    ]


def test_a_value_cannot_smuggle_in_another_line() -> None:
    assert check_cluster(("my.own", "a\nfsync = off")) and check_cluster(("my.own", "a\nb"), version="99")


def test_databases_of_the_server_itself_are_refused() -> None:
    for name in ("postgres", "template0", "template1", "pg_x"):
        assert told(check_database(name=name)) == [
            ("spec.name", f"database {name!r} belongs to the server itself: choose another name")
        ]
    assert [v.field for v in check_database(owner="pg_monitor")] == ["spec.owner"]


def test_all_faults_of_a_database_are_told_at_once() -> None:
    block = {
        "schemas": [{"name": "pg_x"}, {"name": "x", "owner": "pg_monitor"}, {"name": "information_schema"}],
        "extensions": [{"name": "é" * 40}], "allowConnections": False,
    }  # fmt: skip
    assert [violation.field for violation in check_database(name="é" * 40, postgres=block)] == [
        "spec.name", "spec.postgres.schemas[0].name", "spec.postgres.schemas[1].owner", "spec.postgres.schemas[2].name",
        "spec.postgres.extensions[0].name", "spec.postgres.allowConnections",
    ]  # fmt: skip


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


@pytest.mark.parametrize("check", [check_database, check_user])
def test_a_block_that_slipped_past_the_schema_is_told_with_its_field(check: Any) -> None:
    (violation,) = check(postgres={"connectionLimit": "many"})
    assert violation.field == "spec.postgres.connectionLimit"


TABLE = {"on": "table", "privileges": ["SELECT"]}
SCHEMA = {"on": "schema", "privileges": ["USAGE"]}
DATABASE = {"on": "database", "privileges": ["CONNECT"]}


@pytest.mark.parametrize(
    ("privilege", "field", "words"),
    [
        ({**SCHEMA, "schema": "x", "privileges": ["SELECT"]}, "privileges[0]", "choose from CREATE, USAGE, or ALL"),
        ({**TABLE, "schema": "x"}, "names", 'write ["*"]'),
        ({**TABLE, "names": ["a"]}, "schema", "in which schema the tables are"),
        ({**TABLE, "schema": "pg_catalog", "names": ["*"]}, "schema", "belongs to the server"),
        (SCHEMA, "schema", "either schema or names"),
        ({**SCHEMA, "schema": "x", "names": ["y"]}, "schema", "either schema or names"),
        ({**DATABASE, "names": ["*"]}, "names", "one by one"),
        ({**DATABASE, "names": ["a"], "database": "b"}, "names", "either database or names"),
        ({**DATABASE, "schema": "a"}, "schema", "in no schema"),
        ({**DATABASE, "future": True}, "future", "no default privileges on databases"),
        ({**TABLE, "names": ["a"], "future": True}, "names", "no names yet"),
        ({**SCHEMA, "schema": "a", "future": True}, "schema", "no name yet"),
        ({**TABLE, "database": "a", "future": True}, "grantor", "whose future objects"),
    ],
)
def test_an_item_that_cannot_be_granted_is_refused(privilege: dict[str, Any], field: str, words: str) -> None:
    (violation,) = check_grant(**privilege)
    assert violation.field == f"spec.privileges[0].{field}" and words in violation.message


def test_without_any_database_an_item_must_name_one() -> None:
    spec = {"userRef": {"name": "app"}}
    for privilege in ({"on": "database"}, {"on": "schema", "schema": "x"}):
        (violation,) = check_grant(spec, privileges=["CREATE"], **privilege)
        assert violation.field == "spec.privileges[0].database"
        assert not check_grant(spec, privileges=["CREATE"], database="shop", **privilege)


def test_every_kind_inside_a_server_has_rules() -> None:
    assert set(RULES) == {"DatabaseCluster", "Database", "DatabaseUser", "DatabaseGrant"}
