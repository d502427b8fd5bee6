"""Rules about clusters, one at a time."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.admission import clusters
from dbaas.admission.facts import Facts
from dbaas.contracts.admission import Review
from fixtures.registries import granite_cluster, granite_registry, granite_spec


def test_the_provider_of_the_named_entry_counts_where_the_spec_names_none() -> None:
    facts = Facts(granite_registry(), "granite", {"provider": "boat"})
    (violation,) = clusters.provider_can(granite_cluster(), facts)
    assert "'boat'" in violation.message


def test_an_unknown_engine_is_left_to_its_own_rule() -> None:
    spec = granite_cluster(engine={"type": "basalt", "version": "1"})
    assert not list(clusters.engine_runs(spec, Facts(granite_registry(), "basalt")))


def review(**storage: Any) -> Review:
    body = {"metadata": {"name": "main"}, "spec": granite_spec(storage=storage)}
    return Review("UPDATE", "dbaas.io", "v1", "DatabaseCluster", body, body)


@pytest.mark.parametrize(
    ("before", "after", "fields"),
    [
        ({"size": "10Gi"}, {"size": "20Gi"}, []),
        ({"size": "10Gi"}, {"size": "10240Mi"}, []),
        ({"size": "10Gi"}, {"size": "9Gi"}, ["spec.storage.size"]),
        ({}, {"size": "1Gi"}, ["spec.storage.size"]),
        ({}, {"storageClassName": "fast"}, ["spec.storage.storageClassName"]),
    ],
    ids=str,
)
def test_a_volume_only_grows_and_stays_in_its_class(
    before: dict[str, Any], after: dict[str, Any], fields: list[str]
) -> None:
    found = clusters.storage_stays(review(**before), granite_cluster(storage=after))
    assert [violation.field for violation in found] == fields


def test_a_version_that_the_entry_has_an_image_of_can_be_run() -> None:
    spec = granite_cluster(engine={"type": "granite", "version": "7"})
    entry = {"images": [{"version": "7", "image": "own:7"}]}
    assert not list(clusters.engine_runs(spec, Facts(granite_registry(), "granite", entry)))
    (violation,) = clusters.engine_runs(spec, Facts(granite_registry(), "granite"))
    assert "choose one of 2, 1" in violation.message


WINDOW = {"dayOfWeek": 0, "startTime": "22:00", "duration": "4h"}


@pytest.mark.parametrize(
    ("maintenance", "fields"),
    [
        (None, []),
        ({}, []),
        ({"windows": [WINDOW], "timezone": "Europe/Berlin"}, []),
        ({"windows": [{**WINDOW, "duration": "7d"}]}, []),
        ({"windows": [WINDOW], "timezone": "Mars/Olympus"}, ["spec.maintenance.timezone"]),
        (
            {"windows": [{**WINDOW, "duration": "59s"}, {**WINDOW, "duration": "8d"}], "timezone": "/etc"},
            [
                "spec.maintenance.timezone",
                "spec.maintenance.windows[0].duration",
                "spec.maintenance.windows[1].duration",
            ],
        ),
    ],
    ids=str,
)
def test_windows_have_a_time_zone_that_there_is_and_a_length_that_makes_sense(
    maintenance: dict[str, Any] | None, fields: list[str]
) -> None:
    found = clusters.windows_are_clear(granite_cluster(maintenance=maintenance))
    assert [violation.field for violation in found] == fields


@pytest.mark.parametrize(
    ("size", "topology", "fields"),
    [
        (1, {"mode": "Standalone"}, []),
        (3, {"mode": "Replicated", "synchronous": {"mode": "quorum", "replicas": 2}}, []),
        (1, {"synchronous": {"mode": "off"}}, []),
        (3, {"mode": "Standalone"}, ["spec.topology.mode"]),
        (1, {"mode": "Replicated"}, ["spec.topology.mode"]),
        (3, {"mode": "Sharded", "shards": 2}, ["spec.topology.mode"]),
        (3, {"shards": 2}, ["spec.topology.shards"]),
        (3, {"antiAffinity": True}, ["spec.topology.antiAffinity"]),
        (2, {"synchronous": {"mode": "any", "replicas": 2}}, ["spec.topology.synchronous.replicas"]),
        (1, {"synchronous": {"mode": "any"}}, ["spec.topology.synchronous.replicas"]),
    ],
    ids=str,
)
def test_a_topology_has_the_instances_that_it_needs(size: int, topology: dict[str, Any], fields: list[str]) -> None:
    found = clusters.topology_fits(granite_cluster(clusterSize=size, topology=topology))
    assert [violation.field for violation in found] == fields


@pytest.mark.parametrize(
    ("before", "after", "is_possible"), [(1, 3, True), (3, 2, True), (2, 5, True), (1, 1, True), (3, 1, False)]
)
def test_replicas_come_and_go_but_the_last_of_several_is_never_left_alone(
    before: int, after: int, is_possible: bool
) -> None:
    body = {"metadata": {"name": "main"}, "spec": granite_spec(clusterSize=before)}
    found = clusters.size_stays(Review("UPDATE", "dbaas.io", "v1", "DatabaseCluster", body, body),
                                granite_cluster(clusterSize=after))  # fmt: skip
    assert [violation.field for violation in found] == ([] if is_possible else ["spec.clusterSize"])
