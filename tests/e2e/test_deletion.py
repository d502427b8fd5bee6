"""Everything can be deleted, in any order, and only what the manifest gave up is destroyed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dbaas.cli.exits import ExitCode
from e2e.conftest import Laptop, eventually

pytestmark = [pytest.mark.real_server, pytest.mark.slow]

SERVER = {"engine": {"type": "postgresql", "version": "18"}, "clusterSize": 1}
DROP = {"deletionPolicy": "Delete", "deletionProtection": False}
CONNECT = [{"on": "database", "privileges": ["CONNECT", "TEMPORARY"]}]


def unit(number: int, cluster: str, prefix: str, **policy: object) -> list[tuple[str, str, dict[str, Any]]]:
    """A user, a database of theirs, and a grant to them."""
    name, here = f"{prefix}-{number}", {"instanceRef": {"kind": "DatabaseCluster", "name": cluster}}
    links = {"userRef": {"name": name}, "databaseRef": {"name": name}}
    return [
        ("DatabaseUser", name, {**here, "databaseRef": {"name": name}}),
        ("Database", name, {**here, "owner": name, **policy}),
        ("DatabaseGrant", name, {**links, "privileges": CONNECT}),
    ]


def manifests(objects: list[tuple[str, str, dict[str, Any]]], namespace: str = "default") -> str:
    return "\n---\n".join(
        json.dumps({"apiVersion": "dbaas.io/v1", "kind": kind, "metadata": {"name": name, "namespace": namespace},
                    "spec": spec})
        for kind, name, spec in objects
    )  # fmt: skip


@pytest.mark.parametrize("step", [1, -1, 7], ids=["in order", "reversed", "mixed"])
def test_a_folder_is_deleted_in_any_order(shop: Laptop, step: int) -> None:
    prefix = {1: "ord", -1: "rev", 7: "mix"}[step]
    objects = [one for number in range(5) for one in unit(number, "main", prefix, **DROP)]
    mixed = [objects[(index * step) % len(objects)] for index in range(len(objects))]
    text = manifests(mixed)
    shop.do("apply", "-f", "-", "--wait", "--timeout", "60s", text=text)
    shop.do("delete", "-f", "-", "--timeout", "60s", text=text)
    left = shop.sql(
        f"SELECT datname FROM pg_database WHERE datname LIKE '{prefix}-%' "
        f"UNION SELECT rolname FROM pg_roles WHERE rolname LIKE '{prefix}-%'"
    )
    assert left == []


def test_what_others_need_stays_until_they_go(shop: Laptop) -> None:
    text = manifests(unit(0, "main", "held", **DROP))
    shop.do("apply", "-f", "-", "--wait", text=text)
    ended = shop.run("delete", "database", "held-0", "--timeout", "20s")
    assert ended.code == ExitCode.FAILED
    assert "DatabaseGrant default/held-0: delete them first" in ended.err
    shop.do("delete", "-f", "-", "--timeout", "60s", text=text)
    assert shop.sql("SELECT 1 FROM pg_database WHERE datname = 'held-0'") == []


def test_what_is_protected_stays_and_retain_keeps_the_data(shop: Laptop) -> None:
    user, database, grant = unit(0, "main", "kept", deletionPolicy="Delete")
    text = manifests([user, database, grant])
    shop.do("apply", "-f", "-", "--wait", text=text)
    ended = shop.run("delete", "database", "kept-0", "--timeout", "20s")
    assert ended.code == ExitCode.FAILED
    assert "  database/kept-0: DeletionProtected: " in ended.err
    assert "to go on: set spec.deletionProtection to false, or spec.deletionPolicy to Retain" in ended.err
    shop.do("apply", "-f", "-", text=manifests([("Database", "kept-0", {**database[2], "deletionPolicy": "Retain"})]))
    shop.do("delete", "grant", "kept-0", "--timeout", "30s")
    eventually(lambda: shop.do("get", "databases", "-o", "name").count("kept-0") == 0)
    assert shop.sql("SELECT 1 FROM pg_database WHERE datname = 'kept-0'") == [(1,)]


def test_a_second_object_for_the_same_database_never_drops_it(shop: Laptop) -> None:
    here = {"instanceRef": {"kind": "DatabaseCluster", "name": "main"}, **DROP}
    shop.do("apply", "-f", "-", "--wait", text=manifests([("Database", "first", here)]))
    second = manifests([("Database", "second", {**here, "name": "first"})])
    shop.do("apply", "-f", "-", text=second)
    eventually(lambda: shop.ready("database", "second")[1] == "AlreadyManaged")
    shop.do("delete", "-f", "-", "--timeout", "30s", text=second)
    assert shop.sql("SELECT 1 FROM pg_database WHERE datname = 'first'") == [(1,)]
    assert shop.ready("database", "first")[0] == "True"


def test_a_namespace_goes_with_everything_in_it(shop: Laptop) -> None:
    namespace = "{apiVersion: v1, kind: Namespace, metadata: {name: team}}\n---\n"
    objects = [("DatabaseCluster", "own", SERVER)]
    for number, policy in enumerate(({"deletionPolicy": "Retain"}, {"deletionPolicy": "Delete"}, DROP)):
        objects += unit(number, "own", "team", **policy)
    shop.do("apply", "-f", "-", "--wait", "--timeout", "60s", text=namespace + manifests(objects, "team"))
    shop.do("delete", "namespace", "team", "--timeout", "60s")
    kinds = "clusters,instances,databases,users,grants,processes"
    assert shop.do("get", kinds, "-n", "team", "-o", "name") == ""
    assert shop.ready("cluster", "main")[0] == "True"


def test_what_is_deleted_while_its_server_is_stopped_goes_when_it_is_back(laptop: Laptop) -> None:
    objects = [("DatabaseCluster", "main", SERVER), *unit(0, "main", "late", **DROP)]
    laptop.do("up", "-d")
    laptop.do("apply", "-f", "-", "--wait", "--timeout", "60s", text=manifests(objects))
    stopped = manifests([("DatabaseCluster", "main", {**SERVER, "stopped": True})])
    laptop.do("apply", "-f", "-", text=stopped)
    eventually(lambda: laptop.ready("cluster", "main")[1] == "Stopped")
    ended = laptop.run("delete", "-f", "-", "--timeout", "4s", text=manifests(objects[1:]))
    assert ended.code == ExitCode.TIMED_OUT
    assert "InstanceNotReady: " in ended.err
    laptop.do("apply", "-f", "-", text=manifests(objects[:1]))
    kinds = "databases,users,grants"
    eventually(lambda: laptop.do("get", kinds, "-o", "name") == "")
    assert laptop.sql("SELECT 1 FROM pg_database WHERE datname LIKE 'late%'") == []


@pytest.mark.parametrize("policy", [DROP, {"deletionPolicy": "Retain"}], ids=["dropped", "retained"])
def test_everything_goes_in_one_command_without_a_word_of_trouble(laptop: Laptop, policy: dict[str, Any]) -> None:
    objects = [("DatabaseCluster", "main", SERVER)]
    objects += [one for number in range(10) for one in unit(number, "main", "all", **policy)]
    laptop.do("up", "-d")
    laptop.do("apply", "-f", "-", "--wait", "--timeout", "60s", text=manifests(objects))
    laptop.do("delete", "clusters,databases,users,grants", "--all", "--timeout", "60s")
    assert laptop.do("get", "clusters,instances,databases,users,grants,processes", "-o", "name") == ""
    assert "DeleteFailed" not in laptop.do("events", "--warnings")


def test_a_user_that_owns_a_retained_database_goes_when_it_owns_it_no_more(shop: Laptop) -> None:
    user, database, _ = unit(0, "main", "owns", deletionPolicy="Retain")
    shop.do("apply", "-f", "-", "--wait", "--timeout", "60s", text=manifests([user, database]))
    shop.do("delete", "database", "owns-0", "--timeout", "30s")
    ended = shop.run("delete", "user", "owns-0", "--timeout", "60s")
    assert ended.code == ExitCode.FAILED
    assert "databaseuser/owns-0: OwnsObjects: user 'owns-0' owns database" in ended.err
    advice = "or set spec.deletionPolicy to Retain and it stays"
    assert advice in shop.ready("user", "owns-0")[2]
    shop.sql('ALTER DATABASE "owns-0" OWNER TO postgres')
    eventually(lambda: "owns-0" not in shop.do("get", "users", "-o", "name"))
    assert shop.sql("SELECT 1 FROM pg_roles WHERE rolname = 'owns-0'") == []
    assert shop.sql("SELECT 1 FROM pg_database WHERE datname = 'owns-0'") == [(1,)]


def test_a_user_that_is_held_on_its_server_goes_when_it_may_stay_there(shop: Laptop) -> None:
    user, database, _ = unit(0, "main", "stays", deletionPolicy="Retain")
    shop.do("apply", "-f", "-", "--wait", "--timeout", "60s", text=manifests([user, database]))
    shop.do("delete", "database", "stays-0", "--timeout", "30s")
    assert "OwnsObjects" in shop.run("delete", "user", "stays-0", "--timeout", "60s").err
    shop.do("apply", "-f", "-", text=manifests([("DatabaseUser", "stays-0", {**user[2], "deletionPolicy": "Retain"})]))
    eventually(lambda: "stays-0" not in shop.do("get", "users", "-o", "name"))
    assert shop.sql("SELECT 1 FROM pg_roles WHERE rolname = 'stays-0'") == [(1,)]
