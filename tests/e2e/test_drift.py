"""What somebody changes on the server is ignored, reported or put right, as the policy says."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from e2e.conftest import Laptop, eventually

pytestmark = [pytest.mark.real_server, pytest.mark.slow]

BREAK = (
    "DROP DATABASE {0}_gone WITH (FORCE)",
    "ALTER DATABASE {0}_db OWNER TO postgres",
    "ALTER DATABASE {0}_db CONNECTION LIMIT 7",
    "REVOKE CONNECT ON DATABASE {0}_db FROM {0}_app",
    "ALTER ROLE {0}_pw PASSWORD 'changed behind our back'",
    "ALTER ROLE {0}_attr CREATEDB",
)


def manifest(mode: str, prefix: str) -> str:
    """Real names have an underscore, so that no quoting is needed."""
    policy = {"driftPolicy": {"mode": mode, "interval": "2s"}}
    here = {"instanceRef": {"kind": "DatabaseCluster", "name": "main"}, **policy}
    users = [("DatabaseUser", part, {**here, "username": f"{prefix}_{part}"}) for part in ("app", "pw")]
    stated = {"username": f"{prefix}_attr", "postgres": {"createDB": False}}
    limit = {"postgres": {"connectionLimit": 50}}
    privileges = [{"on": "database", "privileges": ["CONNECT"]}]
    links = {"userRef": {"name": f"{prefix}-app"}, "databaseRef": {"name": f"{prefix}-db"}}
    objects = [
        *users,
        ("DatabaseUser", "attr", {**here, **stated}),
        ("Database", "db", {**here, "name": f"{prefix}_db", "owner": f"{prefix}_attr", **limit}),
        ("Database", "gone", {**here, "name": f"{prefix}_gone"}),
        ("DatabaseGrant", "app", {**policy, **links, "privileges": privileges}),
    ]
    return "\n---\n".join(
        json.dumps({"apiVersion": "dbaas.io/v1", "kind": kind, "metadata": {"name": f"{prefix}-{part}"}, "spec": spec})
        for kind, part, spec in objects
    )


@pytest.fixture
def broken(shop: Laptop) -> Callable[..., str]:
    """Makes objects of one policy, then changes all of them on the server."""

    def break_all(mode: str, prefix: str) -> str:
        text = manifest(mode, prefix)
        shop.do("apply", "-f", "-", "--wait", "--timeout", "60s", text=text)
        shop.sql(*(statement.format(prefix) for statement in BREAK))
        return text

    return break_all


def test_detected_drift_is_told_with_what_to_do_and_left_alone(shop: Laptop, broken: Callable[..., str]) -> None:
    broken("detect", "detect")
    expected = {
        ("database", "detect-gone"): "name is missing on the server; to put it right set driftPolicy.mode to correct",
        ("database", "detect-db"): "postgres.connectionLimit, owner was changed on the server; to put it right",
        ("user", "detect-pw"): "password was changed on the server; to put it right set driftPolicy.mode to correct",
        ("user", "detect-attr"): "postgres.createDB was changed on the server; to put it right",
        ("grant", "detect-app"): "privileges[database detect_db] ",
    }
    for (kind, name), message in expected.items():
        eventually(lambda key=(kind, name): shop.ready(*key)[:2] == ("False", "DriftDetected"))
        assert shop.ready(kind, name)[2].startswith(message)
    assert shop.sql("SELECT datconnlimit FROM pg_database WHERE datname LIKE 'detect%'") == [(7,)]


def test_corrected_drift_is_put_right_but_for_what_takes_away(shop: Laptop, broken: Callable[..., str]) -> None:
    text = broken("correct", "correct")
    events = (("database", "gone"), ("database", "db"), ("user", "pw"), ("grant", "app"))
    for kind, part in events:
        eventually(lambda key=(kind, f"correct-{part}"): "DriftCorrected" in shop.do("describe", *key))
    eventually(lambda: shop.ready("user", "correct-attr")[1] == "DriftDetected")
    assert "the annotation dbaas.io/allow-destructive: true allows it" in shop.ready("user", "correct-attr")[2]
    assert "    differs: postgres.createDB: false, the server has true" in shop.do("plan", "-f", "-", text=text)
    found = shop.sql("SELECT datname, datconnlimit FROM pg_database WHERE datname LIKE 'correct%' ORDER BY 1")
    assert found == [("correct_db", 50), ("correct_gone", -1)]


def test_ignored_drift_is_not_spoken_of(shop: Laptop, broken: Callable[..., str]) -> None:
    broken("ignore", "ignore")
    broken("detect", "witness")  # a server is compared as a whole: when this is noticed, the other was looked at, too
    for kind, part in (("database", "gone"), ("user", "attr"), ("grant", "app")):
        eventually(lambda key=(kind, f"witness-{part}"): shop.ready(*key)[1] == "DriftDetected")
    assert shop.ready("database", "ignore-db")[0] == "True"
    assert "Drift" not in shop.do("describe", "database", "ignore-gone").partition("Conditions")[2]
    assert shop.sql("SELECT count(*) FROM pg_database WHERE datname = 'ignore_gone'") == [(0,)]
