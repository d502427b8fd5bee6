"""Names inside the server may be anything that it can quote, and harm nobody."""

from __future__ import annotations

import json

import pytest

from dbaas.cli.exits import ExitCode
from e2e.conftest import Laptop

pytestmark = [pytest.mark.real_server, pytest.mark.slow]

ROLE = '"; DROP ROLE "shop-app"; --'
DATABASE = 'O\'Brien "Café" $1 %s {x} \\ 数据'
SCHEMA = "We ird;'\"--"
LONGEST = "a" * 62 + "Z"
ON_MAIN = {"kind": "DatabaseCluster", "name": "main"}


def manifest(kind: str, called: str, **spec: object) -> str:
    return json.dumps({"apiVersion": "dbaas.io/v1", "kind": kind, "metadata": {"name": called}, "spec": spec})


def test_hostile_names_work_to_the_end(shop: Laptop) -> None:
    items = [
        {"on": "schema", "schema": SCHEMA, "privileges": ["USAGE", "CREATE"]},
        {"on": "table", "schema": SCHEMA, "names": ["*"], "privileges": ["SELECT"]},
    ]
    manifests = [
        manifest("DatabaseUser", "hostile", instanceRef=ON_MAIN, username=ROLE, databaseRef={"name": "hostile"}),
        manifest("Database", "hostile", instanceRef=ON_MAIN, name=DATABASE, postgres={"schemas": [{"name": SCHEMA}]},
                 deletionPolicy="Delete", deletionProtection=False),
        manifest("DatabaseGrant", "hostile", userRef={"name": "hostile"}, databaseRef={"name": "hostile"},
                 privileges=[{"on": "database", "privileges": ["CONNECT"]}, *items]),
        manifest("Database", "longest", instanceRef=ON_MAIN, name=LONGEST),
        manifest("DatabaseUser", "spaced", instanceRef=ON_MAIN, username=" Lead and trail "),
    ]  # fmt: skip
    text = "\n---\n".join(manifests)
    shop.do("apply", "-f", "-", "--wait", "--timeout", "60s", text=text)
    asked = "SELECT current_user, current_database()"
    said = shop.do("connect", "hostile", "--user", "hostile", "--", "-At", "-F", "|", "-c", asked)
    assert said == f"{ROLE}|{DATABASE}\n"
    assert "0 statements" in shop.do("plan", "-f", "-", text=text)
    assert shop.sql("SELECT count(*) FROM pg_roles WHERE rolname IN ('shop-app', ' Lead and trail ')") == [(2,)]
    shop.do("delete", "-f", "-", "--timeout", "60s", text=text)
    assert "shop-app" in {name for (name,) in shop.sql("SELECT rolname FROM pg_roles")}
    assert DATABASE not in {name for (name,) in shop.sql("SELECT datname FROM pg_database")}


@pytest.mark.parametrize(
    ("kind", "field", "name", "hint"),
    [
        ("Database", "name", LONGEST + "Z", "at most 63 bytes, and this one has 64"),
        ("Database", "name", "ä" * 32, "at most 63 bytes, and this one has 64"),
        ("Database", "name", "a\0b", "cannot contain the character NUL"),
        ("Database", "name", "postgres", "belongs to the server itself"),
        ("DatabaseUser", "username", "pg_read_all_data", "belongs to the server itself"),
    ],
)
def test_names_that_the_server_cannot_have_are_refused(
    shop: Laptop, kind: str, field: str, name: str, hint: str
) -> None:
    text = manifest(kind, "refused", instanceRef=ON_MAIN, **{field: name})
    ended = shop.run("apply", "-f", "-", text=text)
    assert ended.code == ExitCode.FAILED
    assert f"{kind} refused: spec.{field}: " in ended.err
    assert hint in ended.err
