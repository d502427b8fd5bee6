"""The API as it would be if some objects had been applied: for plans. Nothing can be written through it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NoReturn

from dbaas.api.cluster import DATABASE_CLUSTER, DatabaseCluster
from dbaas.api.instance import DATABASE_INSTANCE, INSTANCE_KINDS
from dbaas.api.resource import Key, Kind, Resource, build_resource
from dbaas.contracts.client import Client, EventType
from dbaas.contracts.reconcile import token_of
from dbaas.controllers.managed.records import MANAGED
from dbaas.controllers.managed.tokens import provided_by
from dbaas.controllers.tokens import is_server

LAST = "9999-12-31T23:59:59Z"  # an object that does not exist yet is younger than all that do
EXPECTED = f"{DATABASE_INSTANCE.group}/expected"
Witness = Callable[[Resource], None]


def unseen(resource: Resource) -> None:
    """For those who need not know what was looked at."""


class Overlay:
    """Implements `contracts.client.Client` over another client; lists are read once.

    `witness` is told every object that is there and that somebody has asked for.
    """

    def __init__(self, client: Client, planned: Iterable[Resource], witness: Witness = unseen) -> None:
        self._client = client
        self._witness = witness
        self._planned = {(resource.kind, resource.key): resource for resource in planned}
        self._lists: dict[Kind, Sequence[Resource]] = {}

    async def get(self, kind: Kind, key: Key, *, fresh: bool = False) -> Resource | None:
        """A server that a cluster will publish is there already, marked by the annotation `EXPECTED`."""
        planned = self._planned.get((kind, key))
        found = planned or await self._client.get(kind, key, fresh=fresh)
        if found is not None and planned is None:
            self._witness(found)
        if found is None and kind == DATABASE_INSTANCE:
            cluster = await self.get(DATABASE_CLUSTER, key)
            return _expected_instance(cluster) if cluster is not None else None
        return found

    async def list(
        self, kind: Kind, *, namespace: str = "", labels: Mapping[str, str] | None = None, token: str = "",
        fresh: bool = False,
    ) -> Sequence[Resource]:  # fmt: skip
        if kind not in self._lists:
            self._lists[kind] = await self._client.list(kind)
        merged = {resource.key: resource for resource in self._lists[kind]}
        merged |= {key: resource for (other, key), resource in self._planned.items() if other == kind}
        found = [merged[key] for key in sorted(merged) if namespace in ("", key.namespace)]
        found = [each for each in found if (labels or {}).items() <= each.metadata.labels.items()]
        found = [each for each in found if not token or token in _tokens(each)]
        for each in found:
            if (kind, each.key) not in self._planned:
                self._witness(each)
        return found

    async def create(self, kind: Kind, body: Mapping[str, Any]) -> Resource:
        _refuse()

    async def apply(self, kind: Kind, body: Mapping[str, Any]) -> Resource:
        _refuse()

    async def patch(
        self, kind: Kind, key: Key, patch: Mapping[str, Any], *, version: str = "", subresource: str = "",
        manager: str = "",
    ) -> Resource:  # fmt: skip
        _refuse()

    async def delete(self, kind: Kind, key: Key, *, uid: str) -> None:
        _refuse()

    def event(self, about: Resource, type: EventType, reason: str, note: str) -> None:
        _refuse()


def is_expected(instance: Resource) -> bool:
    """Whether it is one that a cluster has yet to publish."""
    return EXPECTED in instance.metadata.annotations


def build_planned(kind: Kind, body: Mapping[str, Any], live: Resource | None) -> Resource:
    """With the identity and status of the live object, or those of one that is yet to come."""
    metadata = dict(body.get("metadata") or {})
    if live is not None:
        metadata |= {"uid": live.metadata.uid, "creationTimestamp": live.metadata.creationTimestamp}
    else:
        metadata |= {"uid": f"planned:{kind.resource}:{metadata.get('name')}", "creationTimestamp": LAST}
    status = live.status if live is not None else {}
    return build_resource(kind, {**body, "metadata": metadata, "status": status})


def _expected_instance(cluster: Resource) -> Resource:
    spec = DatabaseCluster.model_validate(cluster.body()).spec
    body = {
        "apiVersion": DATABASE_INSTANCE.api_version,
        "kind": DATABASE_INSTANCE.kind,
        "metadata": {"name": cluster.key.name, "namespace": cluster.key.namespace, "annotations": {EXPECTED: "true"}},
        "spec": {
            "engine": spec.engine.type,
            "connection": {"host": "unknown", "port": 1, "secretRef": {"name": "unknown"}},
            "clusterRef": {"name": cluster.key.name},
            "allowedNamespaces": list(spec.allowed_namespaces),
            **spec.handed_on(),
        },
    }
    return build_resource(DATABASE_INSTANCE, body)


def _tokens(resource: Resource) -> set[str]:
    own = token_of(resource.kind, resource.key)
    kind = MANAGED.get(resource.kind)
    identity = resource.status.get("identity") if resource.kind in INSTANCE_KINDS else None
    server = [is_server(identity)] if identity else []
    return {own, *server, *(provided_by(kind, resource) if kind is not None else ())}


def _refuse() -> NoReturn:
    raise AssertionError("a plan writes nothing")
