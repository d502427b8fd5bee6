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
