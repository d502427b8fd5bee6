"""How the API server asks our rules, and certificates by cert-manager.

No request fails because nobody answers: what gets past is judged again by the same rules before anything is done with
it, whereas a webhook that must be there would hold up deletion and repair of everything when it is not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Protocol

from dbaas.manifests.permissions import Needs

Body = dict[str, Any]
TIMEOUT_SECONDS = 5
SERVICE = "dbaas-webhooks"
PATH = "/validate"
CERTIFICATE = "dbaas-webhooks"


class Validated(Protocol):
    """What of an installation matters here."""

    @property
    def needs(self) -> Needs: ...
    @property
    def namespace(self) -> str: ...
    @property
    def namespaces(self) -> tuple[str, ...]: ...
    @property
    def labels(self) -> Mapping[str, str]: ...
    @property
    def webhooks(self) -> str: ...
    @property
    def wide(self) -> str: ...


def build_validation(asked: Validated) -> Body:
    """Its own CA bundle is put in by whoever has the certificate: the operator, or cert-manager."""
    metadata: Body = {"name": asked.wide}
    if asked.webhooks == "cert-manager":
        metadata["annotations"] = {"cert-manager.io/inject-ca-from": f"{asked.namespace}/{CERTIFICATE}"}
    webhook: Body = {
        "name": "rules.dbaas.io",
        "admissionReviewVersions": ["v1"],
        "clientConfig": {"service": {"name": SERVICE, "namespace": asked.namespace, "path": PATH, "port": 443}},
        "failurePolicy": "Ignore",
        "matchConditions": _conditions(asked),
        "matchPolicy": "Equivalent",
        "namespaceSelector": _namespaces(asked),
        "rules": _rules(asked),
        "sideEffects": "None",
        "timeoutSeconds": TIMEOUT_SECONDS,
    }
    if asked.labels:
        webhook["objectSelector"] = {"matchLabels": dict(asked.labels)}
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": metadata,
        "webhooks": [webhook],
    }


def build_issuers(namespace: str) -> list[Body]:
    """A certificate that cert-manager signs with itself, renews, and makes known to the API server."""
    issuer = {"name": CERTIFICATE, "namespace": namespace}
    names = [f"{SERVICE}.{namespace}.svc", f"{SERVICE}.{namespace}.svc.cluster.local"]
    return [
        {"apiVersion": "cert-manager.io/v1", "kind": "Issuer", "metadata": issuer, "spec": {"selfSigned": {}}},
        {
            "apiVersion": "cert-manager.io/v1",
            "kind": "Certificate",
            "metadata": dict(issuer),
            "spec": {
                "secretName": CERTIFICATE,
                "dnsNames": names,
                "issuerRef": {"kind": "Issuer", "name": CERTIFICATE},
                "privateKey": {"algorithm": "ECDSA", "rotationPolicy": "Always"},
            },
        },
    ]


def _conditions(asked: Validated) -> list[Body]:
    """What is going is let go, and what we write ourselves has been judged before."""
    account = f"system:serviceaccount:{asked.namespace}:dbaas-operator"
    return [
        {"name": "not-going", "expression": "!has(object.metadata.deletionTimestamp)"},
        {"name": "not-our-own", "expression": f"request.userInfo.username != '{account}'"},
    ]


def _namespaces(asked: Validated) -> Body:
    name = "kubernetes.io/metadata.name"
    if asked.namespaces:
        return {"matchExpressions": [{"key": name, "operator": "In", "values": list(asked.namespaces)}]}
    return {"matchExpressions": [{"key": name, "operator": "NotIn", "values": [asked.namespace]}]}


def _rules(asked: Validated) -> list[Body]:
    """Creations and changes of objects; a change of their status alone is none, and deletions are never asked about."""
    resources: dict[tuple[str, str], list[str]] = defaultdict(list)
    for kind in asked.needs.served:
        resources[kind.group, kind.version].append(kind.plural)
    return [
        {
            "apiGroups": [group],
            "apiVersions": [version],
            "operations": ["CREATE", "UPDATE"],
            "resources": sorted(plurals),
            "scope": "*",
        }
        for (group, version), plurals in sorted(resources.items())
    ]
