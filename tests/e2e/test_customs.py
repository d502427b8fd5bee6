"""Declared operations on a real server, with a control plane that is killed while a statement goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import psycopg
import pytest

from e2e.conftest import Laptop, a_laptop, eventually

pytestmark = [pytest.mark.real_server, pytest.mark.slow]
PARAMETERS = [{"name": "who"}, {"name": "seconds", "type": "Integer", "minimum": 0}]
SIGN = "INSERT INTO public.signed SELECT $(who) FROM pg_sleep($(seconds))"


def declared(name: str, *, repeatable: bool) -> dict[str, Any]:
    statements = [{"name": "sign", "sql": SIGN}]
    return {"name": name, "repeatable": repeatable, "parameters": PARAMETERS, "statements": statements}


@pytest.fixture(scope="module")
def main() -> Iterator[Laptop]:
    """A laptop with the cluster `main`, a table that statements sign, and operations that do so slowly."""
    engine = {"type": "postgresql", "version": "18"}
    metadata = {"name": "main", "namespace": "default"}
    body = {"apiVersion": "dbaas.io/v1", "kind": "DatabaseCluster", "metadata": metadata}
    with a_laptop() as made:
        made.do("up", "-d")
        text = json.dumps({**body, "spec": {"engine": engine, "clusterSize": 1}})
        made.do("apply", "-f", "-", "--wait", "--timeout", "60s", text=text)
        made.sql("CREATE TABLE public.signed (who text)")
        operations = made.read("databaseengine", "postgres")["spec"]["operations"]
        operations += [declared("sign", repeatable=False), declared("sign-again", repeatable=True)]
        made.patch("databaseengine", "postgres", {"spec": {"operations": operations}})
        yield made


def signed(laptop: Laptop, who: str) -> int:
    return int(laptop.sql(f"SELECT count(*) FROM public.signed WHERE who = '{who}'")[0][0])


def is_running(laptop: Laptop) -> bool:
    query = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'dbaas-op-%' AND state = 'active'"
    return bool(laptop.sql(query)[0][0])


def phase(laptop: Laptop, name: str) -> str:
    return str(laptop.read("ops", name).get("status", {}).get("phase"))


def sign(laptop: Laptop, operation: str, who: str, seconds: int) -> None:
    words = ("op", "custom", "main", operation, f"who={who}", f"seconds={seconds}")
    laptop.do(*words, "--no-wait", "--name", who)
    eventually(lambda: is_running(laptop))


def test_what_the_catalogue_has_ready_is_run_by_its_name(main: Laptop) -> None:
    told = main.do("op", "custom", "main", "vacuum", "database=postgres", "table=signed", "--timeout", "60s")
    assert "Succeeded" in told
    assert main.sql("SELECT vacuum_count FROM pg_stat_user_tables WHERE relname = 'signed'")[0][0] >= 1
    main.do("op", "custom", "main", "reindex", "database=postgres", "table=signed", "--timeout", "60s")


def test_sessions_are_ended_of_the_one_who_is_named_and_never_an_administrators(main: Laptop) -> None:
    main.sql("CREATE ROLE leaver LOGIN PASSWORD 'leaver-1'", "CREATE ROLE stayer LOGIN PASSWORD 'stayer-1'")
    login = main.secret("main-credentials")
    users = {"leaver": "leaver-1", "stayer": "stayer-1", login["username"]: login["password"]}
    place = main.read("instance", "main")["spec"]["connection"]
    with ExitStack() as open_ones:
        sessions = {
            name: open_ones.enter_context(
                psycopg.connect(
                    host=place["host"], port=place["port"], user=name, password=word, dbname="postgres", autocommit=True
                )
            )
            for name, word in users.items()
        }
        for name in ("leaver", login["username"]):
            told = main.do("op", "custom", "main", "terminate-sessions", f"user={name}", "--timeout", "60s")
            assert "Succeeded" in told
        with pytest.raises(psycopg.OperationalError, match="terminating connection"):
            sessions["leaver"].execute("SELECT 1")
        for name in ("stayer", login["username"]):
            assert sessions[name].execute("SELECT 1").fetchall() == [(1,)]


def test_what_goes_on_is_ended_when_it_is_given_up(main: Laptop) -> None:
    sign(main, "sign", "given-up", 600)
    main.do("op", "cancel", "given-up")
    eventually(lambda: phase(main, "given-up") == "Cancelled")
    assert not is_running(main)
    sign(main, "sign", "deleted", 600)
    main.do("delete", "ops/deleted")
    eventually(lambda: not is_running(main))
    assert signed(main, "given-up") == signed(main, "deleted") == 0


def test_a_kill_in_the_middle_repeats_only_what_may_be(main: Laptop) -> None:
    sign(main, "sign", "once", 600)
    main.kill()
    main.do("up", "-d")
    eventually(lambda: phase(main, "once") == "Failed")
    assert main.ready("ops", "once")[1] == "OutcomeUnknown"
    assert signed(main, "once") == 0 and not is_running(main)
    sign(main, "sign-again", "often", 8)
    main.kill()
    main.do("up", "-d")
    main.do("wait", "ops/often", "--timeout", "60s")
    assert signed(main, "often") >= 1
    assert any(entry["status"] == "Pending" for entry in main.read("ops", "often")["status"]["actionLog"])
