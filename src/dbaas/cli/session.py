"""One run of a command: the target, a client for it, the terminal, and how its end becomes an exit code."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dbaas.api.resource import Key, Kind, Resource
from dbaas.cli.kinds import KindIndex, discover
from dbaas.cli.options import NamespaceOptions, TargetOptions
from dbaas.cli.targets import Target, select_target
from dbaas.cli.terminal import Terminal, open_terminal
from dbaas.contracts.client import NotFound
from dbaas.contracts.transport import Transport
from dbaas.core.clock import Clock, SystemClock
from dbaas.core.randomness import SystemRandomness
from dbaas.kube.retries import RetryingTransport
from dbaas.kube.verbs import RestClient, Writing

if TYPE_CHECKING:
    from dbaas.kube.http import HttpTransport
    from dbaas.kube.light import LightTransport

FIELD_MANAGER = "dbaas-apply"


@dataclass
class Session:
    """What a command works with. `namespace` is the one that counts where an object names none."""

    target: Target
    transport: Transport
    terminal: Terminal
    clock: Clock
    namespace: str = "default"
    _kinds: KindIndex | None = field(default=None, repr=False)

    @property
    def rest(self) -> RestClient:
        return self.writer()

    def writer(self, *, dry_run: bool = False) -> RestClient:
        """Writes in the name of the command line; unknown fields are refused, warnings shown."""
        writing = Writing(FIELD_MANAGER, dry_run=dry_run, validation="Strict", warn=self._warn)
        return RestClient(self.transport, writing)

    async def kinds(self) -> KindIndex:
        if self._kinds is None:
            self._kinds = await discover(self.rest)
        return self._kinds

    async def find(self, kind: Kind, key: Key) -> Resource | None:
        """None where it does not exist, or its kind does not."""
        try:
            return await self.rest.get(kind, key)
        except NotFound:
            return None

    def show_target(self) -> None:
        self.terminal.remark(self.terminal.style(f"target: {self.target.name}", None))

    def _warn(self, text: str) -> None:
        self.terminal.remark(f"warning: {text}")


Work = Callable[[Session], Coroutine[Any, Any, None]]


def run_on_target(options: TargetOptions, work: Work, *, show_target: bool = True) -> None:
    """Selects the target, opens a connection, works, closes."""
    target = select_target(options, os.environ)
    asyncio.run(_run(options, target, work, show_target))


def _open_transport(target: Target, clock: Clock) -> LightTransport | HttpTransport:
    """The one that starts quickly, where it can reach the server."""
    if target.access.proxy:
        from dbaas.kube.http import HttpTransport

        return HttpTransport(target.access, clock)
    from dbaas.kube.light import LightTransport

    return LightTransport(target.access, clock)


async def _run(options: TargetOptions, target: Target, work: Work, show_target: bool) -> None:
    clock = SystemClock()
    transport = _open_transport(target, clock)
    namespace = options.namespace if isinstance(options, NamespaceOptions) else ""
    patient = RetryingTransport(transport, clock, SystemRandomness(), repeats_lost=False)
    session = Session(target, patient, open_terminal(os.environ), clock, namespace or target.access.namespace)
    if show_target:
        session.show_target()
    try:
        await work(session)
    finally:
        await transport.close()
