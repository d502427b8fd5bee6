"""What the notes of several instances tell later: whose data has all that was ever acknowledged.

They are kept with the data. Who stopped last leaves no trace in what the instances themselves agree on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dbaas.api.core import CONFIG_MAP
from dbaas.api.resource import GROUP, LABEL_CLUSTER, Resource
from dbaas.contracts.client import Client
from dbaas.contracts.provider import ClusterFacts
from dbaas.contracts.reconcile import Refused
from dbaas.controllers.cluster.subject import Cluster, enlarge
from dbaas.manifests.agreement import LEADER, PRIMARY, find_note
from dbaas.manifests.metadata import MANAGED_BY, is_controlled_by

ANNOTATION_PRIMARY = f"{GROUP}/primary"
"""On the note about the leader: the instance that took writes when somebody looked last."""
LOOK_SECONDS = 60.0


class Keepsakes:
    """For one cluster after another; `children` are all that bear its label."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def note_primary(self, cluster: Cluster, facts: ClusterFacts, children: Sequence[Resource]) -> None:
        """One of several; as long as nobody takes writes, it stays whoever did last."""
        note = find_note(cluster.resource, LEADER, children)
        primary = next((one.name for one in facts.instances if one.role == PRIMARY), "")
        if note is None or len(facts.instances) < 2 or not primary:
            return
        if note.metadata.annotations.get(ANNOTATION_PRIMARY) != primary:
            patch = {"metadata": {"annotations": {ANNOTATION_PRIMARY: primary}}}
            await self._client.patch(CONFIG_MAP, note.key, patch)

    async def forget(self, cluster: Cluster, facts: ClusterFacts, children: Sequence[Resource]) -> None:
        """Where a single instance serves, that has nobody to agree with any more."""
        if cluster.workload.notes or len(facts.instances) != 1 or not facts.instances[0].is_ready:
            return
        for note in _find_left(cluster, children):
            await self._client.delete(note.kind, note.key, uid=note.metadata.uid)


def require_latest_data(cluster: Cluster, facts: ClusterFacts, children: Sequence[Resource]) -> None:
    """Raises Refused for a cluster that would begin with kept data, but without that of who took writes last."""
    note = find_note(cluster.resource, LEADER, children)
    latest = note.metadata.annotations.get(ANNOTATION_PRIMARY, "") if note is not None else ""
    names = [instance.name for instance in cluster.workload.instances]
    if facts.instances or not latest or latest in names:
        return
    larger = enlarge(cluster, [latest])
    size = len(larger.workload.instances) if larger is not None else len(names) + 1
    raise Refused(
        "DataOfReplica",
        f"the data that was kept is of several instances, and only {latest}, which took writes last, surely has all of "
        f"it: ask for clusterSize {size}, and for fewer when the cluster is Ready",
        requeue_after=LOOK_SECONDS,
    )


def _find_left(cluster: Cluster, children: Sequence[Resource]) -> Iterator[Resource]:
    """Called as those that several would have, and ours."""
    maps = [each for each in children if each.kind == CONFIG_MAP and _is_ours(each, cluster)]
    several = enlarge(cluster, ()) if maps else None
    for name in several.workload.notes if several is not None else ():
        note = find_note(cluster.resource, name, maps)
        if note is not None:
            yield note


def _is_ours(note: Resource, cluster: Cluster) -> bool:
    metadata = note.metadata
    if is_controlled_by(note, cluster.resource) or metadata.is_deleting:
        return False
    theirs = [owner.uid for owner in metadata.ownerReferences if owner.uid != cluster.resource.metadata.uid]
    return not theirs and MANAGED_BY in metadata.labels and metadata.labels.get(LABEL_CLUSTER) == cluster.key.name
