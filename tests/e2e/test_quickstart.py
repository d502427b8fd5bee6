"""What a new user does in the first minute, through the real command and a real server."""

from __future__ import annotations

import pytest

from e2e.conftest import QUICKSTART, Laptop

pytestmark = pytest.mark.real_server


def test_a_database_is_there_in_seconds_and_stays(laptop: Laptop) -> None:
    laptop.do("up", "-d")
    laptop.do("apply", "-f", QUICKSTART, "--wait", "--timeout", "60s")
    assert laptop.query("SELECT current_user") == "shop-app"
    laptop.query("CREATE TABLE sales.orders (what text)", "--user", "shop-owner")
    laptop.query("INSERT INTO sales.orders VALUES ('tea')")
    assert "permission denied" in laptop.run("connect", "shop", "--", "-c", "DELETE FROM sales.orders").err
    assert "0 statements; nothing was executed" in laptop.do("plan", "-f", QUICKSTART)
    assert laptop.do("down") == "stopped; data is kept\n"
    laptop.do("up", "-d")
    laptop.do("wait", "all", "--timeout", "60s")
    assert laptop.query("SELECT what FROM sales.orders") == "tea"


def test_servers_survive_the_death_of_dbaas(laptop: Laptop) -> None:
    laptop.do("up", "-d")
    laptop.do("apply", "-f", QUICKSTART, "--wait", "--timeout", "60s")
    pid = laptop.read("process", "main")["status"]["pid"]
    laptop.kill()
    assert f"servers still run: default.main (process {pid})" in laptop.run("status").err
    laptop.do("up", "-d")
    laptop.do("wait", "all", "--timeout", "60s")
    assert laptop.read("process", "main")["status"]["pid"] == pid
    laptop.kill()
    assert "stopped servers that it had left: default.main" in laptop.do("down")
    assert laptop.do("down") == "nothing was running\n"


def test_everything_can_be_deleted_in_one_command(laptop: Laptop) -> None:
    laptop.do("up", "-d")
    laptop.do("apply", "-f", QUICKSTART, "--wait", "--timeout", "60s")
    laptop.do("delete", "clusters,databases,users,grants", "--all", "--timeout", "60s")
    assert laptop.do("get", "clusters,databases,users,grants,processes", "-o", "name") == ""


def test_a_plan_for_an_empty_laptop_tells_every_statement(laptop: Laptop) -> None:
    laptop.do("up", "-d")
    plan = laptop.do("plan", "-f", QUICKSTART)
    assert "[server] CREATE ROLE \"shop-owner\" LOGIN PASSWORD '********';" in plan
    assert '[shop] GRANT USAGE ON SCHEMA "sales" TO "shop-app";' in plan
    assert "5 to create, 0 to change, 0 unchanged" in plan
    assert laptop.do("get", "databases", "-o", "name") == ""
