"""What the benchmarks share: a control plane of their own in an empty home, its API, and how a figure is printed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import psutil

ROOT = Path(__file__).resolve().parents[1]
DBAAS = str(Path(sys.executable).parent / "dbaas")
MEMORY = Path("/dev/shm")
PATIENCE_SECONDS = 600.0
GROUP = "/apis/dbaas.io/v1/namespaces/default"
ON_MAIN = {"kind": "DatabaseCluster", "name": "main"}
CLUSTER = """
apiVersion: dbaas.io/v1
kind: DatabaseCluster
metadata: {name: main}
spec: {engine: {type: postgres, version: "18"}, clusterSize: 1, deletionPolicy: Delete, deletionProtection: false}
"""


@dataclass(frozen=True)
class Laptop:
    """A home folder; `dbaas` runs commands against it."""

    home: Path

    def dbaas(self, *arguments: str) -> str:
        environment = {**os.environ, "DBAAS_HOME": str(self.home)}
        ran = subprocess.run(
            [DBAAS, *arguments], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
        )
        if ran.returncode:
            raise SystemExit(f"dbaas {' '.join(arguments)} ended with {ran.returncode}:\n{ran.stdout}{ran.stderr}")
        return ran.stdout

    def process(self) -> psutil.Process:
        """The control plane."""
        return psutil.Process(json.loads((self.home / "lock").read_text())["pid"])


@contextlib.contextmanager
def empty_laptop(*, in_memory: bool = False) -> Iterator[Laptop]:
    """Nothing is started yet. `in_memory`: on a memory-backed file system, where the disk's mood does not count."""
    parent = MEMORY if in_memory and MEMORY.is_dir() else Path(tempfile.gettempdir())
    home = Path(tempfile.mkdtemp(prefix="dbaas-bench-", dir=parent))
    home.chmod(0o711)
    laptop = Laptop(home)
    try:
        yield laptop
    finally:
        with contextlib.suppress(SystemExit):
            laptop.dbaas("down")
        shutil.rmtree(home, ignore_errors=True)


def start_server(laptop: Laptop) -> None:
    """The control plane, and on it the one server that `ON_MAIN` refers to."""
    manifest = laptop.home / "cluster.yaml"
    manifest.write_text(CLUSTER)
    laptop.dbaas("up", "-d")
    laptop.dbaas("apply", "-f", str(manifest), "--wait")


def build_body(kind: str, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    """An object of one of our kinds."""
    return {"apiVersion": "dbaas.io/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}


@dataclass(frozen=True)
class Api:
    """The API of a running control plane."""

    session: aiohttp.ClientSession
    url: str

    async def send(self, method: str, path: str, body: Mapping[str, Any] | None = None, kind: str = "json") -> Any:
        """`kind` json, or merge-patch+json. Anything but success ends the benchmark."""
        headers = {"content-type": f"application/{kind}"}
        data = json.dumps(body).encode() if body is not None else None
        async with self.session.request(method, self.url + path, data=data, headers=headers) as response:
            text = await response.text()
            if response.status >= 300:
                raise SystemExit(f"{method} {path}: {response.status} {text}")
            return json.loads(text)

    async def until_ready(self, path: str, count: int) -> None:
        """Until so many objects of a collection are Ready, told by a watch from its beginning."""
        ready: set[str] = set()
        async with asyncio.timeout(PATIENCE_SECONDS):
            query = {"watch": "true", "resourceVersion": "0"}
            async with self.session.get(self.url + path, params=query) as response:
                while len(ready) < count:
                    found = json.loads(await response.content.readuntil(b"\n"))["object"]
                    conditions = found.get("status", {}).get("conditions", [])
                    if any(each["type"] == "Ready" and each["status"] == "True" for each in conditions):
                        ready.add(found["metadata"]["name"])


@contextlib.asynccontextmanager
async def open_api(laptop: Laptop) -> AsyncIterator[Api]:
    token = (laptop.home / "token").read_text().strip()
    url = json.loads((laptop.home / "lock").read_text())["endpoint"]
    timeout = aiohttp.ClientTimeout(total=None)
    headers = {"authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(headers=headers, timeout=timeout, read_bufsize=2**22) as session:
        yield Api(session, url)


async def send_all(api: Api, calls: Iterable[tuple[str, str, Mapping[str, Any], str]], connections: int) -> None:
    """All of them, so many at a time, in order of their beginning."""
    waiting = iter(list(calls))

    async def work() -> None:
        for method, path, body, kind in waiting:
            await api.send(method, path, body, kind)

    await asyncio.gather(*(work() for _ in range(connections)))


@contextlib.contextmanager
def timed() -> Iterator[list[float]]:
    """The seconds that the block took, as the list's only item once it has ended."""
    seconds: list[float] = []
    began = time.perf_counter()
    yield seconds
    seconds.append(time.perf_counter() - began)


def report(what: str, ours: float, theirs: float, unit: str, limit: str) -> None:
    """One line: the ratio first, then what it is made of and what is promised."""
    ratio = f"{ours / theirs:.2f} ×" if theirs else "–"
    print(f"{ratio:>9}  {what}: {ours:.3g} {unit} against {theirs:.3g} {unit}; wanted: {limit}", flush=True)
