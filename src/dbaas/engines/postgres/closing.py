"""The end of a session, as the server sees it: our socket is gone long before its process is.

Until then the server counts one connection more than there is: a next one may be one too many for it, for the limit of
our login, or for a database that is to be dropped.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from psycopg import AsyncConnection

LONGEST_SECONDS = 0.5
_SOME = 4096


async def close(connection: AsyncConnection) -> None:
    """Returns when the server has ended the session too, or soon: one that is busy or away is not waited for."""
    with _end_of(connection) as end:
        await connection.close()
        if end is not None:
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(LONGEST_SECONDS):
                    while await asyncio.get_running_loop().sock_recv(end, _SOME):
                        pass  # the farewell of an encrypted connection


@contextlib.contextmanager
def _end_of(connection: AsyncConnection) -> Iterator[socket.socket | None]:
    """A second hold of its socket, which tells when the other side lets go."""
    from psycopg.pq import TransactionStatus

    if connection.closed or connection.info.transaction_status != TransactionStatus.IDLE:
        yield None
        return
    with socket.socket(fileno=os.dup(connection.fileno())) as end:
        end.setblocking(False)
        yield end
