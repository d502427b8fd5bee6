"""A cluster with everything that its spec names."""

from __future__ import annotations

import pytest

from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.resource import Resource, build_resource
from dbaas.contracts.reconcile import Refused
from dbaas.controllers.cluster.subject import read_cluster, with_data_kept
from fixtures.registries import granite_registry, granite_spec


def declared(**more: object) -> Resource:
    body = {"metadata": {"name": "main", "namespace": "default"}, "spec": granite_spec(**more)}
    return build_resource(DATABASE_CLUSTER, body)


def test_an_alias_names_the_engine_and_the_default_provider_runs_it() -> None:
    cluster = read_cluster(declared(engine={"type": "Rock", "version": "2"}), granite_registry())
    assert (cluster.engine.name, cluster.provider.name) == ("granite", "runner")
    assert cluster.credentials.name == "main-credentials"


def test_an_unknown_provider_is_refused_with_those_there_are() -> None:
    with pytest.raises(Refused, match="there are: runner"):
        read_cluster(declared(provider="boat"), granite_registry())


def test_keeping_the_data_changes_the_policy_and_nothing_else() -> None:
    kept = with_data_kept(read_cluster(declared(deletionPolicy="Delete"), granite_registry()))
    assert kept.spec.deletion_policy == "Retain"
    assert kept.resource.spec == granite_spec(deletionPolicy="Retain")
