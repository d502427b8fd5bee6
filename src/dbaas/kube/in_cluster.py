"""The access of a pod to the API server of its own cluster. Source: client-go, `rest.InClusterConfig`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dbaas.kube.access import Access, BadKubeconfig

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


def is_in_cluster(environment: Mapping[str, str]) -> bool:
    return bool(environment.get("KUBERNETES_SERVICE_HOST") and environment.get("KUBERNETES_SERVICE_PORT"))


def in_cluster_access(environment: Mapping[str, str], folder: Path = SERVICE_ACCOUNT) -> Access:
    """As the pod's service account; its token is read again as the kubelet renews it. Raises BadKubeconfig."""
    if not is_in_cluster(environment):
        raise BadKubeconfig("cannot find the cluster: this is no pod (KUBERNETES_SERVICE_HOST is not set)")
    host, port = environment["KUBERNETES_SERVICE_HOST"], environment["KUBERNETES_SERVICE_PORT"]
    try:
        ca = (folder / "ca.crt").read_text()
        namespace = (folder / "namespace").read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        text = f"cannot read the service account of this pod: {error}; does it say automountServiceAccountToken: false?"
        raise BadKubeconfig(text) from error
    return Access(
        server=f"https://{f'[{host}]' if ':' in host else host}:{port}",
        context="in-cluster",
        namespace=namespace or "default",
        ca=ca,
        token_file=folder / "token",
    )
