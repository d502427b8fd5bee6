"""Where Pods may run; the conformance suite has what kube-apiserver says of it."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.apiserver.placement import ip_problems, placement_problems

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"hostname": "Host"}, "s.hostname"),
        ({"serviceAccountName": "S_A"}, "s.serviceAccountName"),
        ({"nodeSelector": {"a": "b c"}}, "s.nodeSelector"),
        ({"tolerations": [{"operator": "Equal", "value": "b"}]}, "s.tolerations[0].operator"),
        ({"tolerations": [{"key": "a", "operator": "Exists", "value": "b"}]}, "s.tolerations[0].operator"),
        ({"tolerations": [{"key": "a", "effect": "NoSchedule", "tolerationSeconds": 1}]}, "s.tolerations[0].effect"),
        ({"topologySpreadConstraints": [{"maxSkew": 0, "topologyKey": "a"}]}, "s.topologySpreadConstraints[0].maxSkew"),
        ({"securityContext": {"fsGroup": -1}}, "s.securityContext.fsGroup"),
        ({"activeDeadlineSeconds": 0}, "s.activeDeadlineSeconds"),
        ({"dnsPolicy": "None"}, "s.dnsConfig"),
        ({"hostAliases": [{"ip": "x"}]}, "s.hostAliases[0].ip"),
        ({"affinity": {"nodeAffinity": {REQUIRED: {}}}}, f"s.affinity.nodeAffinity.{REQUIRED}.nodeSelectorTerms"),
    ],
)
def test_where_a_pod_cannot_run_is_named_by_its_field(spec: dict[str, Any], field: str) -> None:
    assert [each.field for each in placement_problems(spec, "s")] == [field]


def test_a_toleration_of_everything_is_fine() -> None:
    assert list(placement_problems({"tolerations": [{"operator": "Exists"}], "hostname": "a"}, "s")) == []


def test_both_kinds_of_addresses_are_read() -> None:
    assert [len(list(ip_problems("p", text))) for text in ("10.0.0.1", "::1", "x", "")] == [0, 0, 1, 1]
