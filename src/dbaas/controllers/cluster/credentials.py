"""The administrator's Secret: made once, never changed, never lost while data exists that it opens.

It has no owner, because data that is kept must stay usable: a cluster of the same name finds both again. Our finalizer
holds it, so deleting it by hand or with its namespace cannot lose the password: the values are put into a copy first,
and only then is the Secret let go and made anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dbaas.api.core import SECRET
from dbaas.api.resource import FINALIZER, LABEL_CLUSTER, Key, Resource
from dbaas.contracts.client import Client
from dbaas.contracts.reconcile import Refused
from dbaas.controllers.cluster.subject import Cluster
from dbaas.controllers.finalizers import let_go
from dbaas.core.randomness import Randomness
from dbaas.core.secrets import PasswordRules, generate_password
from dbaas.manifests.metadata import MANAGED_BY, cluster_labels
from dbaas.manifests.secrets import build_secret, encode_values, read_values

COPY_SUFFIX = "-kept"
RULES = PasswordRules(length=32, special=False)


class Credentials:
    """Keeps the Secret of one cluster after another."""

    def __init__(self, client: Client, randomness: Randomness) -> None:
        self._client = client
        self._randomness = randomness

    async def keep(self, cluster: Cluster) -> Resource:
        """The Secret as it is now, made or healed if needed. Raises Refused where the name is somebody else's."""
        found = await self._client.get(SECRET, cluster.credentials)
        if found is not None and not _is_ours(found, cluster):
            raise Refused(
                "SecretNotOurs",
                f"Secret {cluster.credentials} exists and does not belong to this cluster: rename or delete it",
            )
        if found is not None and not found.metadata.is_deleting:
            await self._forget_copy(cluster)
            return await self._complete(cluster, found)
        if found is not None:
            await self._copy(cluster, found)
            await let_go(self._client, found)
        return await self._make(cluster)

    async def drop(self, cluster: Cluster) -> None:
        """With the data it opened."""
        await self._forget_copy(cluster)
        await self._remove(cluster.credentials, cluster)

    async def release(self, cluster: Cluster) -> None:
        """The cluster goes and its data stays: so does the Secret, but nothing holds it any more."""
        found = await self._client.get(SECRET, cluster.credentials)
        if found is not None and _is_ours(found, cluster):
            await let_go(self._client, found)

    async def _complete(self, cluster: Cluster, secret: Resource) -> Resource:
        """With the passwords that instances need which the cluster did not have when it was made."""
        missing = set(cluster.workload.passwords) - read_values(secret).keys()
        if not missing:
            return secret
        more = {"data": encode_values({key: self._generate() for key in sorted(missing)})}
        return await self._client.patch(SECRET, secret.key, more, version=secret.metadata.resourceVersion)

    def _generate(self) -> str:
        return generate_password(self._randomness, RULES).reveal()

    async def _make(self, cluster: Cluster) -> Resource:
        copy = await self._client.get(SECRET, _copy_key(cluster))
        if copy is not None and _is_ours(copy, cluster):
            values = {name: value.reveal() for name, value in read_values(copy).items()}
        else:
            values = {
                "type": cluster.engine.name,
                "username": cluster.workload.administrator,
                **{key: self._generate() for key in (cluster.workload.credentials.key, *cluster.workload.passwords)},
            }
        made = await self._client.create(SECRET, _body(cluster, cluster.credentials, values, held=True))
        await self._forget_copy(cluster)
        return made

    async def _copy(self, cluster: Cluster, secret: Resource) -> None:
        if await self._client.get(SECRET, _copy_key(cluster)) is None:
            values = {name: value.reveal() for name, value in read_values(secret).items()}
            await self._client.create(SECRET, _body(cluster, _copy_key(cluster), values, held=False))
        self._client.event(
            cluster.resource, "Normal", "SecretRegenerated", f"Secret {secret.key} was deleted and is made again"
        )

    async def _forget_copy(self, cluster: Cluster) -> None:
        await self._remove(_copy_key(cluster), cluster)

    async def _remove(self, key: Key, cluster: Cluster) -> None:
        found = await self._client.get(SECRET, key)
        if found is not None and _is_ours(found, cluster):
            await let_go(self._client, found)
            await self._client.delete(SECRET, key, uid=found.metadata.uid)


def _copy_key(cluster: Cluster) -> Key:
    return Key(cluster.key.namespace, cluster.credentials.name + COPY_SUFFIX)


def _is_ours(secret: Resource, cluster: Cluster) -> bool:
    labels = secret.metadata.labels
    return labels.get(LABEL_CLUSTER) == cluster.key.name and labels.get(MANAGED_BY) == "dbaas"


def _body(cluster: Cluster, key: Key, values: Mapping[str, str], *, held: bool) -> dict[str, Any]:
    labels = {MANAGED_BY: "dbaas", **cluster_labels(cluster.key.name, cluster.engine.name)}
    metadata: dict[str, Any] = {"name": key.name, "namespace": key.namespace, "labels": labels}
    if held:
        metadata["finalizers"] = [FINALIZER]
    return build_secret(metadata, values)
