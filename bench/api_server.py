"""The embedded API server against kube-apiserver with etcd: the same requests from the same client, in turns.

32 connections, objects of 2 KB of one of our kinds, both servers durable, client and servers on the same cores.
`--quick` takes a tenth of the objects; `--alone` leaves kube-apiserver out (the figures are then not ratios).
"""

from __future__ import annotations

import contextlib
import json
import signal
import sys
import time
from collections.abc import Sequence
from typing import Any

import yaml

from _laptop import ROOT, report
from _servers import Server, start_embedded, start_kube

QUICK, ALONE = "--quick" in sys.argv, "--alone" in sys.argv
OBJECTS = 1000 if QUICK else 10000
CHANGES = 600 if QUICK else 2000
READS = 1000 if QUICK else 4000
WATCHERS, EVENTS = 50, 60 if QUICK else 200
CONNECTIONS = 32
PATIENCE_SECONDS = 30.0
LIMIT_SECONDS = 118
CREATE_SECONDS, PHASE_SECONDS = 14.0, 4.0  # of one server; a slow machine does less in that time, at the same rate
KIND = "databaseusers"
USERS = f"/apis/dbaas.io/v1/namespaces/default/{KIND}"
CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
MERGE = "application/merge-patch+json"


def main() -> None:
    signal.signal(signal.SIGALRM, lambda *_: sys.exit(f"stopped after {LIMIT_SECONDS} s"))
    signal.alarm(LIMIT_SECONDS)  # all ends in order: the servers are stopped on the way out
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(start_embedded())]
        if not ALONE:
            servers.append(stack.enter_context(start_kube()))
        for server in servers:
            _define(server)
        objects = _create(servers)
        _change(servers, objects)
        _read(servers, objects)
        _fan_out(servers, objects)


def _define(server: Server) -> None:
    """Our kind, served, in a namespace that is there."""
    definition = yaml.safe_load((ROOT / "deploy" / "crds" / f"{KIND}.dbaas.io.yaml").read_text())
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    _call(server, "POST", path, json.dumps(definition))
    deadline = time.monotonic() + PATIENCE_SECONDS
    for place in (USERS, "/api/v1/namespaces/default"):
        while True:
            try:
                _call(server, "GET", place)
                break
            except SystemExit:
                if time.monotonic() > deadline:
                    raise
    if not ALONE:
        time.sleep(1)  # kube-apiserver has just rebuilt its handlers


def _call(server: Server, method: str, path: str, body: str = "") -> float:
    """The seconds that it took."""
    limits = {"first": 0, "count": 1, "connections": 1, "limit_seconds": PATIENCE_SECONDS}
    seconds: float = server.run(method=method, path=path, body=body, **limits)["seconds"]
    return seconds


def _create(servers: Sequence[Server]) -> int:
    """How many objects of our kind there are then on each of the servers, at least."""
    name = '"metadata": {"name": "n-{n}", "labels": {"app": "shop"}, "annotations": {"note": "' + "x" * 1200 + '"}}'
    spec = '"spec": {"instanceRef": {"kind": "DatabaseCluster", "name": "main"}, "databaseRef": {"name": "db-{n}"}}'
    user = f'{{"apiVersion": "dbaas.io/v1", "kind": "DatabaseUser", {name}, {spec}}}'
    data = f'"data": {{"one": "{"x" * 1000}", "two": "{"y" * 900}"}}'
    config_map = f'{{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {{"name": "n-{{n}}"}}, {data}}}'
    create = {"method": "POST", "count": OBJECTS, "limit_seconds": CREATE_SECONDS}
    made = _rate(servers, "creates of our kind", "≥ 2 ×", path=USERS, body=user, **create)
    resident = [server.resident_mib() for server in servers]
    report(f"memory with {made} objects", *_both(resident), "MiB", "≤ 150 MiB with 10000")
    create |= {"count": CHANGES, "limit_seconds": PHASE_SECONDS}
    _rate(servers, "creates of ConfigMaps", "≥ 2 ×", path=CONFIG_MAPS, body=config_map, **create)
    return made


def _change(servers: Sequence[Server], objects: int) -> None:
    patch = {"metadata": {"annotations": {"note": "y" * 1200}, "finalizers": ["dbaas.io/bench"]}}
    path = f"{USERS}/n-{{n}}"
    change = {"method": "PATCH", "content_type": MERGE, "count": min(CHANGES, objects), "limit_seconds": PHASE_SECONDS}
    _rate(servers, "merge patches", "≥ 2 ×", path=path, body=json.dumps(patch), **change)
    _rate(servers, "status patches", "≥ 2 ×", path=f"{path}/status", body=json.dumps(_status()), **change)


def _status() -> dict[str, Any]:
    conditions = [
        {
            "type": kind,
            "status": "True",
            "reason": "Done",
            "message": "everything is as it should be",
            "lastTransitionTime": "2026-01-01T00:00:00Z",
            "observedGeneration": 1,
        }
        for kind in ("Ready", "Synced")
    ]
    return {"status": {"observedGeneration": 1, "conditions": conditions}}


def _read(servers: Sequence[Server], objects: int) -> None:
    path = f"{USERS}/n-{{n}}"
    read = {"method": "GET", "count": min(READS, objects), "limit_seconds": PHASE_SECONDS}
    _rate(servers, "quorum gets", "≥ 1.5 ×", path=path, **read)
    _rate(servers, "cached gets", "≥ 1.5 ×", path=f"{path}?resourceVersion=0", **read)
    seconds = [min(_call(server, "GET", USERS) for _ in range(3)) for server in servers]
    report(f"list of {objects}", *_both(seconds), "s", "≤ 0.3 s for 10000")


def _fan_out(servers: Sequence[Server], objects: int) -> None:
    job = {"watch": USERS, "watchers": WATCHERS, "path": f"{USERS}/n-{{n}}", "connections": 4}
    found = [server.run(count=min(EVENTS, objects), **job) for server in servers]
    rates = [each["events"] / each["seconds"] for each in found]
    report(f"events to {WATCHERS} watchers", *_both(rates), "/s", "≥ 1 ×")
    report(f"delay to {WATCHERS} watchers, p99", *_both([each["p99_ms"] for each in found]), "ms", "≤ 1 ×")


def _rate(servers: Sequence[Server], what: str, wanted: str, **job: Any) -> int:
    """The fewest requests that any of the servers has answered."""
    rates: list[float] = []
    costs: list[float] = []
    counts: list[int] = []
    busy = 0.0
    for server in servers:
        before = server.processor_seconds()
        found = server.run(first=0, connections=CONNECTIONS, **job)
        costs.append((server.processor_seconds() - before) / found["count"] * 1000)
        rates.append(found["count"] / found["seconds"])
        counts.append(found["count"])
        busy = max(busy, found["busy"])
    shown = " against ".join(f"{cost:.2f} ms" for cost in costs)
    report(f"{what} ({shown} of processor each; client {busy:.0%} of a core)", *_both(rates), "/s", wanted)
    return min(counts)


def _both(figures: Sequence[float]) -> tuple[float, float]:
    """Ours and theirs; 0 for theirs where they do not run."""
    return (figures[0], figures[1] if len(figures) > 1 else 0.0)


if __name__ == "__main__":
    main()
