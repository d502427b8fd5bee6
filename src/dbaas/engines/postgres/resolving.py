"""Where a host's name leads, asked before the driver would ask.

The driver asks on the few threads that the whole process shares, and for as long as the system's resolver likes, which
may be half a minute: some names whose DNS does not answer would keep all others from being found. Here each such name
holds one thread of many, and whoever waits for it does so no longer than for a connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_address
from typing import Any

from dbaas.contracts.engine import Unreachable
from dbaas.core.offload import Offload

NAME_THREADS = 256  # there are as many as names are asked for at once

LookUp = Callable[[str], Sequence[str]]


def look_up(host: str) -> Sequence[str]:
    """Addresses of that name, in the order of the system's preference. Blocks. Raises OSError, UnicodeError."""
    found = socket.getaddrinfo(host, None, proto=socket.IPPROTO_TCP, type=socket.SOCK_STREAM)
    return [*dict.fromkeys(str(place[0]) for *_, place in found)]


class Names:
    """Looks names up by `look_up` on `offload`; those who ask for one name at the same time share the answer."""

    def __init__(self, offload: Offload, look_up: LookUp = look_up) -> None:
        self._offload = offload
        self._look_up = look_up
        self._asked: dict[str, asyncio.Task[Sequence[str]]] = {}

    async def add_addresses(self, settings: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        """libpq's settings with `hostaddr`, where `host` is one name; several addresses are tried in turn.

        Raises Unreachable where the name leads nowhere, or nobody says where within `seconds`.
        """
        host = str(settings.get("host", ""))
        if settings.get("hostaddr") or not _is_one_name(host):
            return dict(settings)
        try:
            async with asyncio.timeout(seconds):
                found = await self._find(host)
        except TimeoutError as error:
            raise Unreachable(f"nobody says within {seconds:.0f} s which address {host!r} has") from error
        except (OSError, UnicodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "no such name can be"
            raise Unreachable(f"failed to resolve host {host!r}: {why}") from error
        return {**settings, "host": ",".join([host] * len(found)), "hostaddr": ",".join(found)}

    async def _find(self, host: str) -> Sequence[str]:
        asked = self._asked.get(host)
        if asked is None:
            asked = asyncio.get_running_loop().create_task(self._offload.run(self._look_up, host))
            self._asked[host] = asked
            asked.add_done_callback(lambda done: self._forget(host, done))
        return await asyncio.shield(asked)

    def _forget(self, host: str, done: asyncio.Task[Sequence[str]]) -> None:
        """Its error has been heard then, even if all gave up."""
        del self._asked[host]
        if not done.cancelled():
            done.exception()


def _is_one_name(host: str) -> bool:
    """Not a folder with a socket, not a list, not an address."""
    if not host or "," in host or host.startswith(("/", "@")):
        return False
    with contextlib.suppress(ValueError):
        ip_address(host)
        return False
    return True
