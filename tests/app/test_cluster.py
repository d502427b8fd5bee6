"""Tests of `app.cluster`: what of everything that is plugged in counts in a cluster."""

from __future__ import annotations

from dbaas.api.kinds import LAPTOP_DEFINITIONS
from dbaas.app.cluster import build_definitions, find_cluster_registry, find_kinds


def test_nothing_that_runs_on_a_laptop_is_watched_or_defined() -> None:
    registry = find_cluster_registry()
    local = {definition.kind for definition in LAPTOP_DEFINITIONS}
    assert not local & {kind for provider in registry.providers.values() for kind in provider.kinds}
    assert not local & {*find_kinds(registry)}


def test_every_kind_has_its_definition() -> None:
    registry = find_cluster_registry()
    defined = [body["metadata"]["name"] for body in build_definitions(registry)]
    assert defined == [kind.resource for kind in find_kinds(registry)]
    assert len({*defined}) == len(defined) > 10
