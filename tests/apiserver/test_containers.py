"""Containers; the conformance suite has what kube-apiserver says of them."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.apiserver.containers import container_problems, has_unreadable_amounts, label_problems, port_name_problems

MAIN: dict[str, Any] = {"name": "main", "image": "image:1"}


def told(**more: Any) -> list[str]:
    return [each.field for each in container_problems({**MAIN, **more}, "c", {"data"})]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"name": "Main"}, "c.name"),
        ({"image": " image"}, "c.image"),
        ({"ports": [{"containerPort": 70000, "protocol": "TCP"}]}, "c.ports[0].containerPort"),
        ({"ports": [{"containerPort": 1, "protocol": "XTP"}]}, "c.ports[0].protocol"),
        ({"env": [{"name": "A=B"}]}, "c.env[0].name"),
        ({"env": [{"name": "A", "valueFrom": {}}]}, "c.env[0].valueFrom"),
        (
            {"env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "x"}}}]},
            "c.env[0].valueFrom.fieldRef.fieldPath",
        ),
        ({"volumeMounts": [{"name": "none", "mountPath": "/a"}]}, "c.volumeMounts[0].name"),
        ({"volumeMounts": [{"name": "data", "mountPath": "/a", "subPath": "../x"}]}, "c.volumeMounts.subPath"),
        ({"resources": {"requests": {"cpu": "2"}, "limits": {"cpu": "1500m"}}}, "c.resources.requests"),
        ({"resources": {"limits": {"cpu": "-1"}}}, "c.resources.limits[cpu]"),
        ({"lifecycle": {"preStop": {}}}, "c.lifecycle.preStop"),
        ({"livenessProbe": {"exec": {"command": ["a"]}, "successThreshold": 2}}, "c.livenessProbe.successThreshold"),
        ({"securityContext": {"runAsUser": -1}}, "c.securityContext.runAsUser"),
    ],
)
def test_what_a_container_cannot_be_is_named_by_its_field(more: dict[str, Any], field: str) -> None:
    assert told(**more) == [field]


def test_a_whole_container_is_fine() -> None:
    assert (
        told(
            ports=[{"containerPort": 1, "name": "web", "protocol": "TCP"}],
            env=[{"name": "A", "value": "1"}, {"name": "B", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
            volumeMounts=[{"name": "data", "mountPath": "/data"}],
            resources={"requests": {"cpu": "500m"}, "limits": {"cpu": "1"}},
            readinessProbe={"tcpSocket": {"port": "web"}, "successThreshold": 2},
        )
        == []
    )


def test_a_name_of_a_port_has_a_letter_and_fifteen_at_most() -> None:
    assert list(port_name_problems("p", "web-1")) == []
    assert [len(list(port_name_problems("p", name))) for name in ("1", "a--b", "-a", "a" * 16, "A")] == [1, 1, 1, 1, 2]


def test_a_name_that_is_not_there_is_no_wrong_name() -> None:
    assert label_problems("p", None) == label_problems("p", "") == []
    assert len(label_problems("p", "a.b")) == 1


def test_an_amount_is_a_quantity() -> None:
    assert has_unreadable_amounts({"containers": [{"resources": {"limits": {"cpu": "much"}}}]})
    assert not has_unreadable_amounts({"containers": [{"resources": {"limits": {"cpu": "1", "memory": "1Gi"}}}, {}]})
