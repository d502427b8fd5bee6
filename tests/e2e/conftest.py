"""The real command on a home of its own, as a person would type it."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import psycopg
import pytest
from psycopg.sql import SQL

from dbaas.api.resource import Key
from dbaas.cli.kinds import discover
from dbaas.core.clock import SystemClock
from dbaas.core.home import Home
from dbaas.core.randomness import SystemRandomness
from dbaas.kube.kubeconfig import load_kubeconfig
from dbaas.kube.light import LightTransport
from dbaas.kube.retries import RetryingTransport
from dbaas.kube.verbs import RestClient
from fixtures.laptop import free_port

ROOT = Path(__file__).parent.parent.parent
QUICKSTART = str(ROOT / "samples" / "01-quickstart")
PROGRAM = (sys.executable, "-c", "from dbaas.cli.main import run; run()")
PREFERRED = (5432, 6432, 8008)
"""Ports that several of our servers would like to have: of PostgreSQL, of what leads to it, and of Patroni."""
PATIENCE_SECONDS = 120
PAUSE_SECONDS = 0.2
TOLD_LINES = 60
DESCRIBING = ("events", "get all -o yaml")


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    def __str__(self) -> str:
        return f"exit code {self.code}\n{self.out}{self.err}"


@dataclass(frozen=True)
class Laptop:
    """`dbaas` with a home; nothing of the user's own environment counts."""

    home: Path

    @property
    def environment(self) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if name not in ("KUBECONFIG", "DBAAS_HOME")}
        return {**own, "DBAAS_HOME": str(self.home)}

    def run(self, *arguments: str, text: str = "") -> Ended:
        done = subprocess.run(
            [*PROGRAM, *arguments], env=self.environment, input=text, capture_output=True, text=True, check=False,
            timeout=PATIENCE_SECONDS,
        )  # fmt: skip
        return Ended(done.returncode, done.stdout, done.stderr)

    def do(self, *arguments: str, text: str = "") -> str:
        """Standard output of a command that must succeed."""
        ended = self.run(*arguments, text=text)
        assert ended.code == 0, f"dbaas {' '.join(arguments)}: {ended}"
        assert "Traceback" not in ended.err
        return ended.out

    def start(self, *arguments: str, output: IO[str] | int = subprocess.PIPE) -> subprocess.Popen[str]:
        """A command that goes on."""
        return subprocess.Popen(
            [*PROGRAM, *arguments], env=self.environment, stdout=output, stderr=subprocess.PIPE, text=True
        )

    def query(self, sql: str, *options: str) -> str:
        return self.do("connect", "shop", *options, "--", "-At", "-c", sql).strip()

    def read(self, kind: str, name: str) -> dict[str, Any]:
        """By no command: tests ask often, and to start one takes a hundred times as long."""
        return asyncio.run(self._ask(kind, name))

    def patch(self, kind: str, name: str, patch: dict[str, Any]) -> None:
        """By nobody that dbaas knows."""
        asyncio.run(self._ask(kind, name, patch))

    async def _ask(self, kind: str, name: str, patch: dict[str, Any] | None = None) -> dict[str, Any]:
        access, clock = load_kubeconfig([Home(self.home).kubeconfig]).access(), SystemClock()
        transport = LightTransport(access, clock)
        try:
            rest = RestClient(RetryingTransport(transport, clock, SystemRandomness()))
            found = (await discover(rest)).one(kind).kind
            key = Key("default" if found.namespaced else "", name)
            return dict((await (rest.get(found, key) if patch is None else rest.patch(found, key, patch))).body())
        finally:
            await transport.close()

    def ready(self, kind: str, name: str) -> tuple[str, str, str]:
        """Status, reason and message of the condition Ready."""
        conditions = self.read(kind, name).get("status", {}).get("conditions", [])
        found = next((one for one in conditions if one["type"] == "Ready"), {})
        return found.get("status", ""), found.get("reason", ""), found.get("message", "")

    def secret(self, name: str) -> dict[str, str]:
        return {key: base64.b64decode(value).decode() for key, value in self.read("secret", name)["data"].items()}

    def sql(self, *statements: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Behind the back of dbaas, as the server's administrator; the rows of the last statement."""
        login, place = self.secret("main-credentials"), self.read("instance", "main")["spec"]["connection"]
        with psycopg.connect(
            host=place["host"], port=place["port"], user=login["username"], password=login["password"],
            dbname=database, autocommit=True,
        ) as connection:  # fmt: skip
            cursor = connection.cursor()
            for statement in statements:
                cursor.execute(SQL(statement))  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def kill_server(self, name: str) -> None:
        os.kill(self.read("process", name)["status"]["pid"], signal.SIGKILL)

    def kill(self) -> None:
        """The control plane alone, as a crash would."""
        os.kill(json.loads((self.home / "lock").read_text())["pid"], signal.SIGKILL)

    def tell(self) -> str:
        """How it is, for who reads of a test that failed."""
        said = [f"{command}: {self.run(*command.split())}" for command in DESCRIBING]
        for log in sorted(self.home.rglob("*.log")):
            last = log.read_text(errors="replace").splitlines()[-TOLD_LINES:]
            said.append("\n".join([f"{log.relative_to(self.home)}:", *last]))
        return "\n\n".join(said)


def eventually(holds: Callable[[], object], within_seconds: float = 60.0) -> None:
    """Asks until it holds. What is asked needs the processor as well: it is left alone between two questions."""
    deadline = time.monotonic() + within_seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {within_seconds:g} s"
        time.sleep(PAUSE_SECONDS)


def steadily(holds: Callable[[], object], for_seconds: float) -> None:
    """Asks again and again whether it still holds."""
    deadline = time.monotonic() + for_seconds
    while time.monotonic() < deadline:
        assert holds()
        time.sleep(PAUSE_SECONDS)


@contextmanager
def a_laptop() -> Iterator[Laptop]:
    """Not in pytest's own folder, which is closed to the user that root's servers run as."""
    made = Laptop(Path(tempfile.mkdtemp(prefix="dbaas-e2e-")))
    (made.home / "port").write_text(str(free_port()))  # laptops side by side must not want each other's
    try:
        yield made
    finally:
        made.run("down")
        shutil.rmtree(made.home, ignore_errors=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed and report.when != "teardown":
        found = {_laptop_of(each) for each in getattr(item, "funcargs", {}).values()} - {None}
        report.sections.extend((f"the laptop {each.home.name}", each.tell()) for each in found)
    return report


def _laptop_of(fixture: Any) -> Any:
    """Itself, or that of what it is made of. Not by its class: who imports this file has another one than pytest."""
    while fixture is not None and not hasattr(fixture, "tell"):
        fixture = getattr(fixture, "trio", None) or getattr(fixture, "laptop", None)
    return fixture


@contextmanager
def preferred_ports_taken() -> Iterator[None]:
    """So that homes side by side find ports apart, and none robs another of the port of a server that is down."""
    with ExitStack() as stack:
        for port in PREFERRED:
            held = stack.enter_context(socket.socket())
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):  # somebody else holds it, which does as well
                held.bind(("127.0.0.1", port))
                held.listen(1)
        yield


@pytest.fixture(scope="session", autouse=True)
def _preferred_ports_are_taken() -> Iterator[None]:
    with preferred_ports_taken():
        yield


@pytest.fixture
def laptop() -> Iterator[Laptop]:
    """One that nobody else has."""
    with a_laptop() as made:
        yield made


@pytest.fixture(scope="session")
def shop() -> Iterator[Laptop]:
    """One with the quickstart, for all tests that leave its objects alone and give theirs names of their own."""
    with a_laptop() as made:
        made.do("up", "-d")
        made.do("apply", "-f", QUICKSTART, "--wait", "--timeout", "60s")
        yield made
