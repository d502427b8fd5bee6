"""Keeps the Secret with an administrative login while a namespace is being deleted, until nobody there needs it.

A namespace takes everything in it away at the same time, and what shall be dropped on a server can be dropped only with
its login. In all other cases a Secret goes as soon as somebody deletes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from dbaas.api.core import NAMESPACE, SECRET
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import GROUP, Key, Resource
from dbaas.contracts.client import Client, NotFound
from dbaas.contracts.reconcile import Controller, Outcome, token_of
from dbaas.controllers.finalizers import hold, is_held, let_go
from dbaas.controllers.holding import namespace_is_going
from dbaas.controllers.logins import secrets_of
from dbaas.controllers.servers import Server
from dbaas.controllers.tokens import logs_in_by

LOGIN_FINALIZER = f"{GROUP}/login"


class LoginSecrets:
    """Holds the Secrets of the instances of a namespace; those of instances without one are held by nothing."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._held: dict[Key, frozenset[Key]] = {}

    async def hold(self, server: Server) -> None:
        """Once for each login that was found to work. Raises WriteConflict where somebody wrote in between."""
        if not server.key.namespace:
            return
        wanted = frozenset(secrets_of(server.key, server.spec))
        for key in sorted(wanted - self._held.get(server.key, frozenset())):
            secret = await self._client.get(SECRET, key)
            if secret is not None and not secret.metadata.is_deleting:
                await hold(self._client, secret, LOGIN_FINALIZER)
        self._held[server.key] = wanted

    def forget(self, server: Key) -> None:
        """What it was: it may be another Secret of that name by now."""
        self._held.pop(server, None)


class LoginSecretController:
    """Lets a Secret that is being deleted go."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def build(self) -> Controller:
        """The controller for the runtime."""
        return Controller(SECRET, self.reconcile, references=_refer, refers_to=(NAMESPACE,))

    async def reconcile(self, secret: Resource) -> Outcome:
        """Writes nothing but the finalizer."""
        if _is_leaving(secret) and not await self._is_needed(secret):
            with suppress(NotFound):  # somebody else was faster
                await let_go(self._client, secret, LOGIN_FINALIZER)
        return Outcome(gone=True)

    async def _is_needed(self, secret: Resource) -> bool:
        if not await namespace_is_going(self._client, secret.metadata.namespace):
            return False
        return bool(await self._client.list(DATABASE_INSTANCE, token=logs_in_by(secret.key)))


def _refer(secret: Resource) -> Iterable[str]:
    """While it is on its way out, the instances that still need it."""
    if _is_leaving(secret):
        yield logs_in_by(secret.key)
        yield token_of(NAMESPACE, Key("", secret.metadata.namespace))


def _is_leaving(secret: Resource) -> bool:
    return secret.metadata.is_deleting and is_held(secret, LOGIN_FINALIZER)
