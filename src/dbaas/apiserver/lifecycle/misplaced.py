"""Tells of owners that are in another namespace than their dependents, where nobody can own anything.

Source: the graph builder of kube-controller-manager's garbage collector.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from dbaas.apiserver.lifecycle.access import Access, LifecycleError
from dbaas.apiserver.resources import Resource
from dbaas.apiserver.store import Entry
from dbaas.core.clock import Clock, format_time

COMPONENT = "garbage-collector-controller"
NAME_LENGTH = 200  # of the dependent's, in the name of an event
REASON = "OwnerRefInvalidNamespace"


class MisplacedOwners:
    """One event about each dependent and owner."""

    def __init__(self, access: Access, clock: Clock) -> None:
        self._access = access
        self._clock = clock
        self._namespaces: dict[str, str] = {}  # by uid: where each object is that could be an owner
        self._told: dict[str, set[str]] = {}  # by the dependent's uid: the owners that were told of

    def learn(self, entry: Entry) -> None:
        if entry.namespace:
            self._namespaces[entry.uid] = entry.namespace

    def forget(self, entry: Entry) -> None:
        self._namespaces.pop(entry.uid, None)
        self._told.pop(entry.uid, None)

    async def check(self, resource: Resource, entry: Entry, owner: Mapping[str, Any]) -> None:
        """Tells of the owner if it is elsewhere."""
        if self._namespaces.get(owner["uid"], entry.namespace) == entry.namespace:
            return
        told = self._told.setdefault(entry.uid, set())
        if owner["uid"] in told:
            return
        told.add(owner["uid"])
        namespace = entry.namespace or "default"
        with suppress(LifecycleError):  # in a namespace that is being deleted nobody needs to know
            event = self._describe(resource, entry, owner, namespace)
            await self._access.create(f"/api/v1/namespaces/{namespace}/events", event)

    def _describe(self, resource: Resource, entry: Entry, owner: Mapping[str, Any], namespace: str) -> dict[str, Any]:
        time = format_time(self._clock.now())
        named = f"name: {owner['name']}, uid: {owner['uid']}"
        wanted = f"[{owner['apiVersion']}/{owner['kind']}, namespace: {entry.namespace}, {named}]"
        about = {"apiVersion": resource.api_version, "kind": resource.kind, "name": entry.name, "uid": entry.uid}
        return {
            "metadata": {"name": f"{entry.name[:NAME_LENGTH]}.{owner['uid']}", "namespace": namespace},
            "involvedObject": {**about, "namespace": entry.namespace} if entry.namespace else about,
            "type": "Warning",
            "reason": REASON,
            "message": f'ownerRef {wanted} does not exist in namespace "{entry.namespace}"',
            "source": {"component": COMPONENT},
            "reportingComponent": COMPONENT,
            "count": 1,
            "firstTimestamp": time,
            "lastTimestamp": time,
        }
