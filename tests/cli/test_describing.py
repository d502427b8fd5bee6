"""One object told for people."""

from __future__ import annotations

import io
from typing import Any

from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.core import SECRET
from dbaas.api.database import DATABASE
from dbaas.api.resource import Kind, build_resource
from dbaas.cli.describing import EVENTS_SHOWN, describe, join
from dbaas.cli.happenings import Happening
from dbaas.cli.terminal import Terminal
from dbaas.core.clock import LoopClock, parse_time
from dbaas.core.simulation import run_virtually

MADE = "2025-12-31T23:00:00Z"
CONDITION = {
    "type": "Ready",
    "status": "False",
    "reason": "Drifted",
    "message": "x differs",
    "lastTransitionTime": MADE,
}


def told(
    *happenings: Happening, kind: Kind = DATABASE, colour: bool = False, metadata: dict[str, Any] | None = None,
    **body: Any,
) -> list[str]:  # fmt: skip
    full = {"name": "shop", "namespace": "team", "creationTimestamp": MADE, **(metadata or {})}
    resource = build_resource(kind, {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": full, **body})
    terminal = Terminal(io.StringIO(), io.StringIO(), colour=colour)

    async def tell() -> list[str]:
        return describe(resource, happenings, terminal, LoopClock())

    return "\n".join(run_virtually(tell())).splitlines()


def test_the_head_says_what_it_is_and_how_it_is() -> None:
    owner = {"apiVersion": "v1", "kind": "Boss", "name": "b", "uid": "u", "controller": True}
    metadata = {
        "labels": {"a": "b", "c": "d"}, "ownerReferences": [owner], "deletionTimestamp": "2025-12-31T23:59:00Z",
        "annotations": {"note": "x", "kubectl.kubernetes.io/last-applied-configuration": "{}"},
    }  # fmt: skip
    lines = told(metadata=metadata, status={"phase": "Deleting", "message": "in use"})
    assert lines == [
        "Database shop in namespace team", "  Phase:       Deleting", "  Message:     in use", "  Age:         60m",
        "  Deleting:    since 60s", "  Owner:       Boss b", "  Labels:      a=b, c=d", "  Annotations: note=x",
    ]  # fmt: skip


def test_a_kind_without_namespaces_has_none() -> None:
    kind = Kind("", "v1", "Namespace", "namespaces", namespaced=False)
    assert told(kind=kind, metadata={"namespace": ""})[0] == "Namespace shop"


def test_what_it_should_be_is_a_tree() -> None:
    spec = {
        "owner": "app", "revoke": True, "size": 3, "ref": {"name": "main", "deep": {"er": None}}, "words": ["a", "b"],
        "none": [], "items": [{"on": "schema", "names": ["x"]}, {}],
    }  # fmt: skip
    assert told(spec=spec)[3:] == [
        "Spec", "  owner: app", "  revoke: yes", "  size: 3", "  ref:", "    name: main", "    deep:", "      er: ",
        "  words: a, b", "  none: (none)", "  items:", "    - on: schema", "      names: x", "    -",
    ]  # fmt: skip


def test_what_is_told_elsewhere_is_not_in_the_status() -> None:
    lines = told(status={"phase": "Ready", "conditions": [], "observedGeneration": 3, "size": "3Mi"})
    assert lines[3:] == ["", "Status", "  size: 3Mi"]


def test_instances_of_a_cluster_are_a_table() -> None:
    instances = [
        {"name": "main", "role": "primary", "ready": True, "timeline": 2},
        {"name": "main-2", "role": "replica", "ready": True, "timeline": 2, "lag": "32Mi", "restarts": 1},
        {"name": "main-3", "ready": False, "reason": "Joining", "message": "it copies the data of the primary"},
    ]
    assert told(kind=DATABASE_CLUSTER, status={"instances": instances})[2:] == [
        "", "Instances",
        "  NAME     ROLE      READY   TIMELINE   LAG    RESTARTS   WHY NOT READY",
        "  main     primary   yes     2                 0",
        "  main-2   replica   yes     2          32Mi   1",
        "  main-3             no                        0          Joining: it copies the data of the primary",
    ]  # fmt: skip


def test_conditions_are_a_table() -> None:
    lines = told(status={"conditions": [CONDITION, {"type": "Odd"}]})
    assert lines[2:] == [
        "", "Conditions", "  TYPE    STATUS   REASON    SINCE   MESSAGE",
        "  Ready   False    Drifted   60m     x differs", "  Odd",
    ]  # fmt: skip


def test_drift_is_told_where_there_is_any() -> None:
    differences = [{"field": "owner", "expected": "a", "actual": "b", "destructive": True, "immutable": True}]
    lines = told(status={"drift": {"detected": True, "diffs": differences}})
    assert lines[-1] == "  owner   a          b        destructive, immutable"
    assert "Drift" not in told(status={"drift": {"detected": False, "diffs": differences}})


def test_of_a_secret_only_keys_and_sizes_are_told() -> None:
    lines = told(kind=SECRET, data={"password": "aHVudGVyMg==", "empty": ""})
    assert lines[3:] == ["Data", "  password: 7 bytes", "  empty: 0 bytes"]


def test_only_the_newest_events_are_told() -> None:
    at = parse_time("2025-12-31T23:59:30Z")
    happenings = [Happening(at, "Normal", f"Reason{n}", "database/shop", "why", "team", 2) for n in range(20)]
    lines = told(*happenings)
    assert len([line for line in lines if "Reason" in line]) == EVENTS_SHOWN
    assert lines[-1].split() == ["30s", "Normal", "Reason19", "why", "(2", "times)"]


def test_colour_is_only_where_it_is_wanted() -> None:
    status = {"phase": "Failed", "conditions": [CONDITION]}
    assert "  Phase:       \x1b[31mFailed\x1b[0m" in told(status=status, colour=True)
    assert not any("\x1b" in line for line in told(status=status))


def test_several_descriptions_are_apart() -> None:
    assert join([["a", "b"], ["c"]]) == ["a", "b", "", "c"]
