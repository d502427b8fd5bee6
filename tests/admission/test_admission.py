"""The rules as an API server asks them."""

from __future__ import annotations

from typing import Any

from dbaas.admission import RuleAdmission
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import Key, Kind
from dbaas.contracts.admission import Review
from fixtures.clients import FakeClient
from fixtures.registries import granite_registry, granite_spec


async def test_a_bad_cluster_is_refused_and_its_deletion_is_not() -> None:
    admission = RuleAdmission(granite_registry(), FakeClient().get)
    bad = {"metadata": {"name": "x"}, "spec": granite_spec(clusterSize=3)}
    created = await admission.review(Review("CREATE", "dbaas.io", "v1", "DatabaseCluster", bad, None))
    deleted = await admission.review(Review("DELETE", "dbaas.io", "v1", "DatabaseCluster", None, bad))
    assert [v.field for v in created.violations] == ["spec.clusterSize"]
    assert not deleted.violations


async def test_nothing_is_looked_up_for_a_write_that_leaves_the_spec_alone() -> None:
    asked: list[Key] = []

    async def find(kind: Kind, key: Key) -> None:
        asked.append(key)

    admission = RuleAdmission(granite_registry(), find)
    old: dict[str, Any] = {
        "metadata": {"name": "x", "namespace": "n"},
        "spec": {"instanceRef": {"name": "main"}},
    }
    held = {**old, "metadata": {**old["metadata"], "finalizers": ["dbaas.io/finalizer"]}}
    assert not (await admission.review(Review("UPDATE", "dbaas.io", "v1", "Database", held, old))).violations
    assert not asked
    await admission.review(Review("CREATE", "dbaas.io", "v1", "Database", held, None))
    assert Key("n", "main") in asked


async def test_a_verdict_is_remembered_for_the_same_facts_only() -> None:
    client = FakeClient()
    admission = RuleAdmission(granite_registry(), client.get)
    body: dict[str, Any] = {
        "metadata": {"name": "x", "namespace": "n"},
        "spec": {"instanceRef": {"name": "main"}},
    }
    review = Review("CREATE", "dbaas.io", "v1", "Database", body, None)
    assert not (await admission.review(review)).violations
    client.put(DATABASE_INSTANCE, {"metadata": {"name": "main", "namespace": "n"}, "spec": {"engine": "slate"}})
    refused = (await admission.review(review)).violations
    assert [each.field for each in refused] == ["spec"]
    held = {**body, "metadata": {**body["metadata"], "finalizers": ["dbaas.io/finalizer"]}}
    again = Review("CREATE", "dbaas.io", "v1", "Database", held, None)
    assert (await admission.review(again)).violations is refused
    assert (await admission.asking(client.get).review(review)).violations is refused
    assert not (await admission.asking(FakeClient().get).review(review)).violations
