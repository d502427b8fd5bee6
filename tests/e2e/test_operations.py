"""Operations on a real server: what they do is seen on it, once each."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from dbaas.cli.exits import ExitCode
from dbaas.core.home import Home
from e2e.conftest import Laptop, a_laptop, eventually

pytestmark = [pytest.mark.real_server, pytest.mark.slow]


def cluster(**more: object) -> str:
    engine = {"type": "postgresql", "version": "18"}
    metadata = {"name": "main", "namespace": "default"}
    spec = {"engine": engine, "clusterSize": 1, "config": [{"name": "work_mem", "value": "5MB"}], **more}
    return json.dumps({"apiVersion": "dbaas.io/v1", "kind": "DatabaseCluster", "metadata": metadata, "spec": spec})


@pytest.fixture(scope="module")
def main() -> Iterator[Laptop]:
    """A laptop with the cluster `main` for all tests of this file; each leaves it running."""
    with a_laptop() as made:
        made.do("up", "-d")
        made.do("apply", "-f", "-", "--wait", "--timeout", "60s", text=cluster())
        yield made


def pid(laptop: Laptop) -> int:
    return int(laptop.read("process", "main")["status"]["pid"])


def test_a_restart_ends_the_server_and_starts_it_once(main: Laptop) -> None:
    before, started = pid(main), main.sql("SELECT pg_postmaster_start_time()")
    told = main.do("op", "restart", "main", "--name", "again", "--timeout", "60s")
    assert "opsrequest.dbaas.io/again created" in told
    assert "Succeeded" in told
    assert pid(main) != before
    assert main.sql("SELECT pg_postmaster_start_time()") > started
    after, status = pid(main), main.read("opsrequest", "again")["status"]
    assert [step["phase"] for step in status["steps"]] == ["Succeeded"] * 3
    assert main.read("process", "main")["status"]["restarts"] == 0  # it was no crash
    main.do("op", "reconfigure", "main", "work_mem=6MB", "--timeout", "60s")
    assert pid(main) == after


def test_a_setting_is_changed_and_what_it_was_is_kept(main: Laptop) -> None:
    (before,) = main.sql("SHOW work_mem")
    main.do("op", "reconfigure", "main", "work_mem=17MB", "max_connections=77", "--name", "tune", "--timeout", "60s")
    assert main.sql("SHOW work_mem") == [("17MB",)]
    assert main.sql("SHOW max_connections") == [("77",)]
    previous = {each["field"]: each.get("value") for each in main.read("opsrequest", "tune")["status"]["previous"]}
    assert previous == {"config[work_mem]": before[0], "config[max_connections]": None}


def test_a_stopped_cluster_has_no_server_and_a_start_brings_it_back_with_its_data(main: Laptop) -> None:
    main.sql("CREATE TABLE IF NOT EXISTS kept (id int)", "INSERT INTO kept VALUES (1)", "SELECT 1")
    main.do("op", "stop", "main", "--timeout", "60s")
    assert main.ready("cluster", "main")[1] == "Stopped"
    assert "pid" not in main.read("process", "main")["status"]
    assert main.run("op", "restart", "main").code == ExitCode.FAILED
    main.do("op", "start", "main", "--timeout", "60s")
    assert main.sql("SELECT count(*) > 0 FROM kept") == [(True,)]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("expand", "main", "size=50Gi"), "spec.volumeExpansion.size: the process provider keeps data in a folder"),
        (("switchover", "main"), "needs a replicated cluster"),
        (("rebuild", "main", "instance=main"), "needs a replicated cluster"),
        (("upgrade", "main", "version=16"), "spec.upgrade.targetVersion: "),
        (("reconfigure", "main", "work_men=1MB"), "spec.reconfiguring.config[0].name: PostgreSQL 18 has no setting"),
        (("expose", "main", "type=LoadBalancer"), "spec.expose.type: the process provider"),
        (
            ("custom", "main", "operation=vacum"),
            "spec.custom.operation: the DatabaseEngine of 'main' declares no operation",
        ),
        (
            ("custom", "main", "operation=vacuum", "tabel=a"),
            "spec.custom.parameters[tabel]: operation 'vacuum' has no such",
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_what_cannot_be_done_here_is_refused_with_the_reason(main: Laptop, words: tuple[str, ...], told: str) -> None:
    ended = main.run("op", *words)
    assert ended.code == ExitCode.FAILED
    assert told in ended.err


def test_two_that_were_asked_for_at_once_are_done_in_turn(main: Laptop) -> None:
    for words in (("stop", "main"), ("start", "main")):
        main.do("op", *words, "--no-wait", "--name", f"turn-{words[0]}")
    main.do("wait", "ops/turn-stop", "ops/turn-start", "--timeout", "60s")
    assert main.ready("cluster", "main")[0] == "True"
    ends = [main.read("ops", f"turn-{name}")["status"]["completionTime"] for name in ("stop", "start")]
    assert ends == sorted(ends)


def test_kubectl_that_applies_the_old_manifest_is_told_of_the_conflict_and_by_force_of_what_it_undoes(
    main: Laptop, kube_assets: Path
) -> None:
    def kubectl(*words: str) -> subprocess.CompletedProcess[str]:
        called = [str(kube_assets / "kubectl"), "--kubeconfig", str(Home(main.home).kubeconfig), *words]
        text = cluster(config=[{"name": "work_mem", "value": "5MB"}])
        return subprocess.run(called, input=text, capture_output=True, text=True, check=False, timeout=60)

    main.do("op", "reconfigure", "main", "work_mem=19MB", "--name", "mine", "--timeout", "60s")
    refused = kubectl("apply", "--server-side", "-f", "-")
    assert refused.returncode != 0
    assert '"dbaas-operation"' in refused.stderr and 'config[name="work_mem"].value' in refused.stderr
    forced = kubectl("apply", "--server-side", "--force-conflicts", "-f", "-")
    assert forced.returncode == 0
    assert "Warning: spec.config[work_mem].value: an operation has made it" in forced.stderr
    eventually(lambda: main.read("ops", "mine")["status"].get("undone") == ["config[work_mem]"])
    eventually(lambda: "OperationUndone" in main.do("events"))
    eventually(lambda: main.sql("SHOW work_mem") == [("5MB",)])
    assert main.read("ops", "mine")["status"]["phase"] == "Succeeded"
