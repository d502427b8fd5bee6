"""Runs the loops that finish what a deletion begins."""

from __future__ import annotations

import asyncio

from dbaas.apiserver.lifecycle.access import Access
from dbaas.apiserver.lifecycle.definitions import DefinitionCleanup, DefinitionNames
from dbaas.apiserver.lifecycle.events import EventExpiry
from dbaas.apiserver.lifecycle.garbage import GarbageCollector
from dbaas.apiserver.lifecycle.misplaced import MisplacedOwners
from dbaas.apiserver.lifecycle.namespaces import NamespaceCleanup
from dbaas.apiserver.resources import Catalogue
from dbaas.apiserver.store import Store
from dbaas.contracts.transport import Transport
from dbaas.core.clock import Clock
from dbaas.core.supervise import supervise


class Lifecycle:
    """`make_namespaces` first, then `start`; whoever starts the tasks ends them."""

    def __init__(self, transport: Transport, store: Store, catalogue: Catalogue, clock: Clock) -> None:
        access = Access(transport, store, catalogue)
        self._clock = clock
        self._garbage = GarbageCollector(access, MisplacedOwners(access, clock))
        self._namespaces = NamespaceCleanup(access, clock)
        self._definitions = DefinitionCleanup(access)
        self._names = DefinitionNames(access)
        self._events = EventExpiry(access, clock)

    async def make_namespaces(self) -> None:
        await self._namespaces.make_initial()

    def start(self) -> list[asyncio.Task[None]]:
        """Takes what the store holds now."""
        self._garbage.load()
        self._namespaces.load()
        self._definitions.load()
        self._names.load()
        loops = {
            "garbage collector": self._garbage.run,
            "namespaces": self._namespaces.run,
            "definitions": self._definitions.run,
            "names of definitions": self._names.run,
            "events": self._events.run,
        }
        loop = asyncio.get_running_loop()
        return [
            loop.create_task(supervise(name, run, self._clock), name=f"apiserver {name}") for name, run in loops.items()
        ]
