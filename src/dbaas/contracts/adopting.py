"""What is on a server already, as the manifest that would leave it as it is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from dbaas.contracts.parting import Look

if TYPE_CHECKING:
    from dbaas.api.resource import Kind
    from dbaas.contracts.engine import ServerFacts


@dataclass(frozen=True)
class Described:
    """A spec without its server. `left_out` says what is so and not stated, because a manifest cannot have it."""

    spec: Mapping[str, Any]
    left_out: tuple[str, ...] = ()


class Adopting(Protocol):
    """An engine's way to put into words what is there."""

    async def describe(
        self, look: Look, facts: ServerFacts, kind: Kind, names: Collection[str], databases: Collection[str]
    ) -> Mapping[str, Described]:
        """By name, for those of `names` that exist. What one may do is said for these databases and for the server.

        Applied as they are, such objects change nothing, then or later. Without `databases` nothing is said of what
        anybody may do. Set-based. Raises EngineError.
        """
        ...
