"""The only thing controllers know of the API: read, write, and say what happened.

Reads come from a cache that watches fill, so they cost nothing and may be a moment old; a write's answer is in the
cache at once. Errors are the classes below; each carries the reason that the API gave.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

from dbaas.api.resource import Key, Kind, Resource
from dbaas.core.errors import DbaasError

EventType = Literal["Normal", "Warning"]


class ApiError(DbaasError):
    """The API answered with an error. `code` is the HTTP status, `causes` are (field, message) pairs."""

    def __init__(self, message: str, *, code: int, reason: str, causes: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(message, reason=reason)
        self.code = code
        self.causes = tuple(causes)


class NotFound(ApiError):
    """404: the object or its kind is not there."""


class AlreadyExists(ApiError):
    """409 on create: the name is taken."""


class WriteConflict(ApiError):
    """409 on a write: somebody wrote in between, or another manager owns a field."""


class Invalid(ApiError):
    """400 or 422: the object is refused; `causes` tells the fields."""


class Forbidden(ApiError):
    """401 or 403."""


class Client(Protocol):
    """Where a kind is not watched by this process, reads go to the API itself."""

    async def get(self, kind: Kind, key: Key, *, fresh: bool = False) -> Resource | None:
        """None where it does not exist. `fresh` asks the API; Secrets always do (only their metadata is cached)."""
        ...

    async def list(
        self,
        kind: Kind,
        *,
        namespace: str = "",
        labels: Mapping[str, str] | None = None,
        token: str = "",
        fresh: bool = False,
    ) -> Sequence[Resource]:
        """All namespaces where none is given; `labels` must all be equal; in order of namespace and name.

        `token` finds the objects that provide it (`contracts.reconcile.Controller.provides`) without looking at others;
        only kinds with a controller in this process have tokens.
        """
        ...

    async def create(self, kind: Kind, body: Mapping[str, Any]) -> Resource:
        """Raises AlreadyExists."""
        ...

    async def apply(self, kind: Kind, body: Mapping[str, Any]) -> Resource:
        """Server-side apply by field manager `dbaas`, forced: what we list is ours. No call where nothing differs."""
        ...

    async def patch(
        self, kind: Kind, key: Key, patch: Mapping[str, Any], *, version: str = "", subresource: str = "",
        manager: str = "",
    ) -> Resource:  # fmt: skip
        """Merge patch; with `version` it raises WriteConflict where the object has moved on.

        Fields that change belong to the field manager `dbaas`, or to `manager` where one is named.
        """
        ...

    async def delete(self, kind: Kind, key: Key, *, uid: str) -> None:
        """With uid precondition, propagation Background. An object that is gone already is no error."""
        ...

    def event(self, about: Resource, type: EventType, reason: str, note: str) -> None:
        """Fire and forget: never blocks, never fails, repeated ones become one with a count."""
        ...
