"""A cluster is woken when its instances agree on another primary or a note is gone, not while they say the same."""

from __future__ import annotations

import json
from typing import Any

from dbaas.api.core import CONFIG_MAP, POD
from dbaas.api.resource import Key, Resource, build_resource
from dbaas.controllers.cluster.leading import watch_leaders, watch_members


def note(name: str = "main-leader", cluster: str = "main", **annotations: str) -> Resource:
    labels = {"dbaas.io/cluster": cluster} if cluster else {}
    metadata = {"name": name, "namespace": "shop", "labels": labels, "annotations": annotations}
    return build_resource(CONFIG_MAP, {"metadata": metadata})


def test_a_note_that_comes_or_goes_wakes_its_cluster() -> None:
    wakes = watch_leaders().wakes
    for name in ("main-leader", "main-sync", "main-config", "main-failover"):
        assert list(wakes(note(name))) == [Key("shop", "main")]
    for other in (note("main-files"), note(cluster=""), note(cluster="other")):
        assert list(wakes(other)) == []


def test_that_the_leader_still_lives_is_no_news() -> None:
    matters = watch_leaders().matters
    assert matters is not None
    assert not matters(note(leader="main-0", renewTime="1"), note(leader="main-0", renewTime="2"))
    assert matters(note(leader="main-0"), note(leader="main-2-0"))
    assert matters(note(leader="main-0"), note())
    assert matters(note("main-sync"), note("main-sync", sync_standby="main-2"))
    assert not matters(note("main-sync", sync_standby="a,b"), note("main-sync", sync_standby="b, a"))
    assert not matters(note("main-config", history="[]"), note("main-config", history="[[1]]"))
    assert matters(note("main-config", config='{"ttl":20}'), note("main-config", config='{"ttl":99}'))


def pod(said: dict[str, Any], **labels: str) -> Resource:
    metadata = {
        "name": "main-2", "namespace": "shop", "labels": {"dbaas.io/cluster": "main", **labels},
        "annotations": {"status": json.dumps(said)}, "resourceVersion": str(len(said)),
    }  # fmt: skip
    return build_resource(POD, {"metadata": metadata})


def test_what_a_member_says_wakes_its_cluster_and_its_position_alone_does_not() -> None:
    watch = watch_members()
    assert watch.matters is not None
    assert list(watch.wakes(pod({}))) == [Key("shop", "main")]
    said = {"state": "running", "xlog_location": 50_000_000, "timeline": 1}
    moved = {**said, "xlog_location": 50_100_000, "receive_lsn": 1}
    assert not watch.matters(pod(said), pod({**said, "xlog_location": 50_100_000}))
    for changed in (
        pod({**said, "state": "stopped"}),
        pod({**said, "timeline": 2}),
        pod({**said, "xlog_location": 90_000_000}),
        pod(moved),
        pod(said, role="primary"),
        pod({}),
    ):
        assert watch.matters(pod(said), changed)
