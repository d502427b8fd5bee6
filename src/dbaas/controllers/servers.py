"""From a DatabaseInstance to its lane: the address from its spec, the login from its Secret."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from dbaas.api.core import SECRET
from dbaas.api.instance import DatabaseInstance, DatabaseInstanceSpec
from dbaas.api.references import CredentialsReference
from dbaas.api.resource import Key, Resource
from dbaas.contracts.client import Client
from dbaas.contracts.engine import Address, Engine
from dbaas.contracts.lane import Lane, Lanes
from dbaas.contracts.reconcile import Refused, Waiting
from dbaas.contracts.registry import Registry
from dbaas.core.secrets import Secret
from dbaas.manifests.secrets import read_values


@dataclass(frozen=True)
class Server:
    """A DatabaseInstance, read."""

    resource: Resource
    spec: DatabaseInstanceSpec
    engine: Engine

    @property
    def key(self) -> Key:
        return self.resource.key

    @property
    def lane_key(self) -> str:
        return str(self.key)


def read_server(resource: Resource, registry: Registry) -> Server:
    """Raises Refused where its engine is not known here."""
    spec = DatabaseInstance.model_validate(resource.body()).spec
    engine = registry.engine(spec.engine)
    if engine is None:
        known = ", ".join(sorted(registry.engines)) or "none"
        raise Refused("UnknownEngine", f"no engine is called {spec.engine!r}; there are: {known}")
    return Server(resource, spec, engine)


class Servers:
    """Opens lanes; each key is opened by one caller at a time."""

    def __init__(self, client: Client, lanes: Lanes) -> None:
        self._client = client
        self._lanes = lanes
        self._opening: dict[str, asyncio.Lock] = {}

    async def open(self, server: Server) -> Lane:
        """The lane to where the spec and the Secret point now. Raises Waiting where there is no login."""
        address = await self.find_address(server)
        return self._lanes.open(server.lane_key, server.engine, address, server.spec.max_connections)

    async def reach(self, server: Server) -> Lane:
        """The lane there is; opened where there is none, as after a start."""
        lane = self._lanes.get(server.lane_key)
        if lane is not None:
            return lane
        async with self._opening.setdefault(server.lane_key, asyncio.Lock()):
            return self._lanes.get(server.lane_key) or await self.open(server)

    async def close(self, server: Key) -> None:
        self._opening.pop(str(server), None)
        await self._lanes.close(str(server))

    async def find_address(self, server: Server) -> Address:
        """Raises Waiting where the Secret or one of its keys is missing."""
        connection = server.spec.connection
        username, password = await self._read_login(server.key.namespace, connection.secret_ref)
        return Address(
            host=connection.host,
            port=connection.port,
            username=username.reveal(),
            password=password,
            database=connection.database or server.engine.default_database,
            options=server.spec.block(server.engine.name),
        )

    async def _read_login(self, namespace: str, reference: CredentialsReference) -> tuple[Secret, Secret]:
        key = Key(namespace, reference.name)
        secret = await self._client.get(SECRET, key)
        if secret is None:
            raise Waiting("SecretNotFound", f"Secret {key} does not exist")
        values = read_values(secret)
        missing = [name for name in (reference.keys.username, reference.keys.password) if name not in values]
        if missing:
            raise Waiting("SecretInvalid", f"Secret {key} has no key {' and no key '.join(map(repr, missing))}")
        return values[reference.keys.username], values[reference.keys.password]
