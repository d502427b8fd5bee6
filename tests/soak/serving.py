"""A program: the embedded API server on a file, over HTTP, as the control plane runs it. Prints its address.

Arguments: the file, the token. It ends cleanly with SIGTERM.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from dbaas.apiserver.http import serve
from dbaas.apiserver.server import ApiServer
from dbaas.core.clock import SystemClock
from dbaas.core.errors import DbaasError
from dbaas.core.offload import ThreadOffload
from dbaas.core.randomness import SystemRandomness
from dbaas.core.secrets import Secret


async def main(path: Path, token: Secret) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    server = ApiServer(path, SystemClock(), SystemRandomness(), ThreadOffload(4, "store"))
    await server.start()
    site = await serve(server, "127.0.0.1", 0, token)
    print(site.url, flush=True)  # noqa: T201 - what the program is asked for
    await stop.wait()
    await server.stop()
    await site.stop()


if __name__ == "__main__":
    try:
        asyncio.run(main(Path(sys.argv[1]), Secret(sys.argv[2])))
    except DbaasError as error:
        sys.exit(f"error: {error.message}")
