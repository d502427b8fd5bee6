"""Where a name of a Service leads, on a machine without cluster DNS.

Manifests that people bring along say `orders.shop.svc.cluster.local`. On a cluster its DNS knows that name; on a
laptop the Service and its Endpoints are objects like any others, so they are read and the connection goes there, under
the name that was written (certificates are checked against that). Endpoints may not be on loopback, in Kubernetes as
here; a server of this machine is an ExternalName `localhost`.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from dbaas.api.core import ENDPOINTS, SERVICE
from dbaas.api.resource import Key, Kind, Resource
from dbaas.contracts.reconcile import Waiting

_NAME = re.compile(r"^(?P<service>[a-z0-9-]+)\.(?P<namespace>[a-z0-9-]+)\.svc(\.[a-z0-9.-]+)?$")


class Place(NamedTuple):
    """A host and port that this machine can reach."""

    host: str
    port: int


Find = Callable[[Kind, Key], Awaitable[Resource | None]]


class ClusterNames:
    """Asks the API by `find`, which answers None for what is not there."""

    def __init__(self, find: Find) -> None:
        self._find = find

    async def resolve(self, host: str, port: int) -> Place | None:
        """None for any other name. Raises Waiting where there is no such Service, or nothing behind it."""
        match = _NAME.match(host.lower().rstrip("."))
        if match is None:
            return None
        key = Key(match["namespace"], match["service"])
        service = await self._find(SERVICE, key)
        if service is None:
            raise Waiting(
                "ServiceNotFound",
                f"the server is called {host}, and there is no Service {key}: make it, or correct the host",
            )
        if service.spec.get("type") == "ExternalName":
            return _external(service.spec, port)
        endpoints = await self._find(ENDPOINTS, key)
        places = list(_places(service.spec, (endpoints.body().get("subsets") if endpoints else None) or (), port))
        if not places:
            raise Waiting("ServiceNotReady", f"nothing serves port {port} of Service {key}")
        return places[0]


def _external(service: Mapping[str, Any], port: int) -> Place:
    name = str(service.get("externalName", ""))
    return Place("127.0.0.1" if name == "localhost" else name, _target(service, port))


def _target(service: Mapping[str, Any], port: int) -> int:
    """Of an external name DNS tells no port; on one machine it is what tells servers apart, so `targetPort` counts."""
    targets = [each.get("targetPort") for each in service.get("ports") or () if each.get("port") == port]
    return next((target for target in targets if isinstance(target, int)), port)


def _places(service: Mapping[str, Any], subsets: Sequence[Mapping[str, Any]], port: int) -> Iterator[Place]:
    """In the order of the Endpoints. A port of the Service is found in them by its name, as DNS and proxies do."""
    named = [each.get("name", "") for each in service.get("ports") or () if each.get("port") == port]
    for subset in subsets:
        ports = [each["port"] for each in subset.get("ports") or () if each.get("name", "") in named]
        for address in subset.get("addresses") or ():
            yield from (Place(address["ip"], number) for number in ports)
