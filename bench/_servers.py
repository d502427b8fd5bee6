"""The two API servers that `api_server` compares, each started in a folder of its own and stopped at the end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from _laptop import ROOT
from dbaas.apiserver.http import serve
from dbaas.apiserver.server import ApiServer
from dbaas.core.clock import SystemClock
from dbaas.core.memory import set_aside
from dbaas.core.offload import ThreadOffload
from dbaas.core.randomness import SystemRandomness, token
from dbaas.core.secrets import Secret

TOOLS = ROOT / "tools" / "control_plane"
LOAD = Path(__file__).with_name("_load.py")
JOB_SECONDS = 60.0
MIB = 1024 * 1024


@dataclass(frozen=True)
class Server:
    """A running server: how a client reaches it, and the processes that it consists of."""

    access: Mapping[str, Any]
    processes: tuple[psutil.Process, ...]

    def run(self, **job: Any) -> dict[str, Any]:
        """A job of the client, in a process of its own. A request that is refused ends the benchmark."""
        task = json.dumps({"server": self.access, **job})
        command = [sys.executable, str(LOAD)]
        ran = subprocess.run(command, input=task, capture_output=True, text=True, timeout=JOB_SECONDS, check=False)
        if ran.returncode:
            raise SystemExit(f"{job} ended with {ran.returncode}:\n{ran.stderr[-4000:]}")
        figures: dict[str, Any] = json.loads(ran.stdout)
        return figures

    def processor_seconds(self) -> float:
        """Used so far; unlike a rate, it says the same on a machine that is busy with other things."""
        return sum(sum(process.cpu_times()[:2]) for process in self.processes)

    def resident_mib(self) -> float:
        return sum(process.memory_info().rss for process in self.processes) / MIB


@contextlib.contextmanager
def start_embedded() -> Iterator[Server]:
    """Ours, alone in a process: durable, commits on a thread, behind HTTP. It ends when its input does."""
    with tempfile.TemporaryDirectory(prefix="dbaas-bench-") as folder:
        command = [sys.executable, __file__, folder]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                yield Server(json.loads(process.stdout.readline()), (psutil.Process(process.pid),))
            finally:
                process.stdin.close()
                process.wait(timeout=30)


@contextlib.contextmanager
def start_kube() -> Iterator[Server]:
    """kube-apiserver with an etcd that syncs its log at every commit, as it does in production."""
    assets = subprocess.run([TOOLS / "ensure", "--check"], check=True, capture_output=True, text=True).stdout.strip()
    with tempfile.TemporaryDirectory(prefix="kube-bench-") as folder:
        state = Path(folder)
        environment = {**os.environ, "KUBE_STATE": folder, "KUBEBUILDER_ASSETS": assets, "ETCD_ARGS": ""}
        try:
            subprocess.run([TOOLS / "up.sh"], env=environment, check=True, capture_output=True)
            pids = [int(line.split()[1]) for line in (state / "pids").read_text().splitlines()]
            pki = state / "pki"
            tls = {
                "ca": str(pki / "ca.crt"),
                "certificate": str(pki / "admin.crt"),
                "key": str(pki / "admin.key"),
            }
            access = {"url": (state / "server").read_text().strip(), "tls": tls}
            yield Server(access, tuple(map(psutil.Process, pids)))
        finally:
            subprocess.run([TOOLS / "down.sh"], env=environment, check=True, capture_output=True)


async def _serve(folder: Path) -> None:
    offload = ThreadOffload(1, "bench")
    server = ApiServer(folder / "state.db", SystemClock(), SystemRandomness(), offload)
    await server.start()
    secret = Secret(token(SystemRandomness()))
    site = await serve(server, "127.0.0.1", 0, secret)
    print(json.dumps({"url": site.url, "authorization": f"Bearer {secret.reveal()}"}), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await server.stop()
    await site.stop()
    offload.close()


if __name__ == "__main__":
    set_aside()  # as `dbaas up` does
    asyncio.run(_serve(Path(sys.argv[1])))
