"""The verbs of the Kubernetes API, typed: what `kube` offers and what the runtime's caches and client stand on.

No cache and no retry loop here: a call is a request (or, for a list, one page). Objects come back without
managedFields. Errors are those of `contracts.client`, and TransportError where no answer came.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from dbaas.api.resource import Key, Kind, Resource

Change = Literal["ADDED", "MODIFIED", "DELETED", "BOOKMARK"]
Propagation = Literal["Background", "Foreground", "Orphan"]


def knows_nothing(key: Key, version: str) -> bool:
    """Whoever watches wants to be told of everything."""
    return False


@dataclass(frozen=True)
class Selection:
    """Which objects of a kind. Empty means all; `labels` and `fields` are selectors as Kubernetes writes them.

    `metadata_only` asks for the header alone (PartialObjectMetadata): nothing else ever reaches this process. `knows`
    says of a watch which versions need not be told: they come as bookmarks, and are not read any further.
    """

    namespace: str = ""
    labels: str = ""
    fields: str = ""
    metadata_only: bool = False
    knows: Callable[[Key, str], bool] = knows_nothing


@dataclass(frozen=True)
class Page:
    """A part of a list. `token` gets the next one and is empty at the end; it may expire (ApiError with code 410)."""

    items: Sequence[Resource]
    version: str
    token: str = ""


@dataclass(frozen=True)
class WatchEvent:
    """`resource` is the object after the change, for DELETED the last one, for BOOKMARK None."""

    change: Change
    version: str
    resource: Resource | None = None


class Rest(Protocol):
    """`create`, `apply` and `patch` write as one field manager, which the implementation was made with."""

    async def get(self, kind: Kind, key: Key, *, version: str = "") -> Resource:
        """As it is now or, with `version`, at any moment since then: that a server answers from its memory.

        Raises NotFound.
        """
        ...

    async def list_page(self, kind: Kind, selection: Selection, *, limit: int = 500, token: str = "") -> Page: ...

    def watch(
        self, kind: Kind, selection: Selection, *, version: str, timeout_seconds: float
    ) -> AsyncGenerator[WatchEvent, None]:
        """Changes after `version`, until the server ends it. Raises ApiError with code 410 where `version` is too old.

        Silence is not an error: who reads must have a limit for it.
        """
        ...

    async def create(self, kind: Kind, body: Mapping[str, Any]) -> Resource:
        """Raises AlreadyExists."""
        ...

    async def apply(self, kind: Kind, body: Mapping[str, Any], *, force: bool = False) -> Resource:
        """Server-side apply. Raises WriteConflict where another manager owns a field, unless forced."""
        ...

    async def patch(
        self, kind: Kind, key: Key, patch: Mapping[str, Any], *, subresource: str = "", manager: str = ""
    ) -> Resource:
        """Merge patch; a resourceVersion or uid in it is a precondition. Raises NotFound, WriteConflict.

        `manager` writes as that field manager instead of the usual one.
        """
        ...

    async def delete(
        self, kind: Kind, key: Key, *, uid: str = "", propagation: Propagation = "Background"
    ) -> Resource | None:
        """None where it is gone at once, else the object that finalizers hold. Raises NotFound, WriteConflict."""
        ...
