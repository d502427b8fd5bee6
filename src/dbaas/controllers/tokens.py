"""Tokens: how objects find those that depend on them or want the same thing, without looking at all others.

A token is a string that an object provides or refers to (`contracts.reconcile.Controller`). All of these are pure.
"""

from __future__ import annotations

from dbaas.api.instance import CLUSTER_DATABASE_INSTANCE, instance_kind
from dbaas.api.references import InstanceReference, Reference
from dbaas.api.resource import Key, Kind
from dbaas.api.role import CLUSTER_DATABASE_ROLE, DATABASE_ROLE
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.reconcile import token_of

PRINCIPALS = (DATABASE_USER, DATABASE_ROLE, CLUSTER_DATABASE_ROLE)
"""Kinds that stand for a role of a server: whoever can hold privileges."""


def instance_key(reference: InstanceReference, namespace: str) -> Key:
    """The server that is meant: a cluster's published server has the cluster's name."""
    if reference.kind == CLUSTER_DATABASE_INSTANCE.kind:
        return Key("", reference.name)
    return Key(reference.namespace or namespace, reference.name)


def reference_key(reference: Reference, namespace: str) -> Key:
    """The object that is meant, by default in the namespace of the one that refers to it."""
    return Key(reference.namespace or namespace, reference.name)


def applied(token: str) -> str:
    """Provided beside that token by an object that its server has."""
    return f"applied:{token}"


def lives_on(instance: Key) -> str:
    """Provided by everything that lives on that server and names it itself."""
    return f"on:{token_of(instance_kind(instance), instance)}"


def claims(instance: Key, thing: str, real_name: str) -> str:
    """Provided by every object, of whatever kind, that stands for the real thing of that name on that server."""
    return f"claims:{instance}:{thing}:{real_name}"


def wants(instance: Key, role: str) -> str:
    """Provided by objects that want entries of that role of that server without referring to an object for it."""
    return f"wants:{instance}:{role}"


def depends_on(kind: Kind, key: Key) -> str:
    """Provided by every object that refers to that one and holds its deletion."""
    return f"dependents:{token_of(kind, key)}"


def logs_in_by(secret: Key) -> str:
    """Provided by every instance whose login or certificates are in that Secret."""
    return f"login:{secret}"


def is_server(identity: str) -> str:
    """Provided by all instances that are one and the same server."""
    return f"server:{identity}"
