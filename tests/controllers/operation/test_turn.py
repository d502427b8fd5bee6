"""Who waits for whom, and what an operation waits for besides."""

from __future__ import annotations

from typing import Any

import pytest

from controllers.operation.make import BEGUN, CHANGED, ENDED, cluster, request, setting
from dbaas.contracts.reconcile import Waiting
from dbaas.controllers.operation.turn import explain_order, require_well

LATER = "2026-01-01T00:00:09Z"


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ({}, "OpsRequest 'other' (Reconfiguring) is before it"),
        (BEGUN, "OpsRequest 'other' is changing the cluster's spec"),
        (CHANGED, "OpsRequest 'other' (Reconfiguring) goes on"),
        (ENDED, ""),
    ],
    ids=["new", "begun", "changed", "ended"],
)
def test_one_waits_for_what_was_before_it_and_excludes_it(status: dict[str, Any], told: str) -> None:
    own = request("own", "Reconfiguring", born=LATER, **setting("a"))
    assert explain_order(own, request("other", "Reconfiguring", status=status, **setting("a"))) == told


def test_one_that_does_not_exclude_it_is_waited_for_only_while_it_changes_the_spec() -> None:
    own = request("own", "Reconfiguring", born=LATER, **setting("b"))
    found = [
        explain_order(own, request("other", "Reconfiguring", status=status, **setting("a")))
        for status in ({}, BEGUN, CHANGED)
    ]
    assert [bool(each) for each in found] == [False, True, False]


def test_a_later_one_is_waited_for_only_if_it_has_begun() -> None:
    own = request("own")
    assert explain_order(own, request("other", born=LATER)) == ""
    assert explain_order(own, request("other", born=LATER, status=CHANGED))


def test_nothing_begins_on_a_paused_cluster() -> None:
    with pytest.raises(Waiting) as caught:
        require_well(request("own"), cluster(annotations={"dbaas.io/paused": "true"}))
    assert caught.value.reason == "ClusterPaused"
    assert caught.value.status is not None and caught.value.status["createdVersion"] == "1"


def test_a_cluster_that_is_not_well_is_waited_for_where_that_matters_and_unless_forced() -> None:
    require_well(request("own", "Restart"), cluster())
    scaling = {"horizontalScaling": {"replicas": 2}}
    require_well(request("own", "HorizontalScaling", force=True, **scaling), cluster())
    with pytest.raises(Waiting, match=r"spec\.force") as caught:
        require_well(request("own", "HorizontalScaling", **scaling), cluster())
    assert caught.value.reason == "ClusterNotReady"
