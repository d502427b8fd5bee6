"""The embedded API server as a process of its own: blocking clients need one, and it can be killed and come back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from dbaas.core.randomness import SystemRandomness, token

SERVE = """
import asyncio, sys
from pathlib import Path
from dbaas.apiserver.server import ApiServer
from dbaas.apiserver.http import serve
from dbaas.core.clock import SystemClock
from dbaas.core.offload import ThreadOffload
from dbaas.core.randomness import SystemRandomness
from dbaas.core.secrets import Secret

async def main():
    server = ApiServer(Path(sys.argv[1]), SystemClock(), SystemRandomness(), ThreadOffload(1, "store"))
    await server.start()
    site = await serve(server, "127.0.0.1", int(sys.argv[2]), Secret(sys.stdin.readline().strip()))
    print(site.port, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


class ServedStore:
    """Keeps its port and token from the first start on."""

    def __init__(self, path: Path) -> None:
        self.token = token(SystemRandomness())
        self._path = path
        self._port = 0
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Returns when it listens."""
        self._process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(self._path), str(self._port)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{self.token}\n")
        self._process.stdin.flush()
        said = self._process.stdout.readline()
        assert said, "the server has not started; its last words are above"
        self._port = int(said)

    def kill(self) -> None:
        """As kill -9 does. Nothing where it does not run."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def kubeconfig(self) -> dict[str, object]:
        """For clients that take a token over plain HTTP: all that are not built on client-go."""
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "embedded",
            "contexts": [{"name": "embedded", "context": {"cluster": "embedded", "user": "embedded"}}],
            "clusters": [{"name": "embedded", "cluster": {"server": self.url}}],
            "users": [{"name": "embedded", "user": {"token": self.token}}],
        }
