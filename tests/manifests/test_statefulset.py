"""StatefulSets."""

from __future__ import annotations

from dbaas.manifests.statefulset import build_stateful_set


def test_a_pod_that_never_gets_ready_does_not_hold_up_its_own_repair() -> None:
    template = {"metadata": {"labels": {"a": "b"}}}
    made = build_stateful_set({"name": "main"}, {"a": "b"}, service="main-pods", replicas=1, template=template)
    spec = made["spec"]
    assert (spec["podManagementPolicy"], spec["updateStrategy"]) == ("Parallel", {"type": "RollingUpdate"})
    assert (spec["serviceName"], spec["replicas"], spec["selector"]) == ("main-pods", 1, {"matchLabels": {"a": "b"}})
