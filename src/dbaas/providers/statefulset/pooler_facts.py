"""How a cluster's pooler is, told by its Deployment, and by its pods where those were read. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dbaas.api.core import DEPLOYMENT, POD, SERVICE
from dbaas.api.resource import LABEL_POOLER, Resource
from dbaas.contracts.pooling import PoolerFacts, pooler_login
from dbaas.providers.statefulset.names import host_of
from dbaas.providers.statefulset.observing import explain_pod


def describe_pooler(cluster: Resource, children: Sequence[Resource]) -> PoolerFacts | None:
    """None where there is none. Clients come by its Service, so that it has a place before anybody is there."""
    name = pooler_login(cluster.metadata.name).name
    named = {each.kind: each for each in children if each.metadata.name == name}
    deployment, service = named.get(DEPLOYMENT), named.get(SERVICE)
    if deployment is None:
        return None
    replicas, status = int(deployment.spec.get("replicas", 0)), deployment.status
    is_current = int(status.get("observedGeneration") or 0) >= deployment.metadata.generation
    ready = int(status.get("readyReplicas") or 0) if is_current else 0
    facts = PoolerFacts(
        replicas,
        min(replicas, ready),  # while they are replaced there is one more
        endpoint=_find_place(service) if service is not None else "",
        is_rolling=int(status.get("updatedReplicas") or 0) < replicas,
    )
    return facts if facts.is_whole else replace(facts, message=_explain(facts, children))


def _find_place(service: Resource) -> str:
    return f"{host_of(service.metadata.name, service.metadata.namespace)}:{service.spec['ports'][0]['port']}"


def _explain(facts: PoolerFacts, children: Sequence[Resource]) -> str:
    counted = f"{facts.ready_replicas} of {facts.replicas} poolers are ready"
    pods = [each for each in children if each.kind == POD and LABEL_POOLER in each.metadata.labels]
    found = {pod.metadata.name: explain_pod(pod) for pod in pods if not _is_ready(pod) and not pod.metadata.is_deleting}
    for name, (reason, message) in sorted(found.items()):
        return f"{counted}; {name}: {'it does not answer yet' if reason == 'NotReady' else message}"
    return f"{counted}; those of before are replaced" if facts.is_rolling and facts.ready_replicas else counted


def _is_ready(pod: Resource) -> bool:
    return any(each.get("type") == "Ready" and each["status"] == "True" for each in pod.status.get("conditions") or ())
