"""What was answered is there after the process was killed. More rounds belong to a longer suite."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from dbaas.apiserver import ApiServer
from dbaas.core.clock import LoopClock
from dbaas.core.offload import InlineOffload
from dbaas.core.randomness import SeededRandomness
from fixtures.apiserver import send

PATH = "/api/v1/namespaces/default/configmaps"
WRITERS = 8
WRITE_FOREVER = f"""
import asyncio, itertools, sys
from pathlib import Path
import orjson
from dbaas.apiserver import ApiServer
from dbaas.contracts.transport import Request
from dbaas.core.clock import SystemClock
from dbaas.core.offload import ThreadOffload
from dbaas.core.randomness import SystemRandomness

numbers = itertools.count()

async def write(server):
    for number in numbers:
        name = f"c{{number}}"
        body = orjson.dumps({{"metadata": {{"name": name}}, "data": {{"n": str(number)}}}})
        answer = await server.request(Request("POST", "{PATH}", {{}}, {{}}, body))
        if answer.status == 201:
            print(name, orjson.loads(answer.body)["metadata"]["resourceVersion"], flush=True)

async def main():
    server = ApiServer(Path(sys.argv[1]), SystemClock(), SystemRandomness(), ThreadOffload(1, "store"))
    await server.start()
    await asyncio.gather(*(write(server) for _ in range({WRITERS})))

asyncio.run(main())
"""


async def test_every_answered_write_survives_kill_9(tmp_path: Path) -> None:
    store = tmp_path / "store"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITE_FOREVER, str(store), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    answered: dict[str, str] = {}
    while len(answered) < 200:
        name, version = (await asyncio.wait_for(process.stdout.readline(), 60)).decode().split()
        answered[name] = version
    os.kill(process.pid, signal.SIGKILL)
    rest, _ = await process.communicate()
    answered |= dict(line.split() for line in rest.decode().splitlines() if len(line.split()) == 2)
    server = ApiServer(store, LoopClock(), SeededRandomness(1), InlineOffload())
    await server.start()
    _, listed = await send(server, "GET", PATH)
    stored = {item["metadata"]["name"]: item["metadata"]["resourceVersion"] for item in listed["items"]}
    await server.stop()
    cut_off = rest.decode().rpartition("\n")[2].partition(" ")[0]  # its line may have been torn
    missing = {name for name, version in answered.items() if stored.get(name) != version} - {cut_off}
    assert missing == set()
