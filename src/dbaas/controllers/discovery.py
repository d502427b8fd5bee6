"""What there is on a server, and what of it no object stands for: looked up seldom, written only when it differs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dbaas.api.instance import MOST_LISTED, Discovery
from dbaas.api.resource import Key
from dbaas.contracts.client import Client
from dbaas.contracts.engine import Engine, Inventory, ServerFacts
from dbaas.contracts.lane import Lane
from dbaas.controllers.adoption import NOT_POSSIBLE, AdoptionStep, asks_for_adoption, explain_impossible
from dbaas.controllers.managed.records import MANAGED
from dbaas.controllers.metrics import ControllerCounts
from dbaas.controllers.servers import Server
from dbaas.controllers.tokens import claims
from dbaas.core.clock import Clock, format_time
from dbaas.core.duration import parse_duration

LIST_SECONDS = 300.0
LONGEST_SECONDS = 30.0
BREATH = 100  # names looked up before others get their turn
FIELDS = ("databases", "databaseCount", "users", "userCount", "discoveredResources")
_THINGS: Mapping[str, str] = {"databases": "database", "users": "role", "roles": "role"}


class DiscoveryStep:
    """One scan after another over any server."""

    def __init__(self, client: Client, clock: Clock, counts: ControllerCounts) -> None:
        self._client = client
        self._clock = clock
        self._counts = counts
        self._adoption = AdoptionStep(client, counts)
        self._due: dict[Key, float] = {}
        self._seen: dict[Key, Mapping[str, str]] = {}

    def forget(self, server: Key) -> None:
        """For a server that is gone."""
        self._due.pop(server, None)
        self._seen.pop(server, None)

    async def look(self, server: Server, lane: Lane, facts: ServerFacts) -> Mapping[str, Any]:
        """The fields of the status that tell of it; as they were where no scan is due. Raises EngineError."""
        discovery, before = server.spec.discovery, server.resource.status
        known = {name: before[name] for name in FIELDS if name in before}
        if not discovery.enabled:
            known.pop("discoveredResources", None)
        now = self._clock.monotonic()
        annotations = server.resource.metadata.annotations
        is_asked_anew = asks_for_adoption(server.resource) and self._seen.get(server.key) != annotations
        is_due = is_asked_anew or now >= self._due.get(server.key, 0.0)
        if server.engine.take_inventory is None or not is_due:
            return known
        self._seen[server.key] = annotations
        if why := explain_impossible(server.resource):
            self._client.event(server.resource, "Warning", NOT_POSSIBLE, why)
        self._due[server.key] = now + period_seconds(discovery)
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                inventory = await take(server.engine, lane, facts)
        except TimeoutError:  # it is busy with changes
            self._counts.count_scan(server.engine.name, succeeded=False)
            return known
        self._counts.count_scan(server.engine.name, succeeded=True)
        found = describe(inventory)
        asked = asks_for_adoption(server.resource)
        if not discovery.enabled and not asked:
            return found
        managed = {field: await self._managed(server.key, _THINGS[field], names) for field, names in _listed(inventory)}
        if asked and server.key.namespace:
            await self._adoption.adopt(server.resource, inventory, managed)
        if discovery.enabled:
            found["discoveredResources"] = self._discover(inventory, managed, known.get("discoveredResources"))
        return found

    def _discover(
        self, inventory: Inventory, managed: Mapping[str, frozenset[str]], before: Mapping[str, Any] | None
    ) -> Mapping[str, Any]:
        """The time of the scan stays while what it found stays."""
        now = format_time(self._clock.now())
        found: dict[str, Any] = {}
        for field, names in _listed(inventory):
            found[field] = merge((before or {}).get(field) or (), names, managed[field], now)
        if before is not None and all((before.get(field) or []) == found[field] for field in found):
            return before
        return {**found, "lastScan": now}

    async def _managed(self, server: Key, thing: str, names: Sequence[str]) -> frozenset[str]:
        kinds = [managed.kind for managed in MANAGED.values() if managed.thing == thing]
        managed: set[str] = set()
        for number, name in enumerate(names, 1):
            for kind in kinds:
                if await self._client.list(kind, token=claims(server, thing, name)):
                    managed.add(name)
            if number % BREATH == 0:
                await self._clock.sleep(0)
        return frozenset(managed)


async def take(engine: Engine, lane: Lane, facts: ServerFacts) -> Inventory:
    """Asks for all there is. Raises EngineError."""
    assert engine.take_inventory is not None, "asked only where the engine can"
    observed = {part: await lane.observe(part, None, None, background=True) for part in engine.inventory_parts}
    return engine.take_inventory(observed, facts)


def describe(inventory: Inventory) -> dict[str, Any]:
    """The lists of the status; users and roles that may not log in are told apart only by discovery."""
    return {
        "databases": list(inventory.databases[:MOST_LISTED]),
        "databaseCount": len(inventory.databases),
        "users": list(inventory.users[:MOST_LISTED]),
        "userCount": len(inventory.users),
    }


def merge(
    before: Iterable[Mapping[str, Any]], names: Sequence[str], managed: frozenset[str], now: str
) -> list[dict[str, Any]]:
    """What no object stands for, and what was so once and is adopted since; what is gone is left out."""
    known = {str(entry["name"]): str(entry["discovered"]) for entry in before}
    listed = [name for name in names if name not in managed or name in known]
    return [
        {"name": name, "discovered": known.get(name, now), "adopted": name in managed} for name in listed[:MOST_LISTED]
    ]


def period_seconds(discovery: Discovery) -> float:
    """Until the next scan."""
    asked = parse_duration(discovery.interval).total_seconds() if discovery.enabled else LIST_SECONDS
    return min(LIST_SECONDS, asked)


def _listed(inventory: Inventory) -> tuple[tuple[str, Sequence[str]], ...]:
    return (("databases", inventory.databases), ("users", inventory.users), ("roles", inventory.roles))
