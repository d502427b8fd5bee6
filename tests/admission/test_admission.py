"""The rules as an API server asks them."""

from __future__ import annotations

from dbaas.admission import RuleAdmission
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
