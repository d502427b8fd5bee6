"""What the objects of a cluster are called."""

from __future__ import annotations

from dbaas.contracts.provider import Instance

SERVER = "server"
"""The container that people look at: `kubectl logs <pod> -c server`."""
POOLER = "pooler"
"""The container of a pooler's pods."""
DOMAIN = "svc.cluster.local"


def config_name(instance: Instance) -> str:
    """Of our ConfigMap.

    The usual name, `-config`, is that of a note in which several agree: it comes and goes with these, and is never the
    same object, so that nothing in it lives on. Nor may files of the one kind take the place of those of the other.
    """
    return f"{instance.name}-files" if instance.uses_api else f"{instance.name}-settings"


def pod_name(instance: Instance) -> str:
    """The only pod of its StatefulSet."""
    return f"{instance.name}-0"


def account_name(cluster: str) -> str:
    """Of the account that instances have in the API, and of its Role."""
    return f"{cluster}-members"


def claim_name(instance: Instance) -> str:
    """As a claim of a StatefulSet's template would be called, so that one of those is taken over."""
    return f"data-{instance.name}-0"


def headless_name(cluster: str) -> str:
    return f"{cluster}-pods"


def config_key(path: str) -> str:
    """Keys of a ConfigMap have no slashes."""
    return path.replace("/", "..")


def secret_path(path: str, variable: str) -> str:
    """Where the value of a variable in that file is mounted."""
    return f"secrets/{path}/{variable}"


def host_of(service: str, namespace: str) -> str:
    """The name in the cluster's DNS."""
    return f"{service}.{namespace}.{DOMAIN}"
