"""What the status says of each instance."""

from __future__ import annotations

from dbaas.api.cluster import DatabaseClusterStatus
from dbaas.contracts.provider import InstanceFacts
from dbaas.controllers.cluster.instances import build_instances

MEBIBYTE = 1024 * 1024


def test_each_instance_has_its_role_and_how_it_follows() -> None:
    facts = [
        InstanceFacts("main-2", True, role="replica", timeline=3, lag_bytes=64 * MEBIBYTE, restarts=2),
        InstanceFacts("main", True, timeline=3),
    ]
    built = build_instances(facts)
    assert built == [
        {"name": "main", "ready": True, "role": "primary", "timeline": 3},
        {"name": "main-2", "ready": True, "role": "replica", "timeline": 3, "lag": "64Mi", "restarts": 2},
    ]
    assert DatabaseClusterStatus.model_validate({"instances": built}).instances[1].lag == "64Mi"


def test_why_it_does_not_serve_is_told_of_one_that_does_not() -> None:
    down = InstanceFacts("main-2", False, role="", reason="Joining", message="it copies the data of the primary")
    assert build_instances([down]) == [
        {"name": "main-2", "ready": False, "reason": "Joining", "message": "it copies the data of the primary"}
    ]
    up = InstanceFacts("main-2", True, role="replica", lag_bytes=0, reason="Serving", message="it serves")
    assert build_instances([up]) == [{"name": "main-2", "ready": True, "role": "replica", "lag": "0"}]


def test_a_message_is_no_longer_than_the_field() -> None:
    (built,) = build_instances([InstanceFacts("main", False, reason="Crashed", message="x" * 5000)])
    assert DatabaseClusterStatus.model_validate({"instances": [built]}).instances[0].message == "x" * 2048
