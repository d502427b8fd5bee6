"""All objects of an installation in a Kubernetes cluster, in the order in which they are applied. Pure.

`dbaas install`, the kustomize bases and the Helm chart are made from it, so that they cannot differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from dbaas.api.core import CUSTOM_RESOURCE_DEFINITION, LEASE, SECRET, VALIDATING_WEBHOOK_CONFIGURATION
from dbaas.manifests.installation.webhooks import build_issuers, build_validation
from dbaas.manifests.installation.workload import METRICS, PODS, build_workload
from dbaas.manifests.monitoring import build_monitors
from dbaas.manifests.permissions import (
    EDIT,
    READ,
    Needs,
    Rule,
    build_rule,
    derive_rules,
    people_rules,
    write_events,
)

Body = dict[str, Any]
Certificates = Literal["own", "cert-manager", "off"]
NAMESPACE = "dbaas-system"
ACCOUNT = "dbaas-operator"
LEASE_NAME = "dbaas-operator"
WEBHOOKS = "dbaas-webhooks"
LABEL_INSTALLATION = "dbaas.io/installation"
_RBAC = "rbac.authorization.k8s.io/v1"


@dataclass(frozen=True)
class Installation:
    """What is asked for. `namespaces` empty: all of them, by ClusterRoles; else by Roles in each.

    With `monitoring` there are objects of the Prometheus operator too.
    `labels` part several installations in one cluster, as the operator's `--selector`. `definitions` are the
    CustomResourceDefinitions, `entries` the objects of ours that it begins with.
    """

    needs: Needs
    image: str
    version: str
    namespace: str = NAMESPACE
    namespaces: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    replicas: int = 2
    webhooks: Certificates = "own"
    monitoring: bool = False
    definitions: Sequence[Mapping[str, Any]] = ()
    entries: Sequence[Mapping[str, Any]] = ()

    @property
    def wide(self) -> str:
        """The name of what is in no namespace."""
        return wide_name(self.namespace)


def wide_name(namespace: str) -> str:
    """Two installations in one cluster are in different namespaces, so their names differ too."""
    return f"{namespace}-operator"


def build_installation(asked: Installation) -> list[Body]:
    """Definitions first, the operator's Deployment after all that it needs, entries last."""
    made = [*_accounts(asked), *_roles(asked), *_people(asked)]
    made += build_workload(asked.namespace, _arguments(asked), asked.image, asked.replicas, asked.webhooks)
    if asked.webhooks != "off":
        made += build_issuers(asked.namespace) if asked.webhooks == "cert-manager" else []
        made.append(build_validation(asked))
    if asked.monitoring:
        made += build_monitors(asked.namespace, PODS, METRICS)
    return [
        *(_label(dict(each), _common(asked)) for each in asked.definitions),
        *(_label(each, {**_common(asked), LABEL_INSTALLATION: asked.namespace}) for each in made),
        *(_label(dict(each), dict(asked.labels)) for each in asked.entries),
    ]


def _common(asked: Installation) -> Mapping[str, str]:
    return {"app.kubernetes.io/part-of": "dbaas", "app.kubernetes.io/version": asked.version}


def _label(body: Body, labels: Mapping[str, str]) -> Body:
    metadata = body["metadata"]
    if not labels and "labels" not in metadata:
        return body
    return {**body, "metadata": {**metadata, "labels": {**metadata.get("labels", {}), **labels}}}


def _accounts(asked: Installation) -> list[Body]:
    account = {"name": ACCOUNT, "namespace": asked.namespace}
    secure = {"pod-security.kubernetes.io/enforce": "restricted"}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": asked.namespace, "labels": secure}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account, "automountServiceAccountToken": False},
        _lease(asked),
    ]


def _lease(asked: Installation) -> Body:
    """Empty, which says that nobody ever held it: a missing one is waited out, since its holder may not know."""
    metadata = {"name": LEASE_NAME, "namespace": asked.namespace}
    return {"apiVersion": LEASE.api_version, "kind": LEASE.kind, "metadata": metadata}


def _roles(asked: Installation) -> list[Body]:
    """Rights in each namespace that is worked in, rights to what is in none, and those at home."""
    within, wide = derive_rules(asked.needs, namespaced=True), derive_rules(asked.needs, namespaced=False)
    if asked.webhooks == "own":
        wide = [*wide, build_rule(VALIDATING_WEBHOOK_CONFIGURATION, ("get", "patch"), (asked.wide,))]
    names = tuple(kind.resource for kind in asked.needs.served)
    wide = [*wide, build_rule(CUSTOM_RESOURCE_DEFINITION, ("get",), names)]  # an Event about one needs its uid
    if not asked.namespaces:
        return [
            *_granted(asked, "", asked.wide, [*wide, *within]),
            *_granted(asked, asked.namespace, ACCOUNT, _home(asked)),
        ]
    bodies = _granted(asked, "", asked.wide, wide)
    places = dict.fromkeys(asked.namespaces, within)
    places |= {"default": places.get("default") or write_events()}
    places |= {asked.namespace: [*places.get(asked.namespace, ()), *_home(asked)]}
    for namespace, rules in places.items():
        bodies += _granted(asked, namespace, asked.wide if namespace != asked.namespace else ACCOUNT, rules)
    return bodies


def _home(asked: Installation) -> list[Rule]:
    """The Lease, and a certificate of our own. What is not there yet has no name to be allowed by."""
    lease = [build_rule(LEASE, ("create",)), build_rule(LEASE, ("get", "watch", "patch"), (LEASE_NAME,))]
    secret = [build_rule(SECRET, ("create",)), build_rule(SECRET, ("get", "patch"), (WEBHOOKS,))]
    return [*lease, *(secret if asked.webhooks == "own" else ())]


def _granted(asked: Installation, namespace: str, name: str, rules: Sequence[Rule]) -> list[Body]:
    """A role and its binding; cluster-wide where no namespace is given."""
    kind = "Role" if namespace else "ClusterRole"
    metadata = {"name": name, "namespace": namespace} if namespace else {"name": name}
    return [
        {"apiVersion": _RBAC, "kind": kind, "metadata": metadata, "rules": list(rules)},
        {
            "apiVersion": _RBAC,
            "kind": f"{kind}Binding",
            "metadata": dict(metadata),
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": asked.namespace}],
        },
    ]


def _people(asked: Installation) -> list[Body]:
    """Whoever may view or edit a namespace may do so with our objects in it."""
    aggregated = {"view": (("view", "edit", "admin"), READ), "edit": (("edit", "admin"), EDIT)}
    return [
        {
            "apiVersion": _RBAC,
            "kind": "ClusterRole",
            "metadata": {
                "name": f"{asked.wide}-{name}",
                "labels": {f"rbac.authorization.k8s.io/aggregate-to-{role}": "true" for role in roles},
            },
            "rules": people_rules(asked.needs.served, verbs),
        }
        for name, (roles, verbs) in aggregated.items()
    ]


def _arguments(asked: Installation) -> list[str]:
    arguments = ["operator"]
    if asked.namespaces:
        arguments.append(f"--namespaces={','.join(asked.namespaces)}")
    if asked.labels:
        arguments.append(f"--selector={','.join(f'{name}={value}' for name, value in asked.labels.items())}")
    if asked.webhooks == "off":
        arguments.append("--no-webhooks")
    if asked.webhooks == "cert-manager":
        arguments.append("--webhook-certificates=/certificates")
    return arguments
