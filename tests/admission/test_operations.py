"""Which operations are refused, at which field and why; and which writes to a cluster are warned of."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dbaas.admission import RuleAdmission
from dbaas.admission.operations import find_undone
from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.operation import ANNOTATION_OPERATION, OPERATION_MANAGER
from dbaas.api.resource import Key, Kind, Resource, build_resource
from dbaas.contracts.admission import Review
from dbaas.contracts.provider import ServerCapability
from dbaas.contracts.registry import Registry
from fixtures.operations import OPERATIONS
from fixtures.registries import RunnerProvider, granite_registry, granite_spec


class FixedProvider(RunnerProvider):
    """Its volumes never grow."""

    capabilities = (
        *RunnerProvider.capabilities,
        ServerCapability("volume expansion", "spec.storage.size", lambda spec: False, "stone does not stretch"),
    )


def registry(*, fixed: bool = False) -> Registry:
    providers = {"runner": FixedProvider() if fixed else RunnerProvider()}
    return replace(granite_registry(), operations=OPERATIONS, providers=providers)


async def refusals(type_: str, *, cluster: dict[str, Any] | None = None, **blocks: Any) -> list[tuple[str, str]]:
    """Field and message of each."""
    fixed, instances = bool(blocks.pop("fixed", False)), blocks.pop("instances", ())
    spec = granite_spec(**(cluster or {}))

    async def find(kind: Kind, key: Key) -> Resource | None:
        metadata = {"name": "main", "namespace": "default"}
        body = {"metadata": metadata, "spec": spec, "status": {"instances": instances}}
        return build_resource(DATABASE_CLUSTER, body) if (kind, key.name) == (DATABASE_CLUSTER, "main") else None

    reference = blocks.pop("clusterRef", {"name": "main"})
    body = {
        "metadata": {"name": "one", "namespace": "default"}, "spec": {"clusterRef": reference, "type": type_, **blocks}
    }  # fmt: skip
    review = Review("CREATE", "dbaas.io", "v1", "OpsRequest", body, None)
    verdict = await RuleAdmission(registry(fixed=fixed), find).review(review)
    return [(each.field, each.message) for each in verdict.violations]


@pytest.mark.parametrize(
    ("type_", "blocks", "field", "why"),
    [
        ("Backup", {}, "spec.type", "no backups"),
        ("Restore", {"restore": {"backupName": "b"}}, "spec.type", "no backups"),
        ("Custom", {"custom": {"operation": "vacuum"}}, "spec.type", "cannot run statements of a catalogue on granite"),
        ("Switchover", {}, "spec.type", "needs a replicated cluster"),
        ("RebuildInstance", {"rebuildInstance": {"instanceName": "x"}}, "spec.type", "needs a replicated cluster"),
        ("HorizontalScaling", {"horizontalScaling": {"replicas": 3}}, "spec.horizontalScaling.replicas", "two legs"),
        ("VerticalScaling", {"verticalScaling": {"resources": {}}}, "spec.verticalScaling", "asks for nothing"),
        ("VolumeExpansion", {"volumeExpansion": {"size": "1Gi"}}, "spec.volumeExpansion.size", "cannot shrink"),
        ("Upgrade", {"upgrade": {"targetVersion": "3"}}, "spec.upgrade.targetVersion", "cannot be run"),
        ("Upgrade", {"upgrade": {"targetVersion": "1"}}, "spec.upgrade.targetVersion", "data of a newer one"),
    ],
    ids=str,
)
async def test_what_the_cluster_could_not_become_is_refused_where_it_was_asked(
    type_: str, blocks: dict[str, Any], field: str, why: str
) -> None:
    found = await refusals(type_, **blocks)
    assert {place for place, _ in found} == {field}
    assert any(why in message for _, message in found)


async def test_what_the_provider_cannot_do_is_refused_with_its_words() -> None:
    asked = {"volumeExpansion": {"size": "20Gi"}}
    assert await refusals("VolumeExpansion", fixed=True, **asked) == [
        ("spec.volumeExpansion.size", "stone does not stretch")
    ]
    assert await refusals("VolumeExpansion", **asked) == []


async def test_an_action_that_the_provider_has_not_is_refused_for_a_replicated_cluster_too() -> None:
    ((field, message),) = await refusals("Switchover", cluster={"clusterSize": 2})
    assert field == "spec.type"
    assert "cannot do Switchover in this version" in message


@pytest.mark.parametrize(
    ("type_", "blocks", "field", "why"),
    [
        (
            "Switchover", {"switchover": {"targetInstance": "main-9"}},
            "spec.switchover.targetInstance", "it has main, main-2",
        ),
        (
            "RebuildInstance", {"rebuildInstance": {"instanceName": "main-9"}},
            "spec.rebuildInstance.instanceName", "no instance 'main-9'",
        ),
        (
            "RebuildInstance", {"rebuildInstance": {"instanceName": "main-2", "sourceInstance": "main"}},
            "spec.rebuildInstance.sourceInstance", "always copied from the primary",
        ),
    ],
    ids=str,
)  # fmt: skip
async def test_an_instance_that_is_not_there_is_refused_at_its_name(
    type_: str, blocks: dict[str, Any], field: str, why: str
) -> None:
    two, there = {"clusterSize": 2}, [{"name": "main", "role": "primary"}, {"name": "main-2"}]
    found = dict(await refusals(type_, cluster=two, instances=there, **blocks))
    assert why in found[field]


async def test_all_that_is_wrong_is_told_at_once() -> None:
    found = await refusals("VolumeExpansion", fixed=True, volumeExpansion={"size": "1Gi"})
    assert len(found) == 2


async def test_a_fault_that_the_cluster_had_before_is_told_at_its_name() -> None:
    found = await refusals("Stop", cluster={"clusterSize": 4})
    assert {field for field, _ in found} == {"spec.clusterRef.name"}
    assert any("spec.clusterSize: a runner has two legs" in message for _, message in found)


@pytest.mark.parametrize("type_", ["Start", "Stop", "Restart"])
async def test_what_is_possible_is_let_through_and_so_is_what_is_for_a_cluster_to_come(type_: str) -> None:
    assert await refusals(type_) == []
    assert await refusals(type_, clusterRef={"name": "later"}) == []


async def test_one_that_is_there_can_always_be_cancelled() -> None:
    async def find(kind: Kind, key: Key) -> Resource | None:
        return None

    spec = {"clusterRef": {"name": "main"}, "type": "Backup"}
    bodies = [{"metadata": {"name": "one"}, "spec": {**spec, "cancel": cancel}} for cancel in (True, False)]
    review = Review("UPDATE", "dbaas.io", "v1", "OpsRequest", *bodies)
    assert (await RuleAdmission(registry(), find).review(review)).violations == []


class PickyProvider(RunnerProvider):
    """Has something against settings, each in its place."""

    capabilities = (
        ServerCapability("second", "spec.config[1].value", lambda spec: len(spec.config) > 1, "too much"),
        ServerCapability("first", "spec.config[0].name", lambda spec: len(spec.config) > 1, "an old one"),
    )


async def test_a_setting_is_named_by_its_place_in_the_request() -> None:
    async def find(kind: Kind, key: Key) -> Resource | None:
        spec = granite_spec(config=[{"name": "old", "value": "1"}])
        body = {"metadata": {"name": "main", "namespace": "default"}, "spec": spec}
        return build_resource(DATABASE_CLUSTER, body) if kind == DATABASE_CLUSTER else None

    settings = {"config": [{"name": "new", "value": "1"}]}
    spec = {"clusterRef": {"name": "main"}, "type": "Reconfiguring", "reconfiguring": settings}
    body = {"metadata": {"name": "one", "namespace": "default"}, "spec": spec}
    picky = replace(registry(), providers={"runner": PickyProvider()})
    verdict = await RuleAdmission(picky, find).review(Review("CREATE", "dbaas.io", "v1", "OpsRequest", body, None))
    assert [each.field for each in verdict.violations] == ["spec.reconfiguring.config[0].value", "spec.clusterRef.name"]


FIELDS = {
    "f:metadata": {"f:annotations": {f"f:{ANNOTATION_OPERATION}": {}}},
    "f:spec": {
        "f:clusterSize": {},
        "f:config": {'k:{"name":"a"}': {".": {}, "f:name": {}, "f:value": {}}},
        "f:resources": {"f:limits": {"f:cpu": {}}},
    },
}
DONE = {
    "clusterSize": 5, "config": [{"name": "a", "value": "1"}, {"name": "b", "value": "2"}],
    "resources": {"limits": {"cpu": "2", "memory": "1Gi"}},
}  # fmt: skip


def warned(new: dict[str, Any], *, manager: str = OPERATION_MANAGER, mark: str = "u1") -> list[str]:
    managed = [{"manager": manager, "operation": "Update", "fieldsV1": FIELDS}]
    old = {"metadata": {"annotations": {ANNOTATION_OPERATION: "u1"}, "managedFields": managed}, "spec": DONE}
    body = {"metadata": {"annotations": {ANNOTATION_OPERATION: mark}}, "spec": {**DONE, **new}}
    return list(find_undone(Review("UPDATE", "dbaas.io", "v1", "DatabaseCluster", body, old)))


@pytest.mark.parametrize(
    ("new", "told"),
    [
        ({"clusterSize": 3}, ["spec.clusterSize: an operation has made it 5, and this makes it 3"]),
        ({"config": [{"name": "b", "value": "9"}]}, ["spec.config[a]"]),
        ({"resources": None}, ['spec.resources.limits.cpu: an operation has made it "2", and this makes it nothing']),
        ({"resources": {"limits": {"cpu": "2"}}}, []),
        ({"stopped": True}, []),
    ],
    ids=str,
)
def test_whoever_takes_back_what_an_operation_has_done_is_warned(new: dict[str, Any], told: list[str]) -> None:
    warnings = sorted({warning.split(": to keep")[0] for warning in warned(new)})
    assert len(warned(new)) == 0 or all("change the manifest" in each for each in warned(new))
    for expected in told:
        assert any(warning.startswith(expected) for warning in warnings)
    assert bool(warnings) == bool(told)


def test_another_operation_and_what_nobody_operated_on_are_not_warned_of() -> None:
    assert warned({"clusterSize": 3}, mark="u2") == []
    assert warned({"clusterSize": 3}, manager="somebody") == []
