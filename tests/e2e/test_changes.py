"""Changes of what runs already: with or without a restart, stopped and back, each seen on the server."""

from __future__ import annotations

import json

import pytest

from dbaas.cli.exits import ExitCode
from e2e.conftest import Laptop, eventually

pytestmark = [pytest.mark.real_server, pytest.mark.slow]

ON_MAIN = {"kind": "DatabaseCluster", "name": "main"}


def manifest(kind: str, called: str, **spec: object) -> str:
    return json.dumps({"apiVersion": "dbaas.io/v1", "kind": kind, "metadata": {"name": called}, "spec": spec})


def cluster(*settings: tuple[str, str], **more: object) -> str:
    config = [{"name": name, "value": value} for name, value in settings]
    engine = {"type": "postgresql", "version": "18"}
    return manifest("DatabaseCluster", "main", engine=engine, clusterSize=1, config=config, **more)


def test_settings_are_reloaded_where_that_is_enough_and_restarted_where_not(laptop: Laptop) -> None:
    laptop.do("up", "-d")
    laptop.do("apply", "-f", "-", "--wait", "--timeout", "60s", text=cluster())
    first = laptop.read("process", "main")["status"]["pid"]
    laptop.do("apply", "-f", "-", text=cluster(("work_mem", "17MB")))
    eventually(lambda: laptop.sql("SHOW work_mem") == [("17MB",)])
    assert laptop.read("process", "main")["status"]["pid"] == first
    laptop.do("apply", "-f", "-", text=cluster(("max_connections", "77")))
    eventually(lambda: laptop.read("process", "main")["status"].get("pid") not in (first, None))
    laptop.do("wait", "all", "--timeout", "60s")
    assert laptop.sql("SHOW max_connections") == [("77",)]
    laptop.do("apply", "-f", "-", text=cluster(stopped=True))
    eventually(lambda: laptop.ready("cluster", "main")[1] == "Stopped")
    assert "the servers are stopped; their data is kept" in laptop.do("describe", "cluster", "main")
    laptop.do("apply", "-f", "-", "--wait", "--timeout", "60s", text=cluster())
    assert laptop.sql("SHOW max_connections") == [("100",)]


@pytest.mark.parametrize(
    ("setting", "hint"),
    [
        (("max_conections", "10"), "spec.config[0].name: PostgreSQL 18 has no setting 'max_conections'; did you mean"),
        (("work_mem", "lots"), "spec.config[0].value: 'lots' does not fit 'work_mem'"),
        (("port", "1"), "spec.config[0].name: dbaas sets 'port' itself"),
    ],
)
def test_settings_that_the_server_would_not_take_are_refused(shop: Laptop, setting: tuple[str, str], hint: str) -> None:
    ended = shop.run("apply", "-f", "-", text=cluster(setting))
    assert ended.code == ExitCode.FAILED
    assert hint in ended.err


def test_a_user_is_changed_in_place(shop: Laptop) -> None:
    def user(**options: object) -> str:
        block = {"postgres": options} if options else {}
        return manifest("DatabaseUser", "changed", instanceRef=ON_MAIN, **block)

    shop.do("apply", "-f", "-", "--wait", text=user())
    steps = {
        "rolcreatedb": ({"createDB": True}, True),
        "rolconnlimit": ({"connectionLimit": 5}, 5),
        "rolcanlogin": ({"login": False}, False),
    }
    for column, (options, value) in steps.items():
        shop.do("apply", "-f", "-", "--wait", text=user(**options))
        assert shop.sql(f"SELECT {column} FROM pg_roles WHERE rolname = 'changed'") == [(value,)]
    shop.do("apply", "-f", "-", "--wait", text=user())
    asked = "SELECT rolcreatedb, rolconnlimit, rolcanlogin FROM pg_roles WHERE rolname = 'changed'"
    assert shop.sql(asked) == [(False, -1, True)]


def test_a_database_is_changed_in_place(shop: Laptop) -> None:
    owners = [manifest("DatabaseUser", name, instanceRef=ON_MAIN) for name in ("old-owner", "new-owner")]

    def database(owner: str, *schemas: str, **options: object) -> str:
        block = {"schemas": [{"name": schema} for schema in schemas], **options}
        return manifest("Database", "moved", instanceRef=ON_MAIN, owner=owner, postgres=block)

    shop.do("apply", "-f", "-", "--wait", text="\n---\n".join([*owners, database("old-owner", "one", "two")]))
    shop.do("apply", "-f", "-", "--wait", text=database("new-owner", "two", "three", connectionLimit=9))
    asked = "SELECT pg_get_userbyid(datdba), datconnlimit FROM pg_database WHERE datname = 'moved'"
    assert shop.sql(asked) == [("new-owner", 9)]
    schemas = shop.sql(
        "SELECT nspname FROM pg_namespace WHERE nspname ~ '^(one|two|three)$' ORDER BY 1", database="moved"
    )
    assert schemas == [("three",), ("two",)]
