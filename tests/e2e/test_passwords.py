"""Secrets: healed, followed, never taken over, and nowhere else to be read."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from dbaas.cli.exits import ExitCode
from e2e.conftest import Laptop, eventually

pytestmark = [pytest.mark.real_server, pytest.mark.slow]

CHOSEN = "{{apiVersion: v1, kind: Secret, metadata: {{name: chosen}}, stringData: {{pw: {}}}}}"
USER = (
    "{{apiVersion: dbaas.io/v1, kind: DatabaseUser, metadata: {{name: {name}}}, "
    "spec: {{instanceRef: {{kind: DatabaseCluster, name: main}}{more}}}}}"
)
FIRST, SECOND = "F1rst-chosen-one", "S3cond-chosen-one"


def test_a_published_secret_that_is_deleted_comes_back_and_works(shop: Laptop) -> None:
    shop.do("apply", "-f", "-", "--wait", text=USER.format(name="healed", more=""))
    before = shop.secret("healed-credentials")["password"]
    shop.do("delete", "secret", "healed-credentials")
    eventually(lambda: shop.run("get", "secret", "healed-credentials").code == ExitCode.OK)
    shop.do("wait", "user/healed", "--timeout", "30s")
    after = shop.secret("healed-credentials")
    assert after["password"] != before
    assert log_in(shop, after["username"], after["password"])
    assert not log_in(shop, after["username"], before)


def test_a_secret_of_somebody_else_is_never_overwritten(shop: Laptop) -> None:
    foreign = "{apiVersion: v1, kind: Secret, metadata: {name: foreign-credentials}, stringData: {hello: world}}"
    text = foreign + "\n---\n" + USER.format(name="foreign", more="")
    ended = shop.run("apply", "-f", "-", "--wait", text=text)
    assert ended.code == ExitCode.FAILED
    assert "databaseuser/foreign: SecretNotOurs: " in ended.err
    assert "delete it or choose another name in spec.passwordSecret.secretName" in ended.err
    shop.do("delete", "user", "foreign", "--timeout", "30s")
    assert shop.secret("foreign-credentials") == {"hello": "world"}


def test_a_chosen_password_is_followed_and_stands_nowhere_else(shop: Laptop) -> None:
    user = USER.format(name="chosen", more=", existingPasswordSecret: {name: chosen, key: pw}")
    shop.do("apply", "-f", "-", "--wait", text=CHOSEN.format(FIRST) + "\n---\n" + user)
    assert log_in(shop, "chosen", FIRST)
    shop.do("apply", "-f", "-", text=CHOSEN.format(SECOND))
    eventually(lambda: log_in(shop, "chosen", SECOND))
    assert not log_in(shop, "chosen", FIRST)
    passwords = [FIRST, SECOND, shop.secret("main-credentials")["password"]]
    assert find_leaks(shop, passwords) == []


def log_in(shop: Laptop, username: str, password: str) -> bool:
    """By the server's own client, without dbaas."""
    place = shop.read("instance", "main")["spec"]["connection"]
    client = next(Path(shop.read("process", "main")["spec"]["programs"]).glob("psql"))
    target = ["-h", place["host"], "-p", str(place["port"]), "-U", username, "-d", "template1", "-c", "SELECT 1"]
    ended = subprocess.run(
        [client, "-w", *target], env={"PGPASSWORD": password}, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0 or "password authentication failed" in ended.stderr, ended.stderr
    return ended.returncode == 0


def find_leaks(shop: Laptop, passwords: list[str]) -> list[str]:
    """Where one of them can be read: logs, events, objects, the command lines of all processes."""
    places = {str(log): log.read_text(errors="replace") for log in (shop.home / "logs").iterdir()}
    places["events"] = shop.do("events", "-A")
    for kind in ("databases", "users", "grants", "clusters", "instances", "processes"):
        places[kind] = shop.do("get", kind, "-A", "-o", "json")
    places["argv"] = subprocess.run(["ps", "axww", "-o", "args"], capture_output=True, text=True, check=True).stdout
    return [name for name, text in places.items() for password in passwords if password in text]
