"""Objects that one of ours brings along, and how its thing is put away: the beginning and the end of a life."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from dbaas.api.resource import Kind
from dbaas.contracts.statement import Change

if TYPE_CHECKING:
    from dbaas.contracts.engine import PlanRules


@dataclass(frozen=True)
class Companion:
    """An object that one of ours brings along, in its namespace. The caller adds the server that it is on."""

    kind: Kind
    name: str
    spec: Mapping[str, Any]


class Companions(Protocol):
    def __call__(self, spec: Any, name: str) -> Sequence[Companion]:
        """What an object of that name and spec brings along, in the order in which they are made. Pure."""
        ...


class Quarantine(Protocol):
    """How the main thing of an object is put away before it is dropped."""

    def rename(self, name: str, stamp: str) -> str:
        """What it is called then: a possible name that tells where it came from. Pure."""
        ...

    def enclose(self, observed: Any, name: str, rules: PlanRules) -> Change:
        """Ends its sessions, lets nobody in, and renames it. Pure."""
        ...
