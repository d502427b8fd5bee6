"""Who refers to whom, by tokens: an object that appears, changes or goes wakes exactly those that refer to it.

Every object provides its own name as a token; its controller may let it provide more. Both directions are indices over
caches, so neither waking nor listing costs more than what is found.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial

import structlog

from dbaas.api.resource import Key, Kind, Resource
from dbaas.contracts.index import Lookup
from dbaas.contracts.reconcile import Controller, no_tokens, token_of
from dbaas.core.supervise import attempt_now
from dbaas.runtime.cache import Cache, Change
from dbaas.runtime.caches import Caches
from dbaas.runtime.predicates import content_matters, priority_of
from dbaas.runtime.queue import Priority, Queue

log = structlog.get_logger(__name__)

MOST_RECENT = 1024

# The object that the present task reconciles: it knows what it has just written, and is not woken by that.
reconciling: ContextVar[tuple[Kind, Key] | None] = ContextVar("reconciling", default=None)

Provides = Callable[[Resource], Iterable[str]]
Matters = Callable[[Resource, Resource], bool]


@dataclass(frozen=True)
class _Referring:
    """The objects of one controller, by what they refer to."""

    kind: Kind
    find: Lookup
    queue: Queue


class Tokens:
    """Shared by all controllers of a process."""

    def __init__(self, caches: Caches) -> None:
        self._caches = caches
        self._provides: dict[Kind, Provides] = {}
        self._matters: dict[Kind, Matters] = {}
        self._providing: dict[Kind, Lookup] = {}
        self._referring: list[_Referring] = []
        self._heard: set[Kind] = set()
        self._recent: OrderedDict[int, tuple[Resource, Sequence[str]]] = OrderedDict()

    def add(self, controller: Controller, queue: Queue) -> list[Cache]:
        """Before caches are filled. Answers with the caches of what can be referred to without a controller."""
        kind = controller.kind
        self._provides[kind] = controller.provides
        if controller.matters is not None:
            self._matters[kind] = controller.matters
        self._providing[kind] = self._caches.index(kind, lambda resource: self.of(resource))
        self._hear(kind)
        if controller.references is not no_tokens:
            refer = partial(_read, controller.references)
            self._referring.append(_Referring(kind, self._caches.index(kind, refer), queue))
        for other in controller.refers_to:
            self._hear(other)
        return [self._caches.open(other) for other in controller.refers_to]

    def of(self, resource: Resource) -> Sequence[str]:
        """All tokens that an object provides. One version is asked for when it comes, when it has come, and when the
        next one does: the latest are remembered, by the identity of the resource, which never changes."""
        known = self._recent.get(id(resource))
        if known is not None and known[0] is resource:
            return known[1]
        more = _read(self._provides.get(resource.kind, no_tokens), resource)
        tokens = (token_of(resource.kind, resource.key), *more)
        self._recent[id(resource)] = resource, tokens
        if len(self._recent) > MOST_RECENT:
            self._recent.popitem(last=False)
        return tokens

    def find(self, kind: Kind, token: str) -> Sequence[Resource]:
        """Raises ValueError for a kind without a controller: its objects have no tokens here."""
        if kind not in self._providing:
            raise ValueError(f"{kind.plural} cannot be listed by token: no controller here is theirs")
        return self._providing[kind](token)

    def _hear(self, kind: Kind) -> None:
        if kind not in self._heard:
            self._heard.add(kind)
            self._caches.open(kind).listen(self._changed)

    def _changed(self, change: Change) -> None:
        """An object that cannot be read must not end the watch, nor fail the write that brought it."""
        if (error := attempt_now(lambda: self._wake(change))) is not None:
            log.error("tokens_failed", object=str(change.key), exc_info=error)

    def _wake(self, change: Change) -> None:
        if not self._referring:
            return
        tokens = self._find_changed(change)
        if not tokens:
            return
        kind, own = change.kind, reconciling.get()
        for referring in self._referring:
            if referring.queue.is_suspended:
                continue  # it will look at everything when it begins
            for token in tokens:
                for found in referring.find(token):
                    if (found.kind, found.key) not in ((kind, change.key), own) and not _is_birth(change, found):
                        referring.queue.add(found.key, priority_of(change, Priority.CHILD))

    def _find_changed(self, change: Change) -> Collection[str]:
        """The tokens whose referrers have something new to look at."""
        old, new = change.old, change.new
        before, after = self.of(old) if old else (), self.of(new) if new else ()
        if old is None or new is None or (self._matters_to_others(old, new) and content_matters(change)):
            return dict.fromkeys([*before, *after])
        return [t for t in before if t not in after] + [t for t in after if t not in before]

    def _matters_to_others(self, old: Resource, new: Resource) -> bool:
        matters = self._matters.get(new.kind)
        return matters is None or matters(old, new)


def _read(tokens: Provides, resource: Resource) -> list[str]:
    """None of an object that cannot be read: it must not end the watch of its kind."""
    found: list[str] = []
    if (error := attempt_now(lambda: found.extend(tokens(resource)))) is not None:
        log.error("tokens_unreadable", object=str(resource), exc_info=error)
    return found


def _is_birth(change: Change, parent: Resource) -> bool:
    """Whether it is a child that the parent has just made: the watch may be faster than the answer to the parent."""
    child = change.new
    if change.old is not None or change.initial or child is None or child.metadata.owner is None:
        return False
    return child.metadata.owner.uid == parent.metadata.uid
