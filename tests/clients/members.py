"""Patroni members of one PostgreSQL cluster, whose only store is a Kubernetes API."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import psycopg
import pytest
import yaml

from dbaas.laptop.machine import server_user
from fixtures.control_plane import Api
from fixtures.laptop import free_port

SCOPE = "demo"
SELECTOR = f"cluster-name={SCOPE}"
TIMING = {"ttl": 20, "loop_wait": 2, "retry_timeout": 5}
LAST_LINES = 40


def unprivileged() -> Sequence[str]:
    """What a command begins with that must not run as root, yet can read a Python that only root may. Skips without."""
    user = server_user()
    if user is None:
        return ()
    if shutil.which("setpriv") is None:
        reason = "PostgreSQL refuses root, and there is no setpriv"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    ids = (f"--reuid={user.uid}", f"--regid={user.gid}", "--clear-groups")
    return ("setpriv", *ids, "--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--")


@dataclass
class Member:
    """One Patroni with its PostgreSQL; `lines` is what it has logged."""

    name: str
    folder: Path
    programs: Path
    sql_port: int = field(default_factory=free_port)
    rest_port: int = field(default_factory=free_port)
    lines: list[str] = field(default_factory=list)
    process: Process | None = None
    _more: asyncio.Event = field(default_factory=asyncio.Event)
    _reader: asyncio.Task[None] | None = None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def settings(self, namespace: str) -> Mapping[str, Any]:
        """Patroni's configuration. Passwords do not matter: the servers trust this machine."""
        login = {"username": "postgres", "password": "unused"}
        return {
            "scope": SCOPE,
            "name": self.name,
            "kubernetes": {"namespace": namespace, "labels": {"application": "patroni"}, "use_endpoints": False,
                           "context": "embedded"},
            "restapi": {"listen": f"127.0.0.1:{self.rest_port}", "connect_address": f"127.0.0.1:{self.rest_port}"},
            "bootstrap": {
                "dcs": {**TIMING, "failsafe_mode": True, "postgresql": {"use_pg_rewind": True}},
                "initdb": [{"encoding": "UTF8"}, "data-checksums", "no-sync"],
            },
            "postgresql": {
                "listen": f"127.0.0.1:{self.sql_port}",
                "connect_address": f"127.0.0.1:{self.sql_port}",
                "data_dir": str(self.data),
                "bin_dir": str(self.programs),
                "pgpass": str(self.folder / "pgpass"),
                "authentication": {"superuser": login, "replication": login, "rewind": login},
                "parameters": {"unix_socket_directories": "", "fsync": False, "max_connections": 20,
                               "shared_buffers": "16MB"},
                "pg_hba": ["host all all 127.0.0.1/32 trust", "host replication all 127.0.0.1/32 trust"],
            },
        }  # fmt: skip

    async def start(self, namespace: str, kubeconfig: Path) -> None:
        settings = self.folder / "patroni.yaml"
        settings.write_text(yaml.safe_dump(self.settings(namespace)))
        user = server_user()
        if user is not None:
            os.chown(self.folder, user.uid, user.gid)
        environment = {"KUBECONFIG": str(kubeconfig), "PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
        self.process = await asyncio.create_subprocess_exec(
            *unprivileged(), sys.executable, "-m", "patroni", str(settings),
            env=environment, cwd=self.folder, stdout=PIPE, stderr=STDOUT, start_new_session=True,
        )  # fmt: skip
        self._reader = asyncio.create_task(self._read(self.process))

    async def kill(self) -> None:
        """Patroni first, so that it cannot act on the end of its PostgreSQL; both at once, as a machine dies."""
        if self.process is None or self._reader is None:
            return
        with suppress(FileNotFoundError):
            server = int((self.data / "postmaster.pid").read_text().split()[0])
            self.process.kill()
            with suppress(ProcessLookupError):
                os.kill(server, signal.SIGKILL)
        with suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()
        await self._reader  # PostgreSQL's own processes hold the pipe: they have ended, too
        self.process = None

    async def until_said(self, text: str, since: int, seconds: float = 90) -> None:
        """Waits for a line with this text, from number `since` on."""
        try:
            async with asyncio.timeout(seconds):
                while not any(text in line for line in self.lines[since:]):
                    self._more.clear()
                    await self._more.wait()
        except TimeoutError:
            pytest.fail("\n".join([f"{self.name} has not said '{text}' within {seconds} s:", *self.lines[since:]]))

    async def query(self, sql: str) -> str:
        async with await psycopg.AsyncConnection.connect(
            host="127.0.0.1", port=self.sql_port, user="postgres", dbname="postgres", autocommit=True
        ) as connection:
            cursor = await connection.execute(sql.encode())
            row = await cursor.fetchone() if cursor.description else None
            return str(row[0]) if row else ""

    async def until_answers(self, sql: str, answer: str, seconds: float = 30) -> None:
        """Asks again and again, with pauses that the server makes."""
        async with asyncio.timeout(seconds):
            while await self.query(sql) != answer:
                await self.query("select pg_sleep(0.1)")

    async def ask(self, method: str, path: str, body: Mapping[str, Any]) -> tuple[int, str]:
        """Patroni's own REST API."""
        url = f"http://127.0.0.1:{self.rest_port}{path}"
        async with aiohttp.ClientSession() as session, session.request(method, url, json=body) as answer:
            return answer.status, await answer.text()

    async def _read(self, process: Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            self.lines.append(line.decode(errors="replace").rstrip())
            self._more.set()


@dataclass
class Sight:
    """What the API says of the cluster at one moment. `failsafe`: who must agree that the leader goes on without it."""

    leader: str
    failsafe: Collection[str]
    roles: Mapping[str, str]
    states: Mapping[str, Mapping[str, Any]]

    def is_whole(self, members: int) -> bool:
        """One leader whose Pod says so, everybody else streams from it."""
        streaming = [n for n, s in self.states.items() if s.get("replication_state") == "streaming"]
        roles = [self.roles[name] for name in streaming]
        return self.roles.get(self.leader) == "primary" and roles == ["replica"] * (members - 1)


@dataclass
class PatroniCluster:
    """Members by name. `api` has a namespace of its own; `kubeconfig` leads to the same server."""

    api: Api
    folder: Path
    kubeconfig: Path
    members: dict[str, Member]

    async def start(self) -> None:
        """Each member has a Pod, as a StatefulSet would have made it."""
        for name, member in self.members.items():
            labels = {"application": "patroni", "cluster-name": SCOPE}
            containers = [{"name": "postgres", "image": "none"}]
            pod = {"metadata": {"name": name, "labels": labels}, "spec": {"containers": containers}}
            made = await self.api.post(self.api.collection("pods"), pod)
            assert made.status == 201, made.body
            await member.start(self.api.namespace, self.kubeconfig)

    async def restart(self, name: str) -> None:
        await self.members[name].start(self.api.namespace, self.kubeconfig)

    async def stop(self) -> None:
        for member in self.members.values():
            await member.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    async def see(self) -> Sight:
        leader = await self.api.get(f"{self.api.collection('configmaps')}/{SCOPE}-leader")
        pods = (await self.api.get(self.api.collection("pods"), labelSelector=SELECTOR)).body["items"]
        metadata = {pod["metadata"]["name"]: pod["metadata"] for pod in pods}
        annotations = leader.body["metadata"].get("annotations", {}) if leader.status == 200 else {}
        return Sight(
            leader=annotations.get("leader", ""),
            failsafe=json.loads(annotations.get("failsafe", "{}")),
            roles={name: each["labels"].get("role", "") for name, each in metadata.items()},
            states={n: json.loads(each.get("annotations", {}).get("status", "{}")) for n, each in metadata.items()},
        )

    async def until(self, holds: Callable[[Sight], bool], seconds: float) -> Sight:
        """What is seen once it holds. Looks whenever something in the API has changed."""
        try:
            async with asyncio.timeout(seconds), self.api.watch(self.api.collection("pods")) as watch:
                while not holds(sight := await self.see()):
                    await watch.response.content.readline()
                return sight
        except TimeoutError:
            logs = "\n".join(f"{m.name}: {line}" for m in self.members.values() for line in m.lines[-LAST_LINES:])
            pytest.fail(f"not so within {seconds} s: {await self.see()}\n{logs}")

    async def until_whole(self, seconds: float = 60) -> Sight:
        return await self.until(lambda sight: sight.is_whole(len(self.members)), seconds)
