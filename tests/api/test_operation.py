"""What the schema refuses of an OpsRequest, by our own API server and by a real one."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.api.operation import OPS_REQUEST
from dbaas.api.resource import Key
from dbaas.contracts.client import Invalid
from dbaas.contracts.registry import find_registry
from dbaas.kube.verbs import RestClient, Writing
from fixtures.grounds import Ground

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a type that is none": ({"type": "Dance"}, "spec.type"),
    "a block that is missing": ({"type": "HorizontalScaling"}, "needs horizontalScaling"),
    "a block of another type": ({"type": "Stop", "upgrade": {"targetVersion": "18"}}, "upgrade is only for"),
    "no instance at all": ({"type": "HorizontalScaling", "horizontalScaling": {"replicas": 0}}, "replicas"),
    "no setting": ({"type": "Reconfiguring", "reconfiguring": {"config": []}}, "spec.reconfiguring.config"),
    "a size that is none": ({"type": "VolumeExpansion", "volumeExpansion": {"size": "big"}}, "volumeExpansion.size"),
    "a time that is none": ({"type": "Stop", "timeout": "soon"}, "spec.timeout"),
    "a cluster without a name": ({"type": "Stop", "clusterRef": {}}, "clusterRef.name"),
}
RIGHT: dict[str, dict[str, Any]] = {
    "switchover": {"type": "Switchover"},
    "backup": {"type": "Backup", "backup": {"backupName": "b"}},
    "expose": {"type": "Expose", "expose": {"type": "NodePort"}, "ttlSecondsAfterFinished": 0},
}
CHANGES: dict[str, dict[str, Any]] = {
    "type": {"type": "Start"},
    "cluster": {"clusterRef": {"name": "other"}},
    "block": {"reconfiguring": {"config": [{"name": "a", "value": "2"}]}},
    "another block": {"reconfiguring": None, "upgrade": {"targetVersion": "18"}},
    "timeout": {"timeout": "2h"},
    "ttl": {"ttlSecondsAfterFinished": 5},
    "force": {"force": True},
}


def body(name: str, namespace: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": OPS_REQUEST.api_version, "kind": OPS_REQUEST.kind,
        "metadata": {"name": name, "namespace": namespace}, "spec": {"clusterRef": {"name": "main"}, **spec},
    }  # fmt: skip


async def test_what_makes_no_sense_is_refused_and_nothing_changes_later_but_its_cancelling(ground: Ground) -> None:
    async with ground.open(find_registry()) as plane:
        rest, namespace = RestClient(plane.transport, Writing("user")), plane.named("default")
        for name, (spec, told) in WRONG.items():
            with pytest.raises(Invalid) as caught:
                await rest.create(OPS_REQUEST, body("wrong", namespace, spec))
            assert told in caught.value.message, name
        for name, spec in RIGHT.items():
            await rest.create(OPS_REQUEST, body(name, namespace, spec))
        settings = {"config": [{"name": "a", "value": "1"}]}
        await rest.create(OPS_REQUEST, body("one", namespace, {"type": "Reconfiguring", "reconfiguring": settings}))
        key = Key(namespace, "one")
        for name, spec in CHANGES.items():
            with pytest.raises(Invalid) as caught:
                await rest.patch(OPS_REQUEST, key, {"spec": spec})
            assert "make a new object instead" in caught.value.message, name
        await rest.patch(OPS_REQUEST, key, {"spec": {"cancel": True}})
        with pytest.raises(Invalid, match="stays so"):
            await rest.patch(OPS_REQUEST, key, {"spec": {"cancel": False}})
