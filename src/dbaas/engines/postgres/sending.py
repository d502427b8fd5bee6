"""One statement by the extended protocol, whatever it gives: rows are thrown away one by one, so none is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from psycopg import AsyncConnection


async def send_one(connection: AsyncConnection, text: bytes) -> str:
    """The server's command tag. Raises psycopg.Error.

    Cancelled, the driver asks the server to end it, and waits for that for some seconds.
    """
    from psycopg import NotSupportedError
    from psycopg.errors import error_from_result
    from psycopg.generators import fetch, send
    from psycopg.pq import ExecStatus

    copying = (ExecStatus.COPY_IN, ExecStatus.COPY_OUT, ExecStatus.COPY_BOTH)
    failure, tag = None, b""
    async with connection.lock:
        connection.pgconn.send_query_params(text, None)
        connection.pgconn.set_single_row_mode()
        await connection.wait(send(connection.pgconn))
        while (result := await connection.wait(fetch(connection.pgconn))) is not None:
            if result.status in copying:  # which would go on for ever
                connection.pgconn.finish()
                raise NotSupportedError("the statement copies rows to or from its client")
            if result.status == ExecStatus.FATAL_ERROR:
                failure = error_from_result(result, encoding=connection.info.encoding)
            tag = result.command_status or tag
    if failure is not None:
        raise failure
    return tag.decode()
