"""Tests of `runtime.fleet`: the state of the fleet, as property 32 of the runtime wants it."""

from __future__ import annotations

from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from dbaas.api.resource import Key, Resource
from dbaas.runtime.cache import Cache
from dbaas.runtime.fleet import FleetCollector, read_readiness
from fixtures.resources import GADGET, gadget


def _ready(status: str, reason: str) -> dict[str, Any]:
    conditions = [{"type": "Synced", "status": "False"}, {"type": "Ready", "status": status, "reason": reason}]
    return {"conditions": conditions}


def test_objects_are_counted_by_readiness_and_reason_whenever_somebody_asks() -> None:
    cache, registry = Cache(GADGET), CollectorRegistry()
    registry.register(FleetCollector(lambda: [cache]))

    def count(ready: str, reason: str) -> float | None:
        return registry.get_sample_value("dbaas_objects", {"kind": GADGET.resource, "ready": ready, "reason": reason})

    for number, (status, reason) in enumerate((("True", "Fine"), ("True", "Fine"), ("False", "Stuck"))):
        cache.observe(gadget(f"g{number}", number + 1, status=_ready(status, reason)))
    cache.observe(gadget("new", 4))
    assert (count("True", "Fine"), count("False", "Stuck"), count("Unknown", "")) == (2, 1, 1)
    cache.observe(gadget("g2", 5, status=_ready("True", "Fine")))
    cache.remove(Key("default", "g0"), "uid-g0", "6")
    assert (count("True", "Fine"), count("False", "Stuck")) == (2, None)


@pytest.mark.parametrize(
    "raw",
    [b"{}", b'{"status":null}', b'{"status":{}}', b'{"status":{"conditions":null}}', b'{"status":{"conditions":[]}}',
     b'{"status":{"conditions":[{"status":"True"}]}}', b'{"status":{"conditions":"?"}}', b"?"],
)  # fmt: skip
def test_what_has_not_said_whether_it_is_ready_is_unknown(raw: bytes) -> None:
    known = gadget()
    assert read_readiness(Resource(GADGET, known.metadata, raw)) == ("Unknown", "")
