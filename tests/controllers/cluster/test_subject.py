"""A cluster with everything that its spec names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.resource import Resource, build_resource
from dbaas.contracts.pooling import Pooler, pooler_login
from dbaas.contracts.provider import Instance, ServerImage, Site, Workload
from dbaas.contracts.reconcile import Refused
from dbaas.contracts.registry import Registry
from dbaas.controllers.cluster.subject import entry_key, read_cluster, with_data_kept
from fixtures.registries import GraniteServer, granite_registry, granite_spec


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


def test_its_entry_is_the_one_that_it_names_or_that_of_its_engine() -> None:
    assert entry_key(declared(engine={"type": "Rock"}), granite_registry()).name == "granite"
    assert entry_key(declared(engine={"type": "Other"}), granite_registry()).name == "other"
    named = declared(engine={"type": "granite", "engineRef": {"name": "ours"}})
    assert entry_key(named, granite_registry()).name == "ours"


def test_keeping_the_data_changes_the_policy_and_nothing_else() -> None:
    kept = with_data_kept(read_cluster(declared(deletionPolicy="Delete"), granite_registry()))
    assert kept.spec.deletion_policy == "Retain"
    assert kept.resource.spec == granite_spec(deletionPolicy="Retain")


IMAGE = ServerImage("registry.test/granite:2", 7, 8)


def granite_on_kubernetes() -> Registry:
    """Granite with an image of version 2, as its server's workload names it."""
    made = granite_registry()
    server = ImagedServer()
    return replace(made, engines={"granite": replace(made.engines["granite"], server=server)})


POOLER = Pooler(Instance("main-pooler", ("pool",)), "pool", pooler_login("main"), {}, ServerImage("pool:1", 7, 8))


class ImagedServer(GraniteServer):
    """As the other, in an image, and with a pooler."""

    images: Mapping[str, ServerImage] = {"2": IMAGE}

    def workload(self, name: str, spec: Any, site: Site = "laptop") -> Workload:
        return replace(super().workload(name, spec, site), image=IMAGE, pooler=POOLER)


OLDER = {"version": "1", "programs": "/opt/granite1"}


def entry(**image: Any) -> dict[str, Any]:
    images = [{"version": "2", **image}] if image else []
    return {"type": "granite", "provider": "runner", "supportedVersions": ["2"], "images": images}


@pytest.mark.parametrize(
    ("said", "image"),
    [
        ({}, IMAGE),
        (entry(), IMAGE),
        (entry(image="own:2"), ServerImage("own:2", 7, 8)),
        (entry(image="own:2", runAsUser=70, runAsGroup=71), ServerImage("own:2", 70, 71)),
        (entry(image="own:2", upgradesFrom=[OLDER]), ServerImage("own:2", 7, 8, {"1": "/opt/granite1"})),
    ],
    ids=["no entry", "an entry without images", "an image", "an image with its account", "one that upgrades"],
)
def test_the_image_is_that_of_the_entry_or_else_the_engines_own(said: dict[str, Any], image: ServerImage) -> None:
    assert read_cluster(declared(), granite_on_kubernetes(), said).workload.image == image


@pytest.mark.parametrize(
    ("named", "image"),
    [
        ({}, ServerImage("pool:1", 7, 8)),
        ({"poolerImage": {"image": "own:1"}}, ServerImage("own:1", 7, 8)),
        ({"poolerImage": {"image": "own:1", "runAsUser": 9, "runAsGroup": 10}}, ServerImage("own:1", 9, 10)),
    ],
    ids=["usual", "an image", "an image with its account"],
)
def test_so_is_the_image_of_its_pooler(named: dict[str, Any], image: ServerImage) -> None:
    read = read_cluster(declared(), granite_on_kubernetes(), {**entry(), **named})
    for cluster in (read, read.ask(read.spec)):
        assert cluster.workload.pooler is not None and cluster.workload.pooler.image == image


def test_another_spec_has_the_image_of_its_version() -> None:
    of = read_cluster(declared(), granite_on_kubernetes(), entry(image="own:2"))
    assert of.ask(of.spec.model_copy(update={"cluster_size": 2})).workload.image == ServerImage("own:2", 7, 8)


def test_an_image_of_a_version_that_has_none_runs_by_the_usual_account() -> None:
    workload = read_cluster(declared(), granite_registry(), entry(image="own:2")).workload
    assert workload.image == ServerImage("own:2", 999, 999)


def test_the_provider_of_the_entry_counts_where_the_spec_names_none() -> None:
    with pytest.raises(Refused, match="no provider"):
        read_cluster(declared(), granite_registry(), {**entry(), "provider": "boat"})
