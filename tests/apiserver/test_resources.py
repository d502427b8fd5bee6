"""The catalogue of what is served."""

from __future__ import annotations

from dataclasses import replace

from dbaas.apiserver.kinds import builtin_resources
from dbaas.apiserver.resources import Catalogue, Resource, version_priority

LEASE: Resource = next(resource for resource in builtin_resources() if resource.plural == "leases")


def test_versions_are_preferred_as_kubernetes_does() -> None:
    shuffled = ["v1alpha1", "v11beta2", "foo", "v10", "v2", "v1beta1", "v12alpha1", "v3beta1", "bar"]
    assert sorted(shuffled, key=version_priority) == [
        "v10", "v2", "v11beta2", "v3beta1", "v1beta1", "v12alpha1", "v1alpha1", "bar", "foo",
    ]  # fmt: skip


def test_a_resource_is_found_by_path_kind_and_collection() -> None:
    catalogue = Catalogue()
    catalogue.add(replace(LEASE, version="v1beta1"))
    catalogue.add(LEASE)
    assert catalogue.find("coordination.k8s.io", "v1", "leases") is LEASE
    assert catalogue.find_kind("coordination.k8s.io", "v1", "Lease") is LEASE
    assert catalogue.find_collection("leases.coordination.k8s.io") is LEASE
    assert catalogue.groups() == {"coordination.k8s.io": ["v1", "v1beta1"]}


def test_a_removed_collection_is_served_in_no_version() -> None:
    catalogue = Catalogue()
    catalogue.add(replace(LEASE, version="v2"))
    catalogue.add(LEASE)
    before = catalogue.revision
    catalogue.remove("leases.coordination.k8s.io")
    assert list(catalogue) == []
    assert catalogue.groups() == {}
    assert catalogue.find_collection("leases.coordination.k8s.io") is None
    assert catalogue.revision > before


def test_the_prefix_makes_stored_bytes_whole() -> None:
    assert LEASE.prefix == b'{"apiVersion":"coordination.k8s.io/v1","kind":"Lease",'
