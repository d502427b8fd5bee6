"""What bears a cluster's label; also what its children have made, which nobody watches, and is read where they alone do
not say all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dbaas.api.resource import LABEL_CLUSTER, LABEL_POOLER, Kind, Resource
from dbaas.contracts.client import Client
from dbaas.controllers.cluster.subject import Cluster


async def find_witnesses(client: Client, cluster: Cluster) -> Sequence[Resource]:
    """As the API has them now."""
    return await find_labelled(client, cluster.resource, cluster.provider.witnesses, fresh=True)


async def find_pooler_witnesses(client: Client, cluster: Cluster) -> Sequence[Resource]:
    """Those of its pooler, which are none of the cluster's servers."""
    kinds = cluster.provider.witnesses
    return await find_labelled(client, cluster.resource, kinds, fresh=True, label=LABEL_POOLER)


async def find_labelled(
    client: Client, cluster: Resource, kinds: Iterable[Kind], *, fresh: bool = False, label: str = LABEL_CLUSTER
) -> Sequence[Resource]:
    """Whoever controls it. `fresh`: as the API has it now."""
    labels = {label: cluster.key.name}
    found: list[Resource] = []
    for kind in kinds:
        found += await client.list(kind, namespace=cluster.key.namespace, labels=labels, fresh=fresh)
    return found
