"""Actions of a cluster's provider: what is to be written now is written, and told how far it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from dbaas.api.core import SECRET
from dbaas.api.resource import Key, Resource
from dbaas.contracts.action import CONTROL_KEY, SWITCHOVER, Call, Caller, Move, Task, Write, call_nobody
from dbaas.contracts.client import Client
from dbaas.contracts.provider import Provider
from dbaas.contracts.reconcile import Refused
from dbaas.controllers.cluster.witnesses import find_labelled
from dbaas.manifests.secrets import read_values

TRY_AGAIN_SECONDS = 60.0
"""How soon a primary is asked anew to hand over that could not."""


class Acting:
    """One for all clusters. What has begun is known by its mark in the API, so whoever asks again goes on with it."""

    def __init__(self, client: Client, caller: Caller = call_nobody) -> None:
        self._client = client
        self._caller = caller

    async def look(self, cluster: Resource, provider: Provider, action: str, task: Task) -> Move:
        """Writes nothing. Raises Refused where it cannot be done, or has failed."""
        kinds = (*provider.kinds, *provider.witnesses)
        found = await find_labelled(self._client, cluster, kinds, fresh=True)
        return provider.actions[action](cluster, task, found)

    async def advance(self, cluster: Resource, provider: Provider, action: str, task: Task) -> Move:
        """Raises Refused likewise, and WriteConflict where somebody has written in between."""
        move = await self.look(cluster, provider, action, task)
        for write in move.writes:
            await self._make(write)
        told = [await self._call(cluster, call) for call in move.calls]
        return replace(move, waits="; ".join(filter(None, [move.waits, *told])))

    async def hand_over(
        self, cluster: Resource, provider: Provider, now: datetime, successor: str, primary: str = ""
    ) -> str:
        """Asks for a switchover of ours, once for each generation and span of time. Why it is refused, if it is."""
        attempt = int(now.timestamp() // TRY_AGAIN_SECONDS)
        mark = f"{cluster.metadata.uid}-{cluster.metadata.generation}-{attempt}"
        try:
            await self.advance(cluster, provider, SWITCHOVER, Task(mark, successor, primary))
        except Refused as refused:
            return refused.message
        return ""

    async def _call(self, cluster: Resource, call: Call) -> str:
        key = Key(cluster.metadata.namespace, f"{cluster.metadata.name}-credentials")
        secret = await self._client.get(SECRET, key)
        password = read_values(secret).get(CONTROL_KEY) if secret is not None else None
        return await self._caller(call, password) if password is not None else f"Secret {key} has no {CONTROL_KEY}"

    async def _make(self, write: Write) -> None:
        there = write.there
        if write.patch is None:
            await self._client.delete(there.kind, there.key, uid=there.metadata.uid)
        else:
            version = there.metadata.resourceVersion
            await self._client.patch(there.kind, there.key, write.patch, version=version)
