"""Who refers to whom, by tokens: an object that appears, changes or goes wakes exactly those that refer to it.

Every object provides its own name as a token; its controller may let it provide more. Both directions are indices over
caches, so neither waking nor listing costs more than what is found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import structlog

from dbaas.api.resource import Kind, Resource
from dbaas.contracts.index import Lookup
from dbaas.contracts.reconcile import Controller, no_tokens, token_of
from dbaas.core.supervise import attempt_now
from dbaas.runtime.cache import Cache, Change
from dbaas.runtime.caches import Caches
from dbaas.runtime.predicates import content_matters, priority_of
from dbaas.runtime.queue import Priority, Queue

log = structlog.get_logger(__name__)

Provides = Callable[[Resource], Iterable[str]]


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
        self._providing: dict[Kind, Lookup] = {}
        self._referring: list[_Referring] = []
        self._heard: set[Kind] = set()

    def add(self, controller: Controller, queue: Queue) -> list[Cache]:
        """Before caches are filled. Answers with the caches of what can be referred to without a controller."""
        kind = controller.kind
        self._provides[kind] = controller.provides
        self._providing[kind] = self._caches.index(kind, lambda resource: self.of(resource))
        self._hear(kind)
        if controller.references is not no_tokens:
            refer = partial(_read, controller.references)
            self._referring.append(_Referring(kind, self._caches.index(kind, refer), queue))
        for other in controller.refers_to:
            self._hear(other)
        return [self._caches.open(other) for other in controller.refers_to]

    def of(self, resource: Resource) -> list[str]:
        """All tokens that an object provides."""
        more = _read(self._provides.get(resource.kind, no_tokens), resource)
        return [token_of(resource.kind, resource.key), *more]

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
        if not content_matters(change):
            return
        versions = [resource for resource in (change.old, change.new) if resource is not None]
        kind = versions[0].kind
        tokens = dict.fromkeys(token for resource in versions for token in self.of(resource))
        for referring in self._referring:
            for token in tokens:
                for found in referring.find(token):
                    if (found.kind, found.key) != (kind, change.key):
                        referring.queue.add(found.key, priority_of(change, Priority.CHILD))


def _read(tokens: Provides, resource: Resource) -> list[str]:
    """None of an object that cannot be read: it must not end the watch of its kind."""
    found: list[str] = []
    if (error := attempt_now(lambda: found.extend(tokens(resource)))) is not None:
        log.error("tokens_unreadable", object=str(resource), exc_info=error)
    return found
