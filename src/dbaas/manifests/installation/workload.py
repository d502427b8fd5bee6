"""The pods of an operator and what is around them: Deployment, Services, disruption budget, network policy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Body = dict[str, Any]
METRICS = "metrics"
PODS = {"app.kubernetes.io/name": "dbaas-operator"}
METRICS_PORT, WEBHOOK_PORT = 8080, 9443
USER = 65532
DRAIN_SECONDS = 30
CERTIFICATES = "/certificates"


def build_workload(namespace: str, arguments: Sequence[str], image: str, replicas: int, webhooks: str) -> list[Body]:
    """`webhooks` as in `Installation`. The Deployment comes last."""
    bodies = [_service(namespace, "dbaas-metrics", METRICS, METRICS_PORT, METRICS_PORT)]
    if webhooks != "off":
        bodies.append(_service(namespace, "dbaas-webhooks", "webhooks", 443, WEBHOOK_PORT))
    deployment = _deployment(namespace, arguments, image, replicas, webhooks)
    return [*bodies, _budget(namespace), _network(namespace), deployment]


def _deployment(namespace: str, arguments: Sequence[str], image: str, replicas: int, webhooks: str) -> Body:
    template = {"metadata": {"labels": dict(PODS)}, "spec": _pod(arguments, image, webhooks)}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "dbaas-operator", "namespace": namespace, "labels": dict(PODS)},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": dict(PODS)},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            "template": template,
        },
    }


def _pod(arguments: Sequence[str], image: str, webhooks: str) -> Body:
    """Fit for the `restricted` Pod Security Standard. Replicas are on different nodes where there are several."""
    spread = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": dict(PODS)},
    }
    volumes: list[Body] = [{"name": "tmp", "emptyDir": {"medium": "Memory", "sizeLimit": "16Mi"}}]
    if webhooks == "cert-manager":
        volumes.append({"name": "certificates", "secret": {"secretName": "dbaas-webhooks"}})
    return {
        "serviceAccountName": "dbaas-operator",
        "automountServiceAccountToken": True,
        "terminationGracePeriodSeconds": DRAIN_SECONDS,
        "securityContext": {
            "runAsNonRoot": True, "runAsUser": USER, "runAsGroup": USER, "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "topologySpreadConstraints": [spread],
        "containers": [_container(arguments, image, webhooks)],
        "volumes": volumes,
    }  # fmt: skip


def _container(arguments: Sequence[str], image: str, webhooks: str) -> Body:
    ports = [{"name": METRICS, "containerPort": METRICS_PORT, "protocol": "TCP"}]
    mounts: list[Body] = [{"name": "tmp", "mountPath": "/tmp"}]
    if webhooks != "off":
        ports.append({"name": "webhooks", "containerPort": WEBHOOK_PORT, "protocol": "TCP"})
    if webhooks == "cert-manager":
        mounts.append({"name": "certificates", "mountPath": CERTIFICATES, "readOnly": True})
    return {
        "name": "operator",
        "image": image,
        "command": ["dbaas"],
        "args": list(arguments),
        "ports": ports,
        "startupProbe": {**_probe("/livez"), "periodSeconds": 2, "failureThreshold": 30},
        "livenessProbe": {**_probe("/livez"), "periodSeconds": 10, "failureThreshold": 6},
        "readinessProbe": {**_probe("/readyz"), "periodSeconds": 5, "failureThreshold": 2},
        "resources": {"requests": {"cpu": "100m", "memory": "192Mi"}, "limits": {"memory": "512Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": mounts,
    }


def _probe(path: str) -> Body:
    return {"httpGet": {"path": path, "port": METRICS}, "timeoutSeconds": 3}


def _service(namespace: str, name: str, port_name: str, port: int, target: int) -> Body:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace, "labels": dict(PODS)},
        "spec": {
            "selector": dict(PODS),
            "ports": [{"name": port_name, "port": port, "targetPort": target, "protocol": "TCP"}],
        },
    }


def _budget(namespace: str) -> Body:
    """One at a time: nodes can always be drained, and one replica of several goes on."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "dbaas-operator", "namespace": namespace},
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": dict(PODS)}},
    }


def _network(namespace: str) -> Body:
    """What may come in. Where databases are, and with them what must go out, only their objects say."""
    ports = [{"port": port, "protocol": "TCP"} for port in (METRICS_PORT, WEBHOOK_PORT)]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "dbaas-operator", "namespace": namespace},
        "spec": {"podSelector": {"matchLabels": dict(PODS)}, "policyTypes": ["Ingress"], "ingress": [{"ports": ports}]},
    }
