"""All objects that live on servers, read once: for commands that look at a whole server."""

from __future__ import annotations

from collections.abc import Collection

from dbaas.api.instance import CLUSTER_DATABASE_INSTANCE, DATABASE_INSTANCE, INSTANCE_KINDS
from dbaas.api.resource import Key, Resource
from dbaas.contracts.client import Client
from dbaas.contracts.reconcile import Refused
from dbaas.contracts.registry import Registry
from dbaas.controllers.managed.overlay import Overlay
from dbaas.controllers.managed.records import MANAGED
from dbaas.controllers.servers import Server, read_server

NOT_FOUND = "NotFound"


class Snapshot(Overlay):
    """Answers from what was read; other kinds are read when they are asked for."""

    def __init__(self, client: Client, resources: Collection[Resource]) -> None:
        super().__init__(client, resources)
        self.resources = tuple(resources)

    async def find_instance(self, registry: Registry, namespace: str, name: str) -> Server:
        """The DatabaseInstance of that name, else the ClusterDatabaseInstance. Raises Refused."""
        for kind, key in ((DATABASE_INSTANCE, Key(namespace, name)), (CLUSTER_DATABASE_INSTANCE, Key("", name))):
            found = await self.get(kind, key)
            if found is not None:
                return read_server(found, registry)
        text = f"there is no DatabaseInstance {namespace}/{name} and no ClusterDatabaseInstance {name}"
        raise Refused(NOT_FOUND, text)

    def same_servers(self, server: Server) -> frozenset[Key]:
        """Itself, and other instances that are the same server under another address, as far as that is known."""
        identity = server.resource.status.get("identity")
        others = (each for each in self.resources if each.kind in INSTANCE_KINDS and identity)
        return frozenset({server.key, *(each.key for each in others if each.status.get("identity") == identity)})


async def take_snapshot(client: Client) -> Snapshot:
    """One list for each kind, however many objects there are."""
    return Snapshot(client, [each for kind in (*MANAGED, *INSTANCE_KINDS) for each in await client.list(kind)])
