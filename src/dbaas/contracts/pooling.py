"""A pooler: a program before a cluster's servers that clients connect to instead.

It lets in whoever the server would let in. For that it has a login of its own that can do nothing but ask for what a
login is proven by; what must be on the server for that, the engine knows.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dbaas.contracts.provider import Instance, SecretKey, ServerImage
from dbaas.contracts.statement import Statement

SERVER_HOST, SERVER_PORT = "$(SERVER_HOST)", "$(SERVER_PORT)"
"""What stands in its files for where the server is that takes writes."""

Prepare = Callable[[Any], Awaitable[Sequence[Statement] | None]]
"""With a session of ours in the administrative database: what poolers miss on the server; None as long as they have no
login there. Only looks. Raises EngineError."""


@dataclass(frozen=True)
class Pooler:
    """`instance` is one of them; its first port is for clients, and `program` the name of the program that it needs.

    `login` is the password of its user (by `pooler_login`), and `user` the spec of that DatabaseUser, without its
    server and its Secret. `image` has the program, for a provider that runs containers. `strict` is the instance that
    leads nowhere but to a server that proves who it is by the cluster's `ca.crt`; None where it need not.
    """

    instance: Instance
    program: str
    login: SecretKey
    user: Mapping[str, Any]
    image: ServerImage
    strict: Instance | None = None

    def leading_to(self, host: str, port: int) -> Instance:
        """The instance whose files say where the server is."""
        places = {SERVER_HOST: host, SERVER_PORT: str(port)}
        files = tuple(
            replace(file, content=_fill(file.content, places)) if file.content is not None else file
            for file in self.instance.files
        )
        return replace(self.instance, files=files)


@dataclass(frozen=True)
class PoolerFacts:
    """How the pooler is; `endpoint` is `host:port` for clients, empty until there is one.

    `message` is why not all of them serve as they are wanted, where that is so. `is_rolling`: some that serve are as
    they were wanted before.
    """

    replicas: int = 0
    ready_replicas: int = 0
    endpoint: str = ""
    message: str = ""
    is_rolling: bool = False

    @property
    def is_whole(self) -> bool:
        """All of them serve, as they are wanted."""
        return 0 < self.replicas == self.ready_replicas and not self.is_rolling


def pooler_login(cluster: str) -> SecretKey:
    """Where the password of the pooler's user is; that DatabaseUser has the name of the Secret."""
    return SecretKey(f"{cluster}-pooler", "password")


def _fill(text: str, places: Mapping[str, str]) -> str:
    for name, value in places.items():
        text = text.replace(name, value)
    return text
