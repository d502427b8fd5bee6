"""How the fleet is: objects counted by kind and readiness, read from the caches whenever somebody scrapes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

import msgspec
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from dbaas.api.resource import Key, Kind, Resource
from dbaas.runtime.status import READY


class _Condition(msgspec.Struct):
    type: str = ""
    status: str = ""
    reason: str = ""


class _Status(msgspec.Struct):
    conditions: list[_Condition] | None = None


class _Object(msgspec.Struct):
    """Of an object only what is counted: decoding all of it would hold up the loop."""

    status: _Status | None = None


Readiness = tuple[str, str]
_Read = tuple[tuple[str, str], Readiness]  # of which uid and version, and what it said
_OBJECT = msgspec.json.Decoder(_Object)
UNKNOWN: Readiness = ("Unknown", "")


class Fleet(Protocol):
    """The objects of one kind."""

    @property
    def kind(self) -> Kind: ...

    @property
    def objects(self) -> Iterable[Resource]: ...


class FleetCollector(Collector):
    """`fleets` answers with the caches of all kinds that have a controller. No label names an object.

    What an object said is remembered until it changes: a scrape reads only what is new.
    """

    def __init__(self, fleets: Callable[[], Iterable[Fleet]]) -> None:
        self._fleets = fleets
        self._read: dict[Kind, dict[Key, _Read]] = {}

    def collect(self) -> Iterator[Metric]:
        labels = ["kind", "ready", "reason"]
        objects = GaugeMetricFamily("dbaas_objects", "Objects by status and reason of Ready.", labels=labels)
        for fleet in self._fleets():
            for readiness, count in sorted(Counter(self._look(fleet)).items()):
                objects.add_metric([fleet.kind.resource, *readiness], count)
        yield objects

    def _look(self, fleet: Fleet) -> list[Readiness]:
        known, fresh = self._read.get(fleet.kind, {}), dict[Key, _Read]()
        for resource in fleet.objects:
            version = (resource.metadata.uid, resource.metadata.resourceVersion)
            read = known.get(resource.key)
            fresh[resource.key] = read if read and read[0] == version else (version, read_readiness(resource))
        self._read[fleet.kind] = fresh
        return [readiness for _, readiness in fresh.values()]


def read_readiness(resource: Resource) -> Readiness:
    """Status and reason of Ready; what has not said anything yet, or nothing that can be read, is Unknown."""
    try:
        status = _OBJECT.decode(resource.raw).status
    except msgspec.DecodeError:
        return UNKNOWN
    conditions = (status.conditions if status is not None else None) or ()
    return next(((c.status, c.reason) for c in conditions if c.type == READY), UNKNOWN)
