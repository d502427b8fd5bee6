"""A change that would restart a server waits for its window, on a real one."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from dbaas.core.clock import SystemClock
from e2e.conftest import Laptop, eventually

pytestmark = [pytest.mark.real_server, pytest.mark.slow]


def cluster(connections: str, **maintenance: Any) -> str:
    spec = {
        "engine": {"type": "postgresql", "version": "18"},
        "clusterSize": 1,
        "config": [
            {"name": "max_connections", "value": connections},
            {"name": "work_mem", "value": f"{connections}MB"},
        ],
        **({"maintenance": maintenance} if maintenance else {}),
    }
    return json.dumps(
        {"apiVersion": "dbaas.io/v1", "kind": "DatabaseCluster", "metadata": {"name": "main"}, "spec": spec}
    )


def in_two_days() -> dict[str, Any]:
    day = (SystemClock().now() + timedelta(days=2)).isoweekday() % 7
    return {"dayOfWeek": day, "startTime": "12:00", "duration": "1h"}


def test_a_restart_waits_for_its_window_and_is_told_meanwhile(laptop: Laptop) -> None:
    laptop.do("up", "-d")
    laptop.do("apply", "-f", "-", "--wait", "--timeout", "60s", text=cluster("50"))
    first = laptop.read("process", "main")["status"]["pid"]
    laptop.do("apply", "-f", "-", "--wait", text=cluster("60", windows=[in_two_days()]))
    (pending,) = laptop.read("cluster", "main")["status"]["pending"]
    assert pending["change"] == "restart of main for settings-restart.conf"
    assert pending["until"].endswith("T12:00:00Z")
    assert "a change waits: maintenance window of" in laptop.do("describe", "cluster", "main")
    eventually(lambda: laptop.sql("SHOW work_mem") == [("60MB",)])
    assert laptop.sql("SHOW max_connections") == [("50",)]
    assert laptop.read("process", "main")["status"]["pid"] == first
    today = {"dayOfWeek": SystemClock().now().isoweekday() % 7, "startTime": "00:00", "duration": "7d"}
    laptop.do("apply", "-f", "-", text=cluster("60", windows=[in_two_days(), today]))
    eventually(lambda: laptop.read("process", "main")["status"].get("pid") not in (first, None))
    laptop.do("wait", "all", "--timeout", "60s")
    assert laptop.sql("SHOW max_connections") == [("60",)]
    assert not laptop.read("cluster", "main")["status"].get("pending")
