"""Volumes; the conformance suite has what kube-apiserver says of them."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.apiserver.volumes import volume_problems


@pytest.mark.parametrize(
    ("volume", "fields"),
    [
        ({"emptyDir": {}}, []),
        ({"secret": {"secretName": "s", "items": [{"key": "k", "path": "p"}]}}, []),
        ({}, ["v"]),
        ({"name": "Data", "emptyDir": {}}, ["v.name"]),
        ({"emptyDir": {}, "secret": {"secretName": "s"}}, ["v.secret"]),
        ({"secret": {}}, ["v.secret.secretName"]),
        ({"configMap": {"name": "c", "defaultMode": 512}}, ["v.configMap.defaultMode"]),
        (
            {"configMap": {"name": "c", "items": [{"key": "", "path": "../p"}]}},
            ["v.configMap.items[0].key", "v.configMap.items[0].path"],
        ),
        ({"configMap": {"name": "c", "items": [{"key": "k", "path": "/p"}]}}, ["v.configMap.items[0].path"]),
    ],
)
def test_a_volume_has_one_source_that_is_complete(volume: dict[str, Any], fields: list[str]) -> None:
    assert [each.field for each in volume_problems({"name": "data", **volume}, "v")] == fields
