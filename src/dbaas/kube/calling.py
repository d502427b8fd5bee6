"""Asks an instance of a cluster for something, by HTTP, as dbaas."""

from __future__ import annotations

from urllib.parse import urlsplit

import orjson

from dbaas.contracts.action import CONTROL_USER, Call, Caller
from dbaas.contracts.transport import Request, TransportError
from dbaas.core.clock import Clock
from dbaas.core.secrets import Secret
from dbaas.kube.access import Access
from dbaas.kube.http import HttpTransport

ANSWER_SECONDS = 60.0  # it may start a server anew first
SHOWN_CHARACTERS = 300


def call_over_http(clock: Clock) -> Caller:
    """Waits for the answer."""

    async def call(call: Call, password: Secret, /) -> str:
        url = urlsplit(call.url)
        transport = HttpTransport(
            Access(f"{url.scheme}://{url.netloc}", username=CONTROL_USER, password=password), clock
        )
        headers, body = {"content-type": "application/json"}, orjson.dumps(call.body)
        try:
            answer = await transport.request(Request("POST", url.path, {}, headers, body, ANSWER_SECONDS))
        except TransportError as error:
            return error.message
        finally:
            await transport.close()
        return "" if answer.status == 200 else answer.body.decode(errors="replace")[:SHOWN_CHARACTERS]

    return call
