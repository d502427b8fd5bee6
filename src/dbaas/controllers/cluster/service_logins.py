"""The logins of what runs beside a cluster's servers, exporter and pooler: each a DatabaseUser with few rights.

Its Secret is there before what reads it is started, and therefore before the server that will know the user: we make
it, owned by the user's object, whose controller takes the password from it, completes it and keeps both equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dbaas.api.core import SECRET
from dbaas.api.resource import Key, Resource
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.client import AlreadyExists, Client
from dbaas.contracts.exporting import exporter_login
from dbaas.contracts.pooling import pooler_login
from dbaas.contracts.provider import SecretKey
from dbaas.contracts.reconcile import Conflict, Refused
from dbaas.controllers.cluster.credentials import RULES
from dbaas.controllers.cluster.subject import Cluster
from dbaas.core.randomness import Randomness
from dbaas.core.secrets import generate_password
from dbaas.manifests.metadata import build_metadata, cluster_labels, is_controlled_by
from dbaas.manifests.secrets import build_secret

User = Mapping[str, Any]
"""The spec of a DatabaseUser, without its server and its Secret."""


class ServiceLogins:
    """Keeps the logins of one cluster after another."""

    def __init__(self, client: Client, randomness: Randomness) -> None:
        self._client = client
        self._randomness = randomness

    async def keep(self, cluster: Cluster) -> None:
        """There where they are needed, dropped where they are not. Raises Refused where a name is taken."""
        for login, user in _find_users(cluster).items():
            await self._keep(cluster, login, user)

    async def _keep(self, cluster: Cluster, login: SecretKey, user: User | None) -> None:
        key = Key(cluster.key.namespace, login.name)
        found = await self._client.get(DATABASE_USER, key)
        is_ours = found is not None and is_controlled_by(found, cluster.resource)
        if user is None:
            if found is not None and is_ours and not found.metadata.is_deleting:
                await self._client.delete(DATABASE_USER, found.key, uid=found.metadata.uid)
            return
        if found is not None and not is_ours:
            raise Refused(
                "ChildNotOurs",
                f"{DATABASE_USER} {found.key} exists and does not belong to this cluster: rename or delete it, or "
                "give the cluster another name",
            )
        if found is None or not found.metadata.is_deleting:
            made = await self._client.apply(DATABASE_USER, _build_user(cluster, key, user))
            await self._keep_secret(cluster, made, login)

    async def release(self, cluster: Cluster) -> bool:
        """True when the objects are gone: before the server, and without a question to it, since it may be down."""
        gone = [await self._release(cluster, key) for key in login_keys(cluster.key)]
        return all(gone)

    async def _release(self, cluster: Cluster, key: Key) -> bool:
        found = await self._client.get(DATABASE_USER, key)
        if found is None or not is_controlled_by(found, cluster.resource):
            return True
        if found.spec.get("deletionPolicy") != "Retain":
            patch = {"spec": {"deletionPolicy": "Retain"}}
            await self._client.patch(DATABASE_USER, found.key, patch)
        if not found.metadata.is_deleting:
            await self._client.delete(DATABASE_USER, found.key, uid=found.metadata.uid)
        return False

    async def _keep_secret(self, cluster: Cluster, user: Resource, login: SecretKey) -> None:
        key = Key(cluster.key.namespace, login.name)
        if await self._client.get(SECRET, key) is not None:
            return
        values = {
            "type": cluster.engine.name,
            "username": str(user.spec["username"]),
            login.key: generate_password(self._randomness, RULES).reveal(),
        }
        try:
            await self._client.create(SECRET, build_secret(build_metadata(key.name, user, {}), values))
        except AlreadyExists as error:
            raise Conflict(f"Secret {key} was made by somebody else in between") from error


def login_keys(cluster: Key) -> list[Key]:
    """Of the DatabaseUsers, and of their Secrets, where there are any."""
    return [Key(cluster.namespace, login.name) for login in (exporter_login(cluster.name), pooler_login(cluster.name))]


def _find_users(cluster: Cluster) -> Mapping[SecretKey, User | None]:
    """By their passwords; None where what would need one does not run."""
    exporter, pooler = cluster.workload.exporter, cluster.workload.pooler
    return {
        exporter_login(cluster.key.name): exporter.user if exporter is not None else None,
        pooler_login(cluster.key.name): pooler.user if pooler is not None else None,
    }


def _build_user(cluster: Cluster, key: Key, user: User) -> Mapping[str, Any]:
    engine = cluster.engine.name
    secret = {"secretName": key.name, "length": RULES.length, "includeSpecialChars": RULES.special}
    return {
        "apiVersion": DATABASE_USER.api_version,
        "kind": DATABASE_USER.kind,
        "metadata": build_metadata(key.name, cluster.resource, cluster_labels(cluster.key.name, engine)),
        "spec": {
            **user,
            "instanceRef": {"name": cluster.key.name},
            "passwordSecret": secret,
            "deletionPolicy": "Delete",
        },
    }
