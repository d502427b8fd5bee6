"""What a controller is to the runtime: a function from an object to an outcome, and what else should wake it.

Level-based: the runtime hands over the object as it is now, never an event. A reconciler may be cancelled at any await
and called again with the same object; it must then come to the same end.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from dbaas.api.resource import Key, Kind, Resource
from dbaas.core.errors import DbaasError

ConditionStatus = Literal["True", "False", "Unknown"]
PATIENCE_SECONDS = 2.0  # what was made together with it may be there by then


@dataclass(frozen=True)
class Condition:
    """One statement about an object; the runtime adds lastTransitionTime and observedGeneration."""

    type: str
    status: ConditionStatus
    reason: str
    message: str = ""


@dataclass(frozen=True)
class Outcome:
    """What a reconcile found. The runtime writes it as the status: once, and only if it differs.

    `status` holds every other field of the status (a field left out is removed); `conditions` must contain `Ready`
    unless `gone`. `requeue_after` asks to be called again after so many seconds, with jitter. `gone` says that the
    last finalizer was removed: nothing is written any more.
    """

    conditions: Sequence[Condition] = ()
    status: Mapping[str, Any] = field(default_factory=dict)
    phase: str = ""
    message: str = ""
    requeue_after: float | None = None
    gone: bool = False


class Waiting(DbaasError):
    """Something else must happen first. Not an error: `Ready=False` with this reason, called again soon.

    `requeue_after` is for what no watch will tell; without it the runtime backs off quietly. `status` replaces the
    status' other fields where given, and keeps them as they are where not. `phase` is by default Pending, or Deleting.
    A new object need not say that it waits before it is `patience` seconds old.
    """

    def __init__(
        self, reason: str, message: str, *, requeue_after: float | None = None,
        status: Mapping[str, Any] | None = None, phase: str = "", patience: float = PATIENCE_SECONDS,
    ) -> None:  # fmt: skip
        super().__init__(message, reason=reason)
        self.requeue_after = requeue_after
        self.status = status
        self.phase = phase
        self.patience = patience


class Refused(DbaasError):
    """The object cannot be made true as it stands. `Stalled=True`; not called again until it changes.

    Or after so many seconds, where something is in its way that nobody watches.
    """

    def __init__(
        self, reason: str, message: str, *, status: Mapping[str, Any] | None = None, requeue_after: float | None = None
    ) -> None:
        super().__init__(message, reason=reason)
        self.status = status
        self.requeue_after = requeue_after


class Conflict(DbaasError):
    """Somebody wrote in between: called again at once, without a word. WriteConflict counts as one."""

    reason = "Conflict"


class Reconcile(Protocol):
    """Raises Waiting, Refused or Conflict; any other error is logged, shown in `Ready`, and retried with back-off."""

    async def __call__(self, resource: Resource, /) -> Outcome: ...


@dataclass(frozen=True)
class Watch:
    """Another kind whose changes wake objects of ours. `wakes` maps one of its objects to keys of ours.

    It is called with the object before and after a change (both where they differ), and with the last known one when
    it is deleted. It may look only into the object and into caches. `matters(old, new)` may hide a change that nobody
    need wake for; it is not asked about creations and deletions.
    """

    kind: Kind
    wakes: Callable[[Resource], Iterable[Key]]
    matters: Callable[[Resource, Resource], bool] | None = None


def token_of(kind: Kind, key: Key) -> str:
    """The token that every object provides by itself: its full name."""
    return f"{kind.resource}:{key}"


def no_tokens(resource: Resource) -> Iterable[str]:
    """For kinds that refer to nothing, or provide nothing but themselves."""
    return ()


def nowhere(resource: Resource) -> str:
    """For kinds whose objects have no neighbours."""
    return ""


@dataclass(frozen=True)
class Controller:
    """Everything the runtime needs to run a reconciler for a kind.

    `owns`: kinds of children; a change of one wakes its controlling owner. `references`: tokens of what an object
    depends on; whenever an object that provides one of them (see `token_of`, `provides`) appears, changes or goes, the
    object is woken. Kinds that are referred to but have no controller (Secret) are named in `refers_to`, so that they
    are watched. `provides`: further tokens by which an object can be referred to and listed. `matters(old, new)` may
    say of a change that those who refer to the object need not look at it; tokens that come or go wake them all the
    same. `near`: objects for which it is the same ask the same place, and are taken one after the other where all are
    looked at. All of these are pure functions of the object. `beside` goes on for as long as the reconciles do: it
    returns only when it is cancelled, and ends all that they have begun and not waited for.
    """

    kind: Kind
    reconcile: Reconcile
    owns: Sequence[Kind] = ()
    references: Callable[[Resource], Iterable[str]] = no_tokens
    provides: Callable[[Resource], Iterable[str]] = no_tokens
    matters: Callable[[Resource, Resource], bool] | None = None
    near: Callable[[Resource], str] = nowhere
    refers_to: Sequence[Kind] = ()
    watches: Sequence[Watch] = ()
    workers: int = 16
    timeout_seconds: float = 120.0
    beside: Callable[[], Awaitable[None]] | None = None


class Enqueue(Protocol):
    """Wakes one object from outside the API: a drift pass, the exit of a process, an open circuit that closed."""

    def __call__(self, kind: Kind, key: Key, *, low_priority: bool = False) -> None: ...
