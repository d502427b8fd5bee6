"""The login of what tells a cluster's metrics: a DatabaseUser of its own, with no more rights than it needs.

Its Secret is there before the pods that mount it, and therefore before the server that will know the user: we make it,
owned by the user's object, whose controller takes the password from it, completes it and keeps both equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dbaas.api.core import SECRET
from dbaas.api.resource import Key, Resource
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.client import AlreadyExists, Client
from dbaas.contracts.provider import Exporter, exporter_login
from dbaas.contracts.reconcile import Conflict, Refused
from dbaas.controllers.cluster.credentials import RULES
from dbaas.controllers.cluster.subject import Cluster
from dbaas.core.randomness import Randomness
from dbaas.core.secrets import generate_password
from dbaas.manifests.metadata import build_metadata, cluster_labels, is_controlled_by
from dbaas.manifests.secrets import build_secret


class ExporterLogins:
    """Keeps the login of one cluster after another."""

    def __init__(self, client: Client, randomness: Randomness) -> None:
        self._client = client
        self._randomness = randomness

    async def keep(self, cluster: Cluster) -> None:
        """There where an exporter runs, dropped where none does any more. Raises Refused where the name is taken."""
        found = await self._client.get(DATABASE_USER, login_key(cluster.key))
        is_ours = found is not None and is_controlled_by(found, cluster.resource)
        exporter = cluster.workload.exporter
        if exporter is None:
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
            user = await self._client.apply(DATABASE_USER, _build_user(cluster, exporter))
            await self._keep_secret(cluster, user, exporter)

    async def release(self, cluster: Cluster) -> bool:
        """True when the object is gone: before the server, and without a question to it, since it may be down."""
        found = await self._client.get(DATABASE_USER, login_key(cluster.key))
        if found is None or not is_controlled_by(found, cluster.resource):
            return True
        if found.spec.get("deletionPolicy") != "Retain":
            patch = {"spec": {"deletionPolicy": "Retain"}}
            await self._client.patch(DATABASE_USER, found.key, patch)
        if not found.metadata.is_deleting:
            await self._client.delete(DATABASE_USER, found.key, uid=found.metadata.uid)
        return False

    async def _keep_secret(self, cluster: Cluster, user: Resource, exporter: Exporter) -> None:
        key = login_key(cluster.key)
        if await self._client.get(SECRET, key) is not None:
            return
        values = {
            "type": cluster.engine.name,
            "username": str(exporter.user["username"]),
            exporter_login(cluster.key.name).key: generate_password(self._randomness, RULES).reveal(),
        }
        try:
            await self._client.create(SECRET, build_secret(build_metadata(key.name, user, {}), values))
        except AlreadyExists as error:
            raise Conflict(f"Secret {key} was made by somebody else in between") from error


def login_key(cluster: Key) -> Key:
    """Of the DatabaseUser, and of its Secret."""
    return Key(cluster.namespace, exporter_login(cluster.name).name)


def _build_user(cluster: Cluster, exporter: Exporter) -> Mapping[str, Any]:
    key, engine = login_key(cluster.key), cluster.engine.name
    secret = {"secretName": key.name, "length": RULES.length, "includeSpecialChars": RULES.special}
    return {
        "apiVersion": DATABASE_USER.api_version,
        "kind": DATABASE_USER.kind,
        "metadata": build_metadata(key.name, cluster.resource, cluster_labels(cluster.key.name, engine)),
        "spec": {
            **exporter.user,
            "instanceRef": {"name": cluster.key.name},
            "passwordSecret": secret,
            "deletionPolicy": "Delete",
        },
    }
