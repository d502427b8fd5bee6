"""What must hold for every foreign API group. A test module inherits `DialectConformance`."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
import yaml

from dbaas.api.core import SECRET
from dbaas.api.kinds import DEFINITIONS
from dbaas.api.resource import Key, Kind, Resource, build_resource
from dbaas.api.schema import build_schema
from dbaas.apiserver.schemas import Schema
from dbaas.contracts.dialect import Dialect, ForeignKind
from dbaas.contracts.registry import Registry, find_registry
from dbaas.contracts.rest import Selection
from dbaas.core.simulation import run_virtually
from simulation.engine import ADMIN
from simulation.world import HOST, PORT, World, ready_of, simulated_world

Body = Mapping[str, Any]
REASONS = (
    "Applied", "InstanceNotReady", "PermissionDenied", "DriftDetected", "DeletionProtected", "DependenciesExist",
    "PendingDeletionConfirmation", "CascadeDeleting",
)  # fmt: skip
CONFIRMATION = {
    "required": True, "hash": "1a2b3c4d", "children": ["DatabaseGrant/default/it"], "remainingCount": 1,
    "message": "to confirm it, set the annotation dbaas.io/confirm-delete: '1a2b3c4d'",
}  # fmt: skip


class DialectConformance:
    """A subclass gives `dialect`, and manifests as the group's manual prints them.

    `engine` is the group's word for the engine of `printed`. `ready` is its phase for an object that is as it should
    be, `phases` all that it has. In `printed` every Secret is an administrator's login, and `host` and `port` are the
    server's. `full` uses every field that can be honoured.
    """

    dialect: Dialect
    engine: str
    printed: str
    full: str
    ready: str
    phases: frozenset[str]

    def objects(self, text: str) -> list[Body]:
        """Those of the group, with the defaults that a server stores."""
        bodies = [body for body in yaml.safe_load_all(text) if self.find(body) is not None]
        return [self.stored(body) for body in bodies]

    def find(self, body: Body) -> ForeignKind | None:
        group = str(body["apiVersion"]).partition("/")[0]
        return next(
            (k for k in self.dialect.kinds if group == self.dialect.group and k.kind.kind == body["kind"]), None
        )

    def stored(self, body: Body) -> Body:
        foreign = self.find(body)
        assert foreign is not None
        placed = {**body, "metadata": {"uid": "u", "generation": 1, **_here(foreign.kind, body)}}
        defaulted: Body = Schema.compile(build_schema(foreign.definition, {})).default(placed)
        return defaulted

    def test_its_kinds_belong_to_its_group_and_have_finalizers_of_it(self) -> None:
        for foreign in self.dialect.kinds:
            assert foreign.kind.group == self.dialect.group
            assert foreign.finalizer.startswith(f"{self.dialect.group}/")
            assert not foreign.kind.short_names  # ours have them

    @pytest.mark.parametrize("name", ["printed", "full"])
    def test_manifests_fit_their_schemas(self, name: str) -> None:
        for body in self.objects(getattr(self, name)):
            foreign = self.find(body)
            assert foreign is not None
            schema = Schema.compile(build_schema(foreign.definition, {}))
            assert [*schema.unknown_fields(body), *schema.validate(body)] == []

    @pytest.mark.parametrize("name", ["printed", "full"])
    def test_what_they_become_fits_ours_field_by_field(self, name: str) -> None:
        registry = find_registry()
        schemas = {
            (d.kind.api_version, d.kind.kind): Schema.compile(build_schema(d, registry.blocks(d.kind.kind)))
            for d in DEFINITIONS
        }
        for body in self.objects(getattr(self, name)):
            foreign = self.find(body)
            assert foreign is not None
            translation = foreign.translate(build_resource(foreign.kind, dict(body)), {})
            assert (translation.refused, translation.missing) == ((), ())
            assert translation.objects
            for ours in translation.objects:
                schema = schemas[ours["apiVersion"], ours["kind"]]
                placed = {**ours, "metadata": {**ours["metadata"], **_place(foreign.kind)}}
                assert [*schema.unknown_fields(placed), *schema.validate(schema.default(placed))] == []

    def test_translating_is_pure(self) -> None:
        for body in self.objects(self.full):
            foreign = self.find(body)
            assert foreign is not None
            before = copy.deepcopy(body)
            resource = build_resource(foreign.kind, dict(body))
            assert foreign.translate(resource, {}) == foreign.translate(resource, {})
            assert body == before

    def test_every_status_fits_the_groups_schema(self) -> None:
        for body in self.objects(self.full):
            foreign = self.find(body)
            assert foreign is not None
            schema = Schema.compile(build_schema(foreign.definition, {}))
            for resource, children in _situations(foreign, body):
                reflection = foreign.reflect(resource, children)
                assert reflection.phase in self.phases
                assert sum(condition.type == "Ready" for condition in reflection.conditions) == 1
                status = {name: value for name, value in reflection.status.items() if value is not None}
                said = [str(status), *(c.message for c in reflection.conditions), *(e.note for e in reflection.events)]
                assert not [each for each in said if "dbaas.io/confirm-delete" in each], "it names the group's own"
                told = {**body, "status": {**status, "phase": reflection.phase}}
                assert [*schema.unknown_fields(told), *schema.validate(told)] == []

    def test_the_printed_example_settles_and_then_nothing_is_written_any_more(self) -> None:
        async def main() -> None:
            async with simulated_world(fit=self.fit) as world:
                made = await self._apply(world)
                await world.settle()
                for kind, key in made:
                    resource = await world.user.get(kind, key)
                    assert ready_of(resource)[0] == "True", resource.status
                    assert resource.status["phase"] == self.ready
                sent = len(world.faults.requests)
                await asyncio.sleep(3600)
                later = [r for r in world.faults.requests[sent:] if r.method != "GET" and b"lastVerified" not in r.body]
                assert later == []

        run_virtually(main())

    def test_everything_that_was_made_goes_with_the_printed_example(self) -> None:
        async def main() -> None:
            async with simulated_world(fit=self.fit) as world:
                made = await self._apply(world)
                await world.settle()
                for kind, key in made:
                    await self._let_go(world, kind, key)
                for kind, key in reversed(made):
                    await world.user.delete(kind, key)
                await world.settle()
                assert [await world.find(kind, key) for kind, key in made] == [None] * len(made)
                for definition in DEFINITIONS:
                    page = await world.user.list_page(definition.kind, Selection())
                    assert [str(each) for each in page.items if each.metadata.owner] == []

        run_virtually(main())

    def fit(self, registry: Registry) -> Registry:
        """The simulated engine under the group's word, with the real engine's blocks, and this dialect."""
        (simulated,) = registry.engines.values()
        real = find_registry().engine(self.engine)
        engine = replace(simulated, name=self.engine, blocks=real.blocks if real else {})
        return replace(registry, engines={engine.name: engine}, dialects={self.dialect.group: self.dialect})

    async def _apply(self, world: World) -> list[tuple[Kind, Key]]:
        made: list[tuple[Kind, Key]] = []
        for body in yaml.safe_load_all(self.printed):
            foreign = self.find(body)
            if foreign is None:
                login = {"username": ADMIN, "password": world.server.password}
                await world.user.create(SECRET, {**body, "metadata": _here(SECRET, body), "stringData": login})
                continue
            placed = _replace(body, {"host": HOST, "port": PORT})
            await world.user.create(foreign.kind, {**placed, "metadata": _here(foreign.kind, body)})
            made.append((foreign.kind, Key(_place(foreign.kind).get("namespace", ""), body["metadata"]["name"])))
        return made

    async def _let_go(self, world: World, kind: Kind, key: Key) -> None:
        """Before a deletion that destroys: protection comes off, where the kind has it."""
        resource = await world.user.get(kind, key)
        if "deletionProtection" in resource.spec:
            await world.user.patch(kind, key, {"spec": {"deletionProtection": False}})


def _here(kind: Kind, body: Body) -> dict[str, Any]:
    return {**body["metadata"], **_place(kind)}


def _place(kind: Kind) -> dict[str, str]:
    return {"namespace": "default"} if kind.namespaced else {}


def _replace(value: Any, known: Mapping[str, Any]) -> Any:
    """Fields of these names, however deep."""
    if isinstance(value, Mapping):
        return {name: known.get(name, _replace(inner, known)) for name, inner in value.items()}
    return [_replace(inner, known) for inner in value] if isinstance(value, list) else value


def _situations(foreign: ForeignKind, body: Body) -> Sequence[tuple[Resource, Sequence[Resource]]]:
    """Nothing there yet, just made, and every way in which it can stand; alive and on its way out."""
    leaving = {**body, "metadata": {**body["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}}
    found: list[tuple[Resource, Sequence[Resource]]] = []
    for version in (body, leaving):
        resource = build_resource(foreign.kind, dict(version))
        objects = foreign.translate(resource, {}).objects
        found.append((resource, ()))
        statuses = ({}, *map(_status, REASONS))
        found += [(resource, [_child(foreign, each, status) for each in objects]) for status in statuses]
    return found


def _status(reason: str) -> dict[str, Any]:
    condition = {
        "type": "Ready", "status": "True" if reason == "Applied" else "False", "reason": reason, "message": "so it is",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    asked = {"deletionConfirmation": CONFIRMATION} if reason == "PendingDeletionConfirmation" else {}
    return {"observedGeneration": 1, "conditions": [condition, {**condition, "type": "Connected"}], **asked}


def _child(foreign: ForeignKind, body: Body, status: Mapping[str, Any]) -> Resource:
    kind = next(k for k in foreign.becomes if k.kind == body["kind"])
    metadata = {**body["metadata"], **_place(kind), "uid": "c", "generation": 1}
    return build_resource(kind, {**body, "metadata": metadata, "status": dict(status)})
