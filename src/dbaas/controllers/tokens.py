"""Tokens: how objects find those that depend on them or want the same thing, without looking at all others.

A token is a string that an object provides or refers to (`contracts.reconcile.Controller`). All of these are pure.
"""

from __future__ import annotations

from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.references import InstanceReference, Reference
from dbaas.api.resource import Key, Kind
from dbaas.contracts.reconcile import token_of


def instance_key(reference: InstanceReference, namespace: str) -> Key:
    """The server that is meant: a cluster's published server has the cluster's name."""
    return Key(reference.namespace or namespace, reference.name)


def reference_key(reference: Reference, namespace: str) -> Key:
    """The object that is meant, by default in the namespace of the one that refers to it."""
    return Key(reference.namespace or namespace, reference.name)


def applied(token: str) -> str:
    """Provided beside that token by an object that its server has."""
    return f"applied:{token}"


def lives_on(instance: Key) -> str:
    """Provided by everything that lives on that server and names it itself."""
    return f"on:{token_of(DATABASE_INSTANCE, instance)}"


def claims(instance: Key, kind: Kind, real_name: str) -> str:
    """Provided by every object that stands for the real thing of that name on that server."""
    return f"claims:{instance}:{kind.kind}:{real_name}"


def depends_on(kind: Kind, key: Key) -> str:
    """Provided by every object that refers to that one and holds its deletion."""
    return f"dependents:{token_of(kind, key)}"


def is_server(identity: str) -> str:
    """Provided by all DatabaseInstances that are one and the same server."""
    return f"server:{identity}"
