"""Reading the conditions of objects."""

from __future__ import annotations

from typing import Any

from dbaas.api.conditions import read_condition
from dbaas.api.resource import Resource

OF_THE_RUNTIME = frozenset({"observedGeneration", "phase", "message", "conditions"})
READY = "Ready"
CONNECTED = "Connected"


def is_ready(resource: Resource) -> bool:
    return bool(read_condition(resource, READY).get("status") == "True")


def is_connected(instance: Resource) -> bool:
    """Whether a DatabaseInstance answers; it may be held by others on its way out, and then it is not Ready."""
    return bool(read_condition(instance, CONNECTED).get("status") == "True")


def ready_reason(resource: Resource) -> str:
    return str(read_condition(resource, READY).get("reason", ""))


def ready_message(resource: Resource) -> str:
    return str(read_condition(resource, READY).get("message", ""))


def has_seen_spec(resource: Resource) -> bool:
    """Whether the status speaks of the spec as it is now."""
    return bool(resource.status.get("observedGeneration") == resource.metadata.generation)


def own_status(resource: Resource) -> dict[str, Any]:
    """The status without what the runtime writes: to be kept where an outcome adds nothing of its own."""
    return {name: value for name, value in resource.status.items() if name not in OF_THE_RUNTIME}
