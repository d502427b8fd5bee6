"""Puts an installation into a cluster, brings it up to date, and takes it out again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry

from dbaas.admission import RuleAdmission
from dbaas.api.core import (
    CERTIFICATE,
    CUSTOM_RESOURCE_DEFINITION,
    DEPLOYMENT,
    LEASE,
    NAMESPACE,
    SECRET,
    SERVICE,
    SERVICE_MONITOR,
    VALIDATING_WEBHOOK_CONFIGURATION,
)
from dbaas.api.database import DATABASE
from dbaas.api.database_engine import DATABASE_ENGINE
from dbaas.api.operation import OPS_REQUEST
from dbaas.api.resource import Key, Kind, Resource
from dbaas.api.role import DATABASE_ROLE
from dbaas.api.user import DATABASE_USER
from dbaas.app.cluster import Sources, build_definitions, find_cluster_registry, find_kinds
from dbaas.contracts.client import NotFound
from dbaas.contracts.registry import Registry
from dbaas.contracts.rest import Propagation, Rest, Selection
from dbaas.contracts.transport import Request, Response, TransportError
from dbaas.controllers.assembly import build_controllers
from dbaas.controllers.database_engine import builtin_entries
from dbaas.controllers.managed.records import MANAGED
from dbaas.controllers.servers import Servers
from dbaas.core.clock import Clock
from dbaas.core.errors import DbaasError
from dbaas.kube.verbs import RestClient, key_of
from dbaas.lanes.lanes import ServerLanes
from dbaas.manifests.installation import LABEL_INSTALLATION, LEASE_NAME, WEBHOOKS, Installation
from dbaas.manifests.permissions import Needs
from dbaas.runtime.manager import Manager

FIELD_MANAGER = "dbaas-install"
POLL_SECONDS = 0.2
Tell = Callable[[str], None]

_RBAC = "rbac.authorization.k8s.io"
PROMETHEUS_RULE = Kind("monitoring.coreos.com", "v1", "PrometheusRule", "prometheusrules")
REMOVED = (
    VALIDATING_WEBHOOK_CONFIGURATION,
    CERTIFICATE,
    Kind("cert-manager.io", "v1", "Issuer", "issuers"),
    DEPLOYMENT,
    SERVICE_MONITOR,
    PROMETHEUS_RULE,
    Kind("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets"),
    Kind("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies"),
    SERVICE,
    Kind(_RBAC, "v1", "RoleBinding", "rolebindings"),
    Kind(_RBAC, "v1", "ClusterRoleBinding", "clusterrolebindings", namespaced=False),
    Kind(_RBAC, "v1", "Role", "roles"),
    Kind(_RBAC, "v1", "ClusterRole", "clusterroles", namespaced=False),
    Kind("", "v1", "ServiceAccount", "serviceaccounts"),
)
"""The kinds of an installation but for what outlives it, in the order in which they are removed."""


class NotInstalled(DbaasError):
    """The installation did not come to its end; what was applied stays, and applying it again goes on."""

    reason = "NotInstalled"


class _Nowhere:
    """The way to an API for controllers that are only asked what they need."""

    async def request(self, request: Request) -> Response:
        raise TransportError(f"cannot send {request.method} {request.path}: there is no API")


def find_needs(registry: Registry) -> Needs:
    """What the operator needs of a cluster, with everything that is plugged in."""
    sources, collected = Sources(), CollectorRegistry()
    manager = Manager(RestClient(_Nowhere()), sources.clock, sources.randomness)
    servers = Servers(manager.client, ServerLanes(sources.clock, sources.randomness))
    admission = RuleAdmission(registry, manager.client.get)
    foreign = [each.kind for each in registry.foreign_kinds()]
    return Needs(
        build_controllers(manager, servers, registry, sources, admission, collected),
        find_kinds(registry),
        # by adoption; of clusters that ask for it
        made=(DATABASE, DATABASE_USER, DATABASE_ROLE, SERVICE_MONITOR, CERTIFICATE),
        # with a server whose deletion is forced, or when its time is over
        deleted=(*(kind.kind for kind in MANAGED.values()), *foreign, OPS_REQUEST, SERVICE_MONITOR, CERTIFICATE),
        looked_at=[
            SERVICE_MONITOR,
            CERTIFICATE,
            *(k for provider in registry.providers.values() for k in provider.witnesses),
        ],
        granted=[grant for provider in registry.providers.values() for grant in provider.grants.items()],
    )


def plan_installation(image: str, version: str) -> Installation:
    """One for the whole cluster; whoever wants another one replaces its fields."""
    registry = find_cluster_registry()
    definitions, entries = build_definitions(registry), list(builtin_entries(registry))
    return Installation(find_needs(registry), image, version, definitions=definitions, entries=entries)


async def install(
    rest: Rest, bodies: Sequence[Mapping[str, Any]], namespace: str, clock: Clock, tell: Tell, *,
    timeout_seconds: float = 60.0,
) -> None:  # fmt: skip
    """Applies them in their order, then removes what an earlier version had installed and this one has not.

    Doing it twice changes nothing. `tell` gets a line for each change. Raises NotInstalled.
    """
    definitions = [body for body in bodies if _kind_of(body) == CUSTOM_RESOURCE_DEFINITION]
    for body in definitions:
        await _apply(rest, body, tell)
    for body in definitions:
        await _wait_served(rest, key_of(body), clock, clock.monotonic() + timeout_seconds)
    for body in bodies:
        if _kind_of(body) != CUSTOM_RESOURCE_DEFINITION:
            await _apply(rest, body, tell)
    wanted = {(_kind_of(body), key_of(body)) for body in bodies}
    async for found in find_installed(rest, namespace):
        if (found.kind, found.key) not in wanted:
            await remove(rest, found, tell)


async def find_rivals(rest: Rest, bodies: Sequence[Mapping[str, Any]], namespace: str) -> Sequence[str]:
    """The namespaces of other installations that would work on some of the same objects, in order."""
    others = await find_others(rest, namespace)
    ours = [_read_scope(body) for body in bodies if _kind_of(body) == DEPLOYMENT]
    return [name for name, each in others.items() if any(_read_scope(each.body()).meets(scope) for scope in ours)]


async def find_others(rest: Rest, namespace: str) -> Mapping[str, Resource]:
    """The operators of other installations, by their namespaces, in order."""
    elsewhere = f"{LABEL_INSTALLATION},{LABEL_INSTALLATION}!={namespace}"
    found = {each.metadata.labels[LABEL_INSTALLATION]: each async for each in _list(rest, DEPLOYMENT, elsewhere)}
    return dict(sorted(found.items()))


@dataclass(frozen=True)
class _Scope:
    """Which objects an operator works on. `namespaces` empty: those in all of them."""

    namespaces: frozenset[str]
    labels: Mapping[str, str]

    def meets(self, other: _Scope) -> bool:
        """An object may have both its labels and the other's, unless one label would need two values."""
        parted = any(self.labels[name] != other.labels[name] for name in self.labels.keys() & other.labels.keys())
        apart = self.namespaces and other.namespaces and not self.namespaces & other.namespaces
        return not parted and not apart


def _read_scope(deployment: Mapping[str, Any]) -> _Scope:
    given: dict[str, str] = {}
    for container in deployment["spec"]["template"]["spec"]["containers"]:
        given |= {name: value for name, _, value in (each.partition("=") for each in container.get("args") or ())}
    pairs = (term.partition("=") for term in given.get("--selector", "").split(",") if term)
    namespaces = frozenset(filter(None, given.get("--namespaces", "").split(",")))
    return _Scope(namespaces, {name: value for name, _, value in pairs})


async def find_installed(rest: Rest, namespace: str) -> AsyncIterator[Resource]:
    """What of an installation is in the cluster, in the order in which it is removed; definitions are everybody's."""
    for kind in REMOVED:
        async for found in _list(rest, kind, f"{LABEL_INSTALLATION}={namespace}"):
            yield found


async def uninstall(rest: Rest, namespace: str, clock: Clock, tell: Tell, *, timeout_seconds: float = 60.0) -> None:
    """Webhooks, operator, rights, in this order; objects of ours, their definitions and the namespace stay."""
    async for found in find_installed(rest, namespace):
        await remove(rest, found, tell)
        if found.kind == DEPLOYMENT:  # it still needs its rights to finish what it is at
            await _wait_gone(rest, found, clock, clock.monotonic() + timeout_seconds)
    for kind, name in ((SECRET, WEBHOOKS), (LEASE, LEASE_NAME)):
        try:
            left = await rest.get(kind, Key(namespace, name))
        except NotFound:
            continue
        await remove(rest, left, tell)


async def remove(rest: Rest, found: Resource, tell: Tell) -> None:
    """It may be gone already. A Deployment goes after its pods."""
    try:
        propagation: Propagation = "Foreground" if found.kind == DEPLOYMENT else "Background"
        await rest.delete(found.kind, found.key, uid=found.metadata.uid, propagation=propagation)
    except NotFound:
        return
    tell(f"{_name(found.kind, found.key)} deleted")


async def _list(rest: Rest, kind: Kind, labels: str) -> AsyncIterator[Resource]:
    """All of them, in all namespaces; none where the cluster does not have the kind."""
    token = ""
    while True:
        try:
            page = await rest.list_page(kind, Selection(labels=labels), token=token)
        except NotFound:
            return
        for found in page.items:
            yield found
        if not (token := page.token):
            return


async def _apply(rest: Rest, body: Mapping[str, Any], tell: Tell) -> None:
    kind, key = _kind_of(body), key_of(body)
    try:
        before = await rest.get(kind, key)
    except NotFound:
        before = None
    if kind == LEASE and before:
        return  # whoever holds it writes it all the time
    try:
        applied = await rest.apply(kind, body, force=True)
    except NotFound as error:
        raise NotInstalled(f"cannot install {_name(kind, key)}: {_why_missing(kind, error)}") from error
    if before is None or _without_version(applied) != _without_version(before):
        tell(f"{_name(kind, key)} {'changed' if before else 'created'}")


def _without_version(resource: Resource) -> Mapping[str, Any]:
    """kube-apiserver writes some objects anew at the first apply after their creation, with nothing changed in them."""
    body = resource.body()
    body["metadata"].pop("resourceVersion", None)
    return body


def _why_missing(kind: Kind, error: NotFound) -> str:
    if kind in (SERVICE_MONITOR, PROMETHEUS_RULE):
        return "the cluster has no Prometheus operator; all else is installed"
    return error.message


async def _wait_served(rest: Rest, key: Key, clock: Clock, deadline: float) -> None:
    while True:
        found = await rest.get(CUSTOM_RESOURCE_DEFINITION, key)
        conditions = {each["type"]: each for each in found.status.get("conditions") or ()}
        if found.metadata.is_deleting:
            why = "it is being deleted with all its objects; install again when it is gone"
            raise NotInstalled(f"cannot install {key}: {why}")
        if conditions.get("Established", {}).get("status") == "True":
            return
        refusal = conditions.get("NamesAccepted", {})
        if refusal.get("status") == "False":
            raise NotInstalled(f"cannot install {key}: {refusal.get('message')}")
        if clock.monotonic() >= deadline:
            raise NotInstalled(f"cannot install {key}: the API server does not serve it")
        await clock.sleep(POLL_SECONDS)


async def _wait_gone(rest: Rest, found: Resource, clock: Clock, deadline: float) -> None:
    while clock.monotonic() < deadline:
        try:
            await rest.get(found.kind, found.key)
        except NotFound:
            return
        await clock.sleep(POLL_SECONDS)


def _kind_of(body: Mapping[str, Any]) -> Kind:
    return next(k for k in _KNOWN if (k.api_version, k.kind) == (body["apiVersion"], body["kind"]))


def _name(kind: Kind, key: Key) -> str:
    return f"{kind.kind} {key}"


_KNOWN = (CUSTOM_RESOURCE_DEFINITION, NAMESPACE, LEASE, DATABASE_ENGINE, *REMOVED)
