"""The one-method seam under every Kubernetes API client: a request goes in, an answer or a stream comes out.

Implemented over HTTP by `kube` and in-process by `apiserver`; wrappers (faults, recording, dry run) stack on it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from dbaas.core.errors import DbaasError


@dataclass(frozen=True)
class Request:
    """`path` has no query; `query` keeps the last value of a key; header names are in lower case."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    timeout_seconds: float | None = None


@dataclass(frozen=True)
class Response:
    """Either `body` is whole, or `stream` yields it in pieces (a watch: one or more whole lines in each piece).

    Who gets a stream must end it (`aclose`) when done.
    """

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    stream: AsyncIterator[bytes] | None = None


class TransportError(DbaasError):
    """No answer came: refused, reset, timed out, or cut off in the middle. The request may have taken effect."""

    reason = "Unreachable"


class NotSent(TransportError):
    """The connection was not made: the request cannot have taken effect."""


class Transport(Protocol):
    async def request(self, request: Request) -> Response:
        """Answers with any status; raises only TransportError."""
        ...
