"""What goes wrong at the first try is told with what, why and what to do; nothing is done by half."""

from __future__ import annotations

import pytest

from dbaas.cli.exits import ExitCode
from e2e.conftest import Laptop

pytestmark = pytest.mark.slow

TYPOS = """\
apiVersion: dbaas.io/v1
kind: Database
metadata: {name: fine}
spec: {instanceRef: {kind: DatabaseCluster, name: main}}
---
apiVersion: dbaas.io/v1
kind: Database
metadata: {name: typos}
spec:
  instanceRef: {kind: DatabaseCluster, nam: main}
  onwer: shop-owner
  deletionPolicy: delete
---
apiVersion: dbaas.io/v1
kind: Databse
metadata: {name: kind}
---
apiVersion: dbaas.io/v1
kind: DatabaseCluster
metadata: {name: wrong}
spec: {engine: {type: postgre, version: "18"}, clusterSize: 1, expose: {type: NodePort}}
"""
HINTS = (
    "standard input:10: Database typos: spec.instanceRef.nam: there is no such field; did you mean 'name'?",
    "standard input:11: Database typos: spec.onwer: there is no such field; did you mean 'owner'?",
    "standard input:12: Database typos: spec.deletionPolicy: Unsupported value",
    "standard input:15: Databse kind: kind: ",
    "did you mean 'Database'?",
    "standard input:21: DatabaseCluster wrong: spec.engine.type: unknown engine 'postgre'",
    "standard input:21: DatabaseCluster wrong: spec.expose.type: ",
    "use ClusterIP",
)


def database(name: str, spec: str = "") -> str:
    server = "" if "instanceRef" in spec else "instanceRef: {kind: DatabaseCluster, name: main}, "
    return f"{{apiVersion: dbaas.io/v1, kind: Database, metadata: {{name: {name}}}, spec: {{{server}{spec}}}}}\n"


def test_all_typos_are_told_at_their_lines_and_nothing_is_changed(laptop: Laptop) -> None:
    laptop.do("up", "-d")
    for arguments in (("apply",), ("apply", "--wait"), ("plan",), ("validate",)):
        ended = laptop.run(*arguments, "-f", "-", text=TYPOS)
        assert ended.code == ExitCode.FAILED
        assert [hint for hint in HINTS if hint not in ended.err] == []
    assert laptop.do("get", "databases", "-o", "name") == ""


@pytest.mark.real_server
@pytest.mark.parametrize(
    ("spec", "field"),
    [("name: other", "spec"), ("instanceRef: {kind: DatabaseCluster, name: other}", "spec.instanceRef")],
)
def test_what_cannot_be_changed_is_refused(shop: Laptop, spec: str, field: str) -> None:
    ended = shop.run("apply", "-f", "-", text=database("shop", spec))
    assert ended.code == ExitCode.FAILED
    assert f"Database shop: {field}: Invalid value: the " in ended.err
    assert "cannot be changed; make a new object instead" in ended.err


@pytest.mark.real_server
def test_a_version_that_cannot_read_the_data_is_refused(shop: Laptop) -> None:
    ended = shop.run("apply", "-f", "-", text=(
        "{apiVersion: dbaas.io/v1, kind: DatabaseCluster, metadata: {name: main}, "
        'spec: {engine: {type: postgresql, version: "16"}, clusterSize: 1}}'
    ))  # fmt: skip
    assert ended.code == ExitCode.FAILED
    assert "no version reads data of a newer one, and this is of version 18" in ended.err


@pytest.mark.real_server
def test_a_cluster_that_finds_data_of_another_version_is_refused_and_can_be_put_right(shop: Laptop) -> None:
    def cluster(version: str) -> str:
        engine = f"{{type: postgresql, version: '{version}'}}"
        spec = f"{{engine: {engine}, clusterSize: 1}}"
        return f"{{apiVersion: dbaas.io/v1, kind: DatabaseCluster, metadata: {{name: older}}, spec: {spec}}}"

    shop.do("apply", "-f", "-", "--wait", "--timeout", "60s", text=cluster("16"))
    shop.do("delete", "cluster", "older", "--timeout", "60s")
    ended = shop.run("apply", "-f", "-", "--wait", "--timeout", "60s", text=cluster("18"))
    assert ended.code == ExitCode.FAILED
    assert "databasecluster/older: DataOfOtherVersion: older: the data in " in ended.err
    assert "was made by version 16, and version 18 cannot read it: ask for version 16, or move" in ended.err
    shop.do("apply", "-f", "-", "--wait", "--timeout", "60s", text=cluster("16"))
    shop.do("delete", "cluster", "older", "--timeout", "60s")


HOPELESS = {
    "no-owner": ("owner: not-there", "DependencyMissing: role 'not-there' must exist first"),
    "no-extension": ("postgres: {extensions: [{name: hstore}]}", "NotSupported: cannot apply database 'no-extension'"),
    "claimed": ("name: shop", "AlreadyManaged: database 'shop' on default/main is managed by Database default/shop"),
    "lost": ("instanceRef: {kind: DatabaseCluster, name: lost}", "InstanceNotFound: DatabaseCluster default/lost does"),
}


@pytest.mark.real_server
def test_what_cannot_become_ready_says_why_and_can_be_deleted(shop: Laptop) -> None:
    text = "---\n".join(database(name, spec) for name, (spec, _) in HOPELESS.items())
    ended = shop.run("apply", "-f", "-", "--wait", "--timeout", "4s", text=text)
    assert ended.code == ExitCode.TIMED_OUT
    assert [why for name, (_, why) in HOPELESS.items() if f"  database/{name}: {why}" not in ended.err] == []
    shop.do("delete", "-f", "-", "--timeout", "30s", text=text)
    assert shop.sql("SELECT 1 FROM pg_database WHERE datname = 'shop'") == [(1,)]


@pytest.mark.real_server
def test_what_is_paused_is_not_waited_for(shop: Laptop) -> None:
    text = database("paused").replace("name: paused", 'name: paused, annotations: {dbaas.io/paused: "true"}')
    ended = shop.run("apply", "-f", "-", "--wait", text=text)
    assert ended.code == ExitCode.FAILED
    assert "database/paused: nothing happens while dbaas.io/paused is true" in ended.err
    shop.do("delete", "database", "paused", "--timeout", "30s")


@pytest.mark.real_server
def test_a_wrong_password_is_told_and_put_right_by_its_secret(shop: Laptop) -> None:
    login, port = shop.secret("main-credentials"), shop.read("instance", "main")["spec"]["connection"]["port"]
    secret = "{{apiVersion: v1, kind: Secret, metadata: {{name: far}}, stringData: {{username: {}, password: '{}'}}}}\n"
    instance = (
        "---\n{apiVersion: dbaas.io/v1, kind: DatabaseInstance, metadata: {name: far}, spec: {engine: postgres, "
        f"connection: {{host: 127.0.0.1, port: {port}, secretRef: {{name: far}}}}}}}}"
    )
    wrong = secret.format(login["username"], "Wr0ng-by-mistake") + instance
    ended = shop.run("apply", "-f", "-", "--wait", "--timeout", "4s", text=wrong)
    assert "databaseinstance/far: LoginRefused: " in ended.err
    assert "Wr0ng" not in ended.err + ended.out + shop.do("describe", "instance", "far")
    right = secret.format(login["username"], login["password"].replace("'", "''"))
    shop.do("apply", "-f", "-", text=right)
    shop.do("wait", "instance/far", "--timeout", "60s")
    shop.do("delete", "instance", "far", "--timeout", "30s")
