"""What wakes the objects of a controller: their own changes, those of their children, and those of what it watches."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from dbaas.api.resource import Key, Resource
from dbaas.contracts.reconcile import Controller, Watch
from dbaas.core.supervise import attempt_now
from dbaas.runtime.cache import Cache, Change
from dbaas.runtime.caches import Caches
from dbaas.runtime.predicates import content_matters, find_owner, primary_matters, priority_of
from dbaas.runtime.queue import Priority, Queue
from dbaas.runtime.turns import Turns

log = structlog.get_logger(__name__)


class Waking:
    """Listens to caches and adds keys to the queue; `sources` are those caches, the primary one first."""

    def __init__(self, controller: Controller, caches: Caches, queue: Queue) -> None:
        self.primary = caches.open(controller.kind)
        self.sources: dict[Cache, None] = {self.primary: None}
        self._kind = controller.kind
        self._near = controller.near
        self._queue = queue
        self.primary.listen(self._primary_changed)
        for kind in controller.owns:
            self._listen(caches.open(kind), self._child_changed)
        for watch in controller.watches:
            self._listen(caches.open(watch.kind), self._watcher(watch))

    async def resync(self, turns: Turns) -> None:
        """Looks at everything again, when nothing else is to do, neighbours together.

        Even to say so takes a while where there is much.
        """
        places: dict[Key, str] = {}
        for resource in self.primary.objects:
            places[resource.key] = self._find_place(resource)
            await turns.share()
        for key in sorted(places, key=places.__getitem__):
            self._queue.add(key, Priority.BACKGROUND)
            await turns.share()

    def _find_place(self, resource: Resource) -> str:
        """An object that cannot be read is nobody's neighbour."""
        found: list[str] = []
        if (error := attempt_now(lambda: found.append(self._near(resource)))) is not None:
            log.error("neighbours_unknown", controller=self._kind.kind, object=str(resource.key), exc_info=error)
        return "".join(found)

    def _listen(self, cache: Cache, listener: Callable[[Change], None]) -> None:
        self.sources[cache] = None
        cache.listen(listener)

    def _primary_changed(self, change: Change) -> None:
        if change.new is None:
            self._queue.forget(change.key)
        if primary_matters(change):
            self._queue.add(change.key, priority_of(change, Priority.USER))

    def _child_changed(self, change: Change) -> None:
        owners = [owner for child in (change.old, change.new) if child and (owner := find_owner(child, self._kind))]
        if not owners or not content_matters(change):
            return
        for key, uid in owners:
            known = self.primary.get(key)
            if known is not None and known.metadata.uid == uid:
                self._queue.add(key, priority_of(change, Priority.CHILD))

    def _watcher(self, watch: Watch) -> Callable[[Change], None]:
        def wake(change: Change) -> None:
            if change.old is not None and change.new is not None:
                if not content_matters(change):
                    return
                if watch.matters is not None and not watch.matters(change.old, change.new):
                    return
            for resource in (change.old, change.new):
                for key in watch.wakes(resource) if resource is not None else ():
                    self._queue.add(key, priority_of(change, Priority.CHILD))

        def listener(change: Change) -> None:
            """An object that a mapping cannot read must not end the watch, nor fail the write that brought it."""
            if (error := attempt_now(lambda: wake(change))) is not None:
                log.error("mapping_failed", controller=self._kind.kind, object=str(change.key), exc_info=error)

        return listener
