"""Both API servers refuse the same operations, and warn alike of what takes an operation back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from controllers.test_reviews import NOTHING, Side, our_side, their_side
from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.operation import OPERATION_MANAGER, OPS_REQUEST
from dbaas.api.resource import Key

MAIN = {"engine": {"type": "postgres", "version": "18"}, "clusterSize": 1}


def settings(value: str) -> dict[str, Any]:
    return {"config": [{"name": "work_mem", "value": value}]}


async def tell_the_story(side: Side) -> list[Any]:
    """What is refused, and what is warned of, in turn."""
    here = {"clusterRef": {"name": "main"}}
    told: list[Any] = [await side.make(DATABASE_CLUSTER, "main", {**MAIN, **settings("1MB")})]
    assert told == [NOTHING]
    side.warnings.clear()
    for number, asked in enumerate(
        (
            {"type": "Switchover"},
            {"type": "Backup"},
            {"type": "VolumeExpansion", "volumeExpansion": {"size": "1Gi"}},
            {"type": "Reconfiguring", "reconfiguring": {"config": [{"name": "work_men", "value": "1MB"}]}},
            {"type": "Restart"},
        )
    ):
        told.append(await side.make(OPS_REQUEST, f"op-{number}", {**here, **asked}))
    key = Key(side.namespace, "main")
    await side.rest.patch(DATABASE_CLUSTER, key, {"spec": settings("9MB")}, manager=OPERATION_MANAGER)
    told.append(await side.change(DATABASE_CLUSTER, "main", settings("1MB")))
    return [*told, list(side.warnings)]


@pytest.mark.kube_apiserver
async def test_both_refuse_the_same_operations_and_warn_of_the_same_writes(managed_kube_state: Path) -> None:
    async with our_side() as ours, their_side(managed_kube_state) as theirs:
        expected, told = await tell_the_story(ours), await tell_the_story(theirs)
    refused = [each != NOTHING for each in expected[1:6]]
    assert refused == [True, True, True, True, False]
    assert 'spec.config[work_mem].value: an operation has made it "9MB"' in expected[-1][-1]
    assert str(told).replace("NS/", "") == str(expected).replace("default/", "").replace("NS/", "")
