"""From an instance to its lane: the address from its spec, the login from its Secret."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from dbaas.api.core import SECRET
from dbaas.api.instance import DatabaseInstance, DatabaseInstanceSpec
from dbaas.api.resource import Key, Kind, Resource, is_paused
from dbaas.contracts.action import Caller, call_nobody
from dbaas.contracts.client import Client
from dbaas.contracts.engine import Address, Engine, Tls
from dbaas.contracts.lane import Lane, Lanes
from dbaas.contracts.reconcile import Refused, Waiting
from dbaas.contracts.registry import Registry
from dbaas.controllers.cluster_names import ClusterNames, Find
from dbaas.controllers.logins import Logins, secrets_of
from dbaas.core.secrets import Secret


@dataclass(frozen=True)
class Server:
    """A DatabaseInstance or ClusterDatabaseInstance, read."""

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


def choose_names(find: Find, *, no_dns: bool) -> ClusterNames | None:
    """What looks names of Services up where no DNS knows them; None where one does."""
    return ClusterNames(find) if no_dns else None


Versions = Callable[[Kind, Key], str]
"""In which version an object is known, as a watch has told; empty where nothing is known of it."""


def know_nothing(kind: Kind, key: Key) -> str:
    """Where nobody watches."""
    return ""


@dataclass(frozen=True)
class _Login:
    """What Secrets said of a server in these versions, which are those of the instance and of each Secret."""

    versions: tuple[str, ...]
    username: Secret
    password: Secret
    tls: Tls


class Servers:
    """Opens lanes; each key is opened by one caller at a time. `names` where no DNS resolves those of Services.

    Every probe asks where a server is. Its Secrets are read again only when `versions` says that they are others.
    `caller` asks instances of clusters by HTTP.
    """

    def __init__(
        self,
        client: Client,
        lanes: Lanes,
        names: ClusterNames | None = None,
        versions: Versions = know_nothing,
        caller: Caller = call_nobody,
    ) -> None:
        self.caller = caller
        self._logins = Logins(client)
        self._names = names
        self._lanes = lanes
        self._versions = versions
        self._read: dict[Key, _Login] = {}
        self._opening: dict[str, asyncio.Lock] = {}
        self._opened: dict[Key, tuple[str, int]] = {}

    async def open(self, server: Server) -> Lane:
        """The lane to where the spec and the Secret point now. Raises Waiting where there is no login."""
        address = await self.find_address(server)
        lane = self._lanes.open(server.lane_key, server.engine, address, server.spec.max_connections)
        self._opened[server.key] = (address.host, address.port)
        return lane

    def join(self, server: Key, identity: str) -> Lane:
        """The lane to use from now on, once it is known which server it is; it must be open."""
        return self._lanes.join(str(server), identity)

    def find(self, server: Key) -> Lane | None:
        """The lane there is."""
        return self._lanes.get(str(server))

    async def reach(self, server: Server) -> Lane:
        """The lane there is; opened where there is none, as after a start.

        Raises Waiting while it leads to where the spec pointed before: what is done there is done to another server.
        """
        lane = self._lanes.get(server.lane_key)
        if lane is None:
            async with self._opening.setdefault(server.lane_key, asyncio.Lock()):
                lane = self._lanes.get(server.lane_key) or await self.open(server)
        place = (server.spec.connection.host, server.spec.connection.port)
        if self._opened.get(server.key, place) != place:
            why = f"{server.resource} points to {place[0]}:{place[1]} now, which was not asked yet"
            raise Waiting("InstanceNotReady", f"{why}, because it is paused" if is_paused(server.resource) else why)
        return lane

    async def close(self, server: Key) -> None:
        self._opening.pop(str(server), None)
        self._opened.pop(server, None)
        self.forget_login(server)
        await self._lanes.close(str(server))

    def forget_login(self, server: Key) -> None:
        """It did not do: whatever a watch has told, the next one is read."""
        self._read.pop(server, None)

    async def find_address(self, server: Server) -> Address:
        """Raises Waiting where the Secret or one of its keys is missing, or a Service that is named."""
        connection = server.spec.connection
        via = await self._names.resolve(connection.host, connection.port) if self._names else None
        login = await self._find_login(server)
        return Address(
            host=connection.host,
            port=connection.port,
            username=login.username.reveal(),
            password=login.password,
            database=connection.database or server.engine.default_database,
            options=server.spec.block(server.engine.name),
            parameters=connection.options,
            tls=login.tls,
            via=via,
        )

    async def _find_login(self, server: Server) -> _Login:
        versions = self._find_versions(server)
        known = self._read.get(server.key)
        if known is not None and known.versions == versions:
            return known
        username, password = await self._logins.read(server.key, server.spec)
        login = _Login(versions, username, password, await self._logins.read_tls(server.key, server.spec))
        if versions:
            self._read[server.key] = login
        return login

    def _find_versions(self, server: Server) -> tuple[str, ...]:
        """Empty where one of them is not known; read before the Secrets are, so that they are never older."""
        metadata = server.resource.metadata
        secrets = [self._versions(SECRET, key) for key in secrets_of(server.key, server.spec)]
        return (metadata.uid, str(metadata.generation), *secrets) if secrets and all(secrets) else ()
