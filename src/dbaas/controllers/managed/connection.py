"""The connection Secret of a database: the login of its owner, or of the user that comes along with it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dbaas.api.core import SECRET
from dbaas.api.database import ConnectionSecret, DatabaseStatus, PublishedConnection
from dbaas.api.resource import Key, Resource
from dbaas.api.user import DATABASE_USER, PasswordSecret
from dbaas.contracts.client import Client
from dbaas.contracts.reconcile import Condition, Outcome
from dbaas.controllers.managed.access import Access
from dbaas.controllers.managed.credentials import build_values
from dbaas.controllers.managed.kinds import ROLE, Subject, read_subject
from dbaas.controllers.managed.publishing import Publishing, build_shape, password_key
from dbaas.controllers.managed.records import MANAGED
from dbaas.controllers.managed.resolution import Resolved
from dbaas.controllers.tokens import claims
from dbaas.core.secrets import Secret
from dbaas.manifests.secrets import read_values

NO_LOGIN = "OwnerHasNoLogin"


@dataclass(frozen=True)
class Connection:
    """The Secret and what it was made from; `failure`: why there is none."""

    published: PublishedConnection | None = None
    failure: Condition | None = None


class ConnectionStep:
    """Makes the Secret true; it is healed when it is deleted, and follows the password of the login."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._publishing = Publishing(client)

    async def settle(self, resolved: Resolved, access: Access, owner: str | None) -> Connection:
        """`owner` is the role that owns the database. Raises Refused where a Secret of that name is not ours."""
        subject = resolved.subject
        wanted = subject.kind.connection(subject.spec)
        if wanted is None:
            return Connection()
        login = await self._find_login(resolved, owner)
        source = str(((login.status if login else {}).get("secret") or {}).get("name", ""))
        namespace = subject.resource.metadata.namespace
        secret = await self._client.get(SECRET, Key(namespace, source)) if source else None
        if login is None or secret is None:
            return Connection(failure=_explain(owner, namespace))
        return Connection(await self._publish(resolved, access, wanted, login, secret))

    async def _find_login(self, resolved: Resolved, owner: str | None) -> Resource | None:
        """The DatabaseUser in the database's own namespace: no password leaves the namespace it is in."""
        resource = resolved.subject.resource
        along = await self._client.get(DATABASE_USER, Key(resource.metadata.namespace, f"{resource.metadata.name}-app"))
        if along is not None and along.metadata.owner is not None and along.metadata.owner.uid == resource.metadata.uid:
            return along
        if owner is None:
            return None
        found = await self._client.list(DATABASE_USER, token=claims(resolved.server.key, ROLE, owner))
        here = [each for each in found if each.metadata.namespace == resource.metadata.namespace]
        return min(here, key=lambda each: (each.metadata.creationTimestamp, each.metadata.uid), default=None)

    async def _publish(
        self, resolved: Resolved, access: Access, wanted: ConnectionSecret, login: Resource, secret: Resource
    ) -> PublishedConnection:
        resource = resolved.subject.resource
        key = Key(resource.metadata.namespace, wanted.name or resource.metadata.name)
        username = MANAGED[DATABASE_USER].real_name(read_subject(MANAGED[DATABASE_USER], login).spec) or ""
        password = read_values(secret).get(password_key(secret), Secret(""))
        engine, database = access.server.engine, resolved.references.database or ""
        usual = build_values(engine, access.lane.address, username, password, database)
        shape = build_shape(PasswordSecret(secret_template=wanted.template), usual, key)
        found = await self._publishing.find(resource, key)
        if found is None:
            await self._publishing.create(resource, key, shape)
            self._client.event(resource, "Normal", "SecretCreated", f"the login of {username!r} is in Secret {key}")
        else:
            await self._publishing.update(resource, found, shape, usual)
        return PublishedConnection(name=key.name, source=secret.key.name)


def with_connection(outcome: Outcome, connection: Connection) -> Outcome:
    """The status with the Secret; without a login for it the object is not Ready."""
    if connection.published is not None:
        published = connection.published.model_dump(by_alias=True)
        return replace(outcome, status={**outcome.status, "connectionSecret": published})
    is_ready = all(each.status == "True" for each in outcome.conditions if each.type == "Ready")
    if connection.failure is None or not is_ready:
        return outcome
    others = [each for each in outcome.conditions if each.type != "Ready"]
    return replace(outcome, conditions=[connection.failure, *others], phase="Failed")


def read_connection(subject: Subject) -> PublishedConnection | None:
    """As the status knows it."""
    return subject.status.connection_secret if isinstance(subject.status, DatabaseStatus) else None


def _explain(owner: str | None, namespace: str) -> Condition:
    who = f"role {owner!r}" if owner is not None else "our own login"
    message = (
        f"connectionSecret needs a login, and the database belongs to {who}, for whom no DatabaseUser in namespace "
        f"{namespace!r} has a Secret: make one, or leave connectionSecret out"
    )
    return Condition("Ready", "False", NO_LOGIN, message)
