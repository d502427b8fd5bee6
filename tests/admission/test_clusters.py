"""Rules about clusters, one at a time."""

from __future__ import annotations

from dbaas.admission import clusters
from dbaas.admission.facts import Facts
from fixtures.registries import granite_cluster, granite_registry


def test_the_provider_of_the_named_entry_counts_where_the_spec_names_none() -> None:
    facts = Facts(granite_registry(), "granite", {"provider": "boat"})
    (violation,) = clusters.provider_can(granite_cluster(), facts)
    assert "'boat'" in violation.message


def test_an_unknown_engine_is_left_to_its_own_rule() -> None:
    spec = granite_cluster(engine={"type": "basalt", "version": "1"})
    assert not list(clusters.engine_runs(spec, Facts(granite_registry(), "basalt")))
