"""What may be promised and used, and how large a volume may be."""

from __future__ import annotations

import pytest

from dbaas.admission.amounts import resources_are_possible, size_is_possible
from dbaas.api.pods import ResourceRequirements

Amounts = dict[str, str]


@pytest.mark.parametrize(
    ("requests", "limits", "wrong"),
    [
        ({}, {}, {}),
        ({"cpu": "1"}, {"memory": "1Gi"}, {}),
        ({"cpu": "1000m", "memory": "1Gi"}, {"cpu": "1", "memory": "1024Mi"}, {}),
        ({"hugepages-2Mi": "8Mi", "ephemeral-storage": "1Gi"}, {"nvidia.com/gpu": "1"}, {}),
        ({"cpu": "-1"}, {}, {"r.requests.cpu": "-1 is less than nothing"}),
        (
            {"memory": "2Gi"},
            {"memory": "1Gi"},
            {"r.requests.memory": "2Gi is promised and 1Gi is the most: promise less, or allow more"},
        ),
        (
            {"gpu": "1"},
            {"disk": "1"},
            dict.fromkeys(
                ("r.requests.gpu", "r.limits.disk"),
                "there is no such resource: cpu, memory, ephemeral-storage, hugepages-SIZE, or VENDOR/DEVICE",
            ),
        ),
    ],
)
def test_resources_are_of_what_there_is_and_no_more_is_promised_than_allowed(
    requests: Amounts, limits: Amounts, wrong: dict[str, str]
) -> None:
    found = resources_are_possible("r", ResourceRequirements(requests=requests, limits=limits))
    assert {each.field: each.message for each in found} == wrong


def test_nothing_said_is_nothing_wrong() -> None:
    assert not list(resources_are_possible("r", None))


@pytest.mark.parametrize(("size", "is_wrong"), [("1Gi", False), ("0", True), ("-1Gi", True), ("1m", False)])
def test_a_volume_is_larger_than_nothing(size: str, is_wrong: bool) -> None:
    assert bool(list(size_is_possible("spec.storage.size", size))) is is_wrong
