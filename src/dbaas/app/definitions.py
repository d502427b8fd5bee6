"""Tells when the definitions in a cluster are of another version than the operator.

An API server drops fields that a definition does not know at each write, without a word; and an operator does nothing
about fields that it does not know. Neither shows in an object, so somebody has to compare what is served with what
this operator was made for: when it starts, and again whenever a definition changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import structlog
from prometheus_client import CollectorRegistry, Gauge

from dbaas.api.core import CUSTOM_RESOURCE_DEFINITION
from dbaas.api.resource import Key, Kind
from dbaas.api.schema import PRESERVE, build_schema
from dbaas.app.cluster import describe_kinds
from dbaas.contracts.client import Client
from dbaas.contracts.leadership import Leadership
from dbaas.contracts.registry import Registry
from dbaas.core.clock import Clock
from dbaas.core.errors import DbaasError
from dbaas.kube.published import Published, Schema

log = structlog.get_logger(__name__)

FIRST_SECONDS = 5.0  # what is urgent at the start comes first
LOOK_SECONDS = 30.0
TELL_AGAIN_SECONDS = 3_600.0  # Events expire after an hour
MOST_NAMED = 5
COMPARED = ("spec", "status")
UPDATE_DEFINITIONS = (
    "bring the definitions up to date: dbaas install, kubectl apply -k, or, before helm upgrade, "
    "helm show crds … | kubectl apply --server-side --force-conflicts -f -"
)
UPDATE_OPERATOR = "bring the operator up to date: dbaas install, kubectl apply -k, or helm upgrade"

Fields = Mapping[str, Any]
"""The fields of a schema as a tree; `EVERYTHING` below one that keeps whatever it is given."""
EVERYTHING: Fields = {"**": None}


class Host(Protocol):
    """Who runs the controllers."""

    @property
    def client(self) -> Client: ...
    @property
    def leadership(self) -> Leadership: ...


@dataclass(frozen=True)
class Difference:
    """`dropped`: fields of ours that the API server does not keep. `unknown`: its fields that we do not know."""

    is_served: bool = True
    dropped: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    def messages(self, name: str) -> Iterator[tuple[str, str]]:
        """Each with the CamelCase reason of its event."""
        if not self.is_served:
            yield "DefinitionMissing", f"{name} is not served; {UPDATE_DEFINITIONS}"
        if self.dropped:
            what = f"the API server drops what is written to {_name_some(self.dropped)}, without a word"
            yield "DefinitionOlder", f"{name} is older than this operator: {what}; {UPDATE_DEFINITIONS}"
        if self.unknown:
            what = f"nothing is done about {_name_some(self.unknown)}"
            yield "DefinitionNewer", f"{name} is newer than this operator: {what}; {UPDATE_OPERATOR}"


AGREES = Difference()


class Definitions:
    """`run` beside the controllers. Only who leads writes events; every replica logs and counts."""

    def __init__(
        self, published: Published, registry: Registry, host: Host, clock: Clock, collected: CollectorRegistry
    ) -> None:
        self._published = published
        self._registry = registry
        self._host = host
        self._clock = clock
        self._known: dict[Kind, Fields] = {}
        self._found: dict[Kind, Difference] = {}
        self._told_at: dict[Kind, float] = {}
        self._trouble = ""
        self._gauge = Gauge(
            "dbaas_definition_differences",
            "Fields that the API server drops (`older`) or that this operator does not know (`newer`), "
            "of a definition that is of another version; 1 for one that is not served (`missing`).",
            ["definition", "how"],
            registry=collected,
        )

    async def run(self) -> None:
        """Until cancelled."""
        await self._clock.sleep(FIRST_SECONDS)
        await self._learn()
        while True:
            try:
                await self._look()
                self._trouble = ""
            except DbaasError as error:
                tell = log.debug if str(error) == self._trouble else log.info
                tell("definitions_not_compared", reason=str(error))
                self._trouble = str(error)
            await self._clock.sleep(LOOK_SECONDS)

    async def _learn(self) -> None:
        """One after the other: to render the larger ones takes some 50 ms."""
        for definition, blocks in describe_kinds(self._registry):
            self._known[definition.kind] = read_fields(build_schema(definition, blocks))
            await self._clock.sleep(0)

    async def _look(self) -> None:
        served = await self._published.look(self._known.keys())
        if served is None:
            news = {kind: found for kind, found in self._found.items() if found != AGREES and self._is_due(kind)}
        else:
            compared = {kind: compare(ours, served.get(kind)) for kind, ours in self._known.items()}
            news = {kind: found for kind, found in compared.items() if found != self._found.get(kind, AGREES)}
            self._found = compared
        for kind, found in news.items():
            self._count(kind, found)
            self._told_at[kind] = self._clock.monotonic()
            await self._tell(kind, found)

    def _is_due(self, kind: Kind) -> bool:
        return self._clock.monotonic() - self._told_at[kind] >= TELL_AGAIN_SECONDS

    def _count(self, kind: Kind, found: Difference) -> None:
        counts = {"missing": int(not found.is_served), "older": len(found.dropped), "newer": len(found.unknown)}
        for how, count in counts.items():
            if count:
                self._gauge.labels(kind.resource, how).set(count)
            else:
                self._gauge.remove(kind.resource, how)

    async def _tell(self, kind: Kind, found: Difference) -> None:
        if found == AGREES:
            log.info("definition_agrees", definition=kind.resource)
        for reason, message in found.messages(kind.resource):
            log.warning("definition_differs", definition=kind.resource, reason=reason, message=message)
            if found.is_served and self._host.leadership.holds():
                await self._note(kind, reason, message)

    async def _note(self, kind: Kind, reason: str, message: str) -> None:
        try:
            about = await self._host.client.get(CUSTOM_RESOURCE_DEFINITION, Key("", kind.resource), fresh=True)
        except DbaasError as error:
            log.info("event_not_written", about=kind.resource, reason=str(error))
            return
        if about is not None:
            self._host.client.event(about, "Warning", reason, message)


def read_fields(schema: Schema) -> Fields:
    """Of the spec and the status of a kind."""
    properties = schema.get("properties") or {}
    return {name: _read(properties[name]) for name in COMPARED if name in properties}


def compare(ours: Fields, served: Schema | None) -> Difference:
    """`ours` are those of the schema that we would serve."""
    if served is None:
        return Difference(is_served=False)
    theirs = read_fields(served)
    return Difference(dropped=tuple(_lacking(ours, theirs)), unknown=tuple(_lacking(theirs, ours)))


def _read(schema: Schema) -> Fields:
    if schema.get(PRESERVE):
        return EVERYTHING
    fields = {name: _read(child) for name, child in (schema.get("properties") or {}).items()}
    for name, part in (("[]", "items"), ("*", "additionalProperties")):
        if isinstance(schema.get(part), Mapping):
            fields[name] = _read(schema[part])
    return fields


def _lacking(wanted: Fields, there: Fields, path: str = "") -> Iterator[str]:
    """The paths of what is wanted and not there; of what lacks as a whole only its root."""
    if there is EVERYTHING:
        return
    for name, below in sorted(wanted.items()):
        here = f"{path}.{name}" if path and name != "[]" else f"{path}{name}"
        if name in there:
            yield from _lacking(below, there[name], here)
        else:
            yield here


def _name_some(fields: tuple[str, ...]) -> str:
    more = len(fields) - MOST_NAMED
    return ", ".join(fields[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
