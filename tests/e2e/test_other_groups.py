"""Manifests of another group, as their manual prints them: by our command and by kubectl, on a real server."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from dialects.dbops.specimens import FURTHER, PRINTED
from e2e.conftest import Laptop, eventually
from fixtures.postgres import TestServer, start_server, stop_server

pytestmark = [pytest.mark.real_server, pytest.mark.slow]
GROUP = "dbops.dbprovision.io"
SERVICE = """
apiVersion: v1
kind: Service
metadata: {{name: postgres}}
spec: {{type: ExternalName, externalName: localhost, ports: [{{port: 5432, targetPort: {port}}}]}}
"""


@pytest.fixture
def server() -> Iterator[TestServer]:
    """With the password that the manual has."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="dbaas-postgres-", dir=memory if memory.exists() else None))
    folder.chmod(0o755)
    started = start_server("18", folder)
    try:
        with log_in(started, "postgres", started.address.password.reveal()) as connection:
            connection.execute("ALTER ROLE postgres PASSWORD 'supersecret'")
        yield started
    finally:
        stop_server(started)


def log_in(server: TestServer, user: str, password: str, database: str = "postgres") -> psycopg.Connection:
    return psycopg.connect(
        host="127.0.0.1", port=server.port, user=user, password=password, dbname=database, autocommit=True
    )


def write(folder: Path, server: TestServer) -> tuple[str, str]:
    """The example as it is printed, and the Service that it names."""
    printed, service = folder / "printed.yaml", folder / "service.yaml"
    printed.write_text(PRINTED)
    service.write_text(SERVICE.format(port=server.port))
    return str(printed), str(service)


def test_the_printed_example_becomes_ready_and_is_cleaned_up(
    laptop: Laptop, server: TestServer, tmp_path: Path
) -> None:
    printed, service = write(tmp_path, server)
    laptop.do("up", "-d")
    plan = laptop.do("plan", "-f", printed)
    assert "+ create Database myapp-db" in plan
    laptop.do("apply", "-f", service)
    laptop.do("apply", "-f", printed, "--wait", "--timeout", "60s")
    database = laptop.read(f"databases.{GROUP}", "myapp-db")
    assert database["metadata"]["finalizers"] == [f"{GROUP}/database-protection"]
    assert database["status"]["phase"] == "Ready" and database["status"]["database"]["name"] == "myapp"
    secret = laptop.secret("myapp-db-credentials")
    assert secret["username"] == "myapp" and secret["database"] == "myapp"
    with log_in(server, "myapp", secret["password"], "myapp") as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("myapp",)
    assert "unchanged" in laptop.do("apply", "-f", printed)

    ended = laptop.run("delete", f"databases.{GROUP}", "myapp-db", "--timeout", "5s")
    assert ended.code != 0 and "deletionProtection" in ended.out + ended.err
    here = "  name: myapp\n  instanceRef"
    unprotected = PRINTED.replace(here, f"  deletionProtection: false\n{here}")
    laptop.do("apply", "-f", "-", text=unprotected)
    eventually(lambda: "myapp-db" not in laptop.do("get", f"databases.{GROUP}", "-o", "name"))
    with log_in(server, "postgres", "supersecret") as connection:
        assert connection.execute("SELECT count(*) FROM pg_database WHERE datname = 'myapp'").fetchone() == (0,)


Kubectl = Callable[..., str]


@pytest.fixture
def kubectl(laptop: Laptop, kube_assets: Path) -> Kubectl:
    """On a laptop that runs; its output."""
    laptop.do("up", "-d")
    environment = {**os.environ, "KUBECONFIG": laptop.do("kubeconfig").strip()}

    def run(*arguments: str) -> str:
        command = [kube_assets / "kubectl", *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=90)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_kubectl_serves_it_with_the_groups_own_columns(kubectl: Kubectl, server: TestServer, tmp_path: Path) -> None:
    printed, service = write(tmp_path, server)
    kubectl("apply", "-f", service, "-f", printed)
    kinds = [f"{kind}.{GROUP}" for kind in ("databaseinstances", "databases", "databaseusers")]
    for kind in kinds:
        kubectl("wait", kind, "--all", "--for=condition=Ready", "--timeout=60s")
    assert kubectl("get", kinds[0]).split()[:6] == ["NAME", "ENGINE", "HOST", "PORT", "PHASE", "VERSION"]
    assert kubectl("get", kinds[1]).split()[:5] == ["NAME", "INSTANCE", "DATABASE", "PHASE", "SIZE"]
    assert kubectl("get", kinds[2]).split()[:5] == ["NAME", "INSTANCE", "USERNAME", "PHASE", "SECRET"]
    kubectl("patch", kinds[2], "myapp-user", "--type=merge", "-p", '{"spec":{"postgres":{"connectionLimit":3}}}')

    def limit() -> tuple[int] | None:
        with log_in(server, "postgres", "supersecret") as connection:
            return connection.execute("SELECT rolconnlimit FROM pg_roles WHERE rolname = 'myapp'").fetchone()

    eventually(lambda: limit() == (3,))
    kubectl("delete", kinds[2], "myapp-user")
    assert limit() is None


def test_roles_grants_and_what_is_for_the_whole_cluster_settle_and_go_in_a_cascade(
    kubectl: Kubectl, server: TestServer, tmp_path: Path
) -> None:
    printed, service = write(tmp_path, server)
    further = tmp_path / "further.yaml"
    further.write_text(FURTHER)
    kubectl("apply", "-f", service, "-f", printed, "-f", str(further))
    columns = {
        "databaseroles": ["NAME", "INSTANCE", "ROLE", "PHASE", "AGE"],
        "databasegrants": ["NAME", "USER", "DATABASE", "PHASE", "AGE"],
        "clusterdatabaseinstances": ["NAME", "ENGINE", "HOST", "PORT", "PHASE", "VERSION", "AGE"],
        "clusterdatabaseroles": ["NAME", "INSTANCE", "ROLE", "PHASE", "AGE"],
        "clusterdatabasegrants": ["NAME", "TARGET", "TYPE", "APPLIED", "PHASE", "AGE"],
    }
    for plural, expected in columns.items():
        kubectl("wait", f"{plural}.{GROUP}", "--all", "--for=condition=Ready", "--timeout=60s")
        assert kubectl("get", f"{plural}.{GROUP}").splitlines()[0].split() == expected
    with log_in(server, "postgres", "supersecret") as connection:
        for member, role in (("myapp", "myapp_readers"), ("auditor", "auditors")):
            assert connection.execute("SELECT pg_has_role(%s, %s, 'MEMBER')", (member, role)).fetchone() == (True,)

    shared = (f"clusterdatabaseinstances.{GROUP}", "shared")
    kubectl("annotate", *shared, f"{GROUP}/force-delete=true")
    kubectl("delete", *shared, "--wait=false")
    path = "{.status.deletionConfirmation.hash}"
    eventually(lambda: kubectl("get", *shared, "-o", f"jsonpath={path}"))
    asked = kubectl("get", *shared, "-o", "jsonpath={.status.phase} {.status.deletionConfirmation.message}")
    assert asked.startswith("PendingDeletion") and f"{GROUP}/confirm-force-delete" in asked
    kubectl("annotate", *shared, f"{GROUP}/confirm-force-delete={kubectl('get', *shared, '-o', f'jsonpath={path}')}")
    eventually(lambda: not kubectl("get", shared[0], "-o", "name"))
    assert kubectl("get", f"clusterdatabaseroles.{GROUP},clusterdatabasegrants.{GROUP}", "-o", "name") == ""
    with log_in(server, "postgres", "supersecret") as connection:
        left = connection.execute("SELECT rolname FROM pg_roles WHERE rolname IN ('auditor', 'auditors', 'myapp')")
        assert left.fetchall() == [("myapp",)]
