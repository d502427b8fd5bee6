"""A foreign API group as pure functions: what must be known, what an object of it becomes, what its status says then.

One facade applies the translation as owned children and writes the reflection back (`controllers/facade`); `dbaas
convert` uses the same translation to migrate a manifest for good. A dialect does no I/O and knows no client.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from dbaas.api.kinds import Definition
from dbaas.api.resource import Key, Kind, Resource
from dbaas.contracts.admission import Violation
from dbaas.contracts.client import EventType
from dbaas.contracts.reconcile import Condition


class Lookup(NamedTuple):
    """An object that a translation must know; a key without namespace means any namespace."""

    kind: Kind
    key: Key

    @property
    def is_anywhere(self) -> bool:
        """Whether any namespace is meant."""
        return self.kind.namespaced and not self.key.namespace


Found = Mapping[Lookup, Sequence[Resource]]
"""What the lookups found: nothing, one, or several where any namespace was meant."""


@dataclass(frozen=True)
class Translation:
    """What a foreign object becomes.

    `objects` are bodies of ours with name and spec, in the order in which they are applied; they live in the namespace
    of the foreign object and are owned by it. `missing` says in sentences what must be there first; `refused` are
    fields that cannot be honoured, by their foreign paths.
    """

    objects: tuple[Mapping[str, Any], ...] = ()
    missing: tuple[str, ...] = ()
    refused: tuple[Violation, ...] = ()


@dataclass(frozen=True)
class Happening:
    """An event of the foreign group."""

    type: EventType
    reason: str
    note: str


@dataclass(frozen=True)
class Reflection:
    """The foreign status, in the group's own words. `events` tell what is new against the status before."""

    phase: str
    conditions: Sequence[Condition]
    message: str = ""
    status: Mapping[str, Any] = field(default_factory=dict)
    events: tuple[Happening, ...] = ()


Translate = Callable[[Resource, Found], Translation]
"""Pure, and the same for the same object."""


class Reflect(Protocol):
    def __call__(self, foreign: Resource, children: Sequence[Resource]) -> Reflection:
        """`children` are those of the translation that exist, in its order. Pure: no time but what statuses hold."""
        ...


def look_up_nothing(foreign: Resource) -> Sequence[Lookup]:
    """For kinds whose translation needs nothing but the object."""
    return ()


def is_never_paused(foreign: Resource) -> bool:
    """For groups that cannot pause."""
    return False


def tell_deleted(foreign: Resource) -> Sequence[Happening]:
    """For kinds with nothing special to say."""
    return (Happening("Normal", "Deleted", "what it stood for has been let go or deleted"),)


@dataclass(frozen=True)
class ForeignKind:
    """One kind of a foreign group.

    `finalizer` is the group's own. `becomes` are the kinds of ours that a translation may hold. While `is_paused`,
    nothing is applied. `ended` gives the events when nothing is left of it.
    """

    definition: Definition
    finalizer: str
    becomes: tuple[Kind, ...]
    translate: Translate
    reflect: Reflect
    lookups: Callable[[Resource], Sequence[Lookup]] = look_up_nothing
    is_paused: Callable[[Resource], bool] = is_never_paused
    ended: Callable[[Resource], Sequence[Happening]] = tell_deleted

    @property
    def kind(self) -> Kind:
        return self.definition.kind


@dataclass(frozen=True)
class Dialect:
    """A foreign API group. Found by listing `dbaas.dialects`, and by entry points of that name.

    `lacking` are kinds of the group that are not served, each with a sentence that says why.
    """

    group: str
    kinds: tuple[ForeignKind, ...]
    lacking: Mapping[str, str] = field(default_factory=dict)


async def translate(
    foreign: ForeignKind, resource: Resource, find: Callable[[Lookup], Awaitable[Sequence[Resource]]]
) -> Translation:
    """With everything looked up that the translation must know."""
    found = {lookup: await find(lookup) for lookup in foreign.lookups(resource)}
    return foreign.translate(resource, found)
