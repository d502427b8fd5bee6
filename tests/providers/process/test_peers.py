"""What instances on this machine have in the API."""

from __future__ import annotations

from conformance.provider import declare
from dbaas.contracts.provider import Instance, SecretKey, Workload
from dbaas.providers.process.peers import render_peers

MEMBERS = tuple(Instance(name, ("run",), uses_api=True) for name in ("main", "main-2", "main-3"))
NOTES = {"config": {"config": "{}"}, "leader": {}}
WORKLOAD = Workload("engine", "18", MEMBERS, SecretKey("main-credentials", "password"), "admin", notes=NOTES)
ALONE = Workload("engine", "18", (Instance("main", ("run",)),), SecretKey("main-credentials", "password"), "admin")


def test_a_single_instance_needs_nothing() -> None:
    assert list(render_peers(declare(), ALONE, keeps_data=True)) == []


def test_each_of_several_has_a_pod_and_all_have_their_notes() -> None:
    rendered = list(render_peers(declare(), WORKLOAD, keeps_data=False))
    assert [(each["kind"], each["metadata"]["name"]) for each in rendered] == [
        ("ConfigMap", "main-config"), ("ConfigMap", "main-leader"), ("Pod", "main"), ("Pod", "main-2"),
        ("Pod", "main-3"),
    ]  # fmt: skip
    assert rendered[0]["metadata"]["annotations"] == {"config": "{}"}
    assert "annotations" not in rendered[1]["metadata"]
    for each in rendered:
        assert each["metadata"]["labels"]["dbaas.io/cluster"] == "main"
