"""How a cluster goes: not while others live on it, not with data that is protected, and then in order."""

from __future__ import annotations

from dbaas.api.core import NAMESPACE
from dbaas.api.resource import Key
from dbaas.contracts.client import Client, Forbidden, Invalid
from dbaas.contracts.reconcile import Outcome, Waiting
from dbaas.contracts.registry import Registry
from dbaas.controllers.cascading import Cascade
from dbaas.controllers.cluster.children import Children
from dbaas.controllers.cluster.credentials import Credentials
from dbaas.controllers.cluster.service_logins import ServiceLogins
from dbaas.controllers.cluster.subject import Cluster, with_data_kept
from dbaas.controllers.finalizers import is_held, let_go
from dbaas.controllers.holding import (
    PROTECTED,
    find_inhabitants,
    find_residents,
    is_forced,
    namespace_is_going,
    tell_blocked,
)
from dbaas.manifests.metadata import is_controlled_by

DELETING = "Deleting"


class ClusterDeletion:
    """Raises Waiting while something holds the deletion; every reason says what to do."""

    def __init__(
        self, client: Client, registry: Registry, children: Children, credentials: Credentials, logins: ServiceLogins
    ) -> None:
        self._client = client
        self._cascade = Cascade(client, registry)
        self._children = children
        self._credentials = credentials
        self._logins = logins

    async def delete(self, cluster: Cluster) -> Outcome:
        if not is_held(cluster.resource):
            return Outcome(gone=True)
        await self._check_dependents(cluster)
        cluster = await self._settle_policy(cluster)
        await self._tell_children(cluster)
        if not await self._logins.release(cluster) or not await self._children.remove(cluster):
            raise Waiting("Stopping", "the servers are being stopped", phase=DELETING)
        if cluster.spec.deletion_policy == "Delete":
            await self._credentials.drop(cluster)
            self._client.event(cluster.resource, "Normal", "Deleted", "the cluster and its data are deleted")
        else:
            await self._credentials.release(cluster)
            self._client.event(cluster.resource, "Normal", "Retained", "the cluster is deleted; its data is kept")
        await let_go(self._client, cluster.resource)
        return Outcome(gone=True)

    async def _tell_children(self, cluster: Cluster) -> None:
        """What becomes of the data stands in the children, so the newest word must have reached them before they go."""
        left = await self._children.find(cluster)
        if any(child.metadata.is_deleting for child in left):
            return
        try:
            await self._children.tell(cluster, left)
        except Waiting:  # programs that are gone cannot be rendered; what shall be dropped anyway need not be told
            if cluster.spec.deletion_policy != "Delete":
                raise
        except (Forbidden, Invalid):  # such as a volume that cannot grow as the spec asks
            if cluster.spec.deletion_policy != "Delete" and not await self._children.keep_by_themselves(cluster):
                raise

    async def _settle_policy(self, cluster: Cluster) -> Cluster:
        if cluster.spec.deletion_policy != "Delete":
            return cluster
        namespace = await self._client.get(NAMESPACE, Key("", cluster.key.namespace), fresh=True)
        if namespace is None or namespace.metadata.is_deleting:
            self._client.event(
                cluster.resource, "Warning", "DataRetained", "the namespace is being deleted, so the data is kept"
            )
            return with_data_kept(cluster)
        if cluster.spec.deletion_protection and not is_forced(cluster.resource):
            message = "spec.deletionProtection is on: turn it off to delete the data, or set deletionPolicy to Retain"
            raise self._block(cluster, PROTECTED, message)
        return cluster

    async def _check_dependents(self, cluster: Cluster) -> None:
        find = find_inhabitants if is_forced(cluster.resource) else find_residents
        found = [each for each in await find(self._client, cluster.key) if not is_controlled_by(each, cluster.resource)]
        others = [each for each in found if each.metadata.namespace != cluster.key.namespace]
        if others and await namespace_is_going(self._client, cluster.key.namespace):
            found = [each for each in found if each not in others]
        await self._cascade.check(cluster.resource, found)

    def _block(self, cluster: Cluster, reason: str, message: str) -> Waiting:
        tell_blocked(self._client, cluster.resource, reason, message)
        return Waiting(reason, message, phase=DELETING)
