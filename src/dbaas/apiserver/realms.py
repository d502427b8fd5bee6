"""What whoever comes with a limited token may do: what Patroni asks of the API, within its own cluster.

A member runs in the hands of whoever is a superuser in its server, so it gets no more than it needs: its cluster's Pods
and notes. Source of the list: patroni/dcs/kubernetes.py, the calls of `self._api`.
"""

from __future__ import annotations

import re

import orjson

from dbaas.api.resource import LABEL_CLUSTER
from dbaas.contracts.transport import Request
from dbaas.core.limited_tokens import Realm

_PATH = re.compile(r"/api/v1/namespaces/(?P<namespace>[^/]+)/(?P<plural>pods|configmaps)(/(?P<name>[^/]+))?/?")
_METHODS = {"pods": {"GET", "PATCH"}, "configmaps": {"GET", "PATCH", "PUT"}}


def is_within(realm: Realm, request: Request) -> bool:
    """Whether it concerns that cluster alone: a list or watch by its label, or an object by a name of its own."""
    found = _PATH.fullmatch(request.path)
    if found is None or found["namespace"] != realm.namespace:
        return False
    plural, name = found["plural"], found["name"]
    if name is not None:
        return request.method in _METHODS[plural] and _is_its_own(realm, plural, name)
    if request.method == "GET":
        return f"{LABEL_CLUSTER}={realm.cluster}" in request.query.get("labelSelector", "").split(",")
    return request.method == "POST" and plural == "configmaps" and _is_its_own(realm, plural, _read_name(request.body))


def _is_its_own(realm: Realm, plural: str, name: str) -> bool:
    """Pods are called `<cluster>` and `<cluster>-<number>`, notes `<cluster>-<word>`."""
    if name == realm.cluster:
        return plural == "pods"
    head, _, tail = name.rpartition("-")
    return head == realm.cluster and (tail.isdecimal() if plural == "pods" else tail.isalpha())


def _read_name(body: bytes) -> str:
    try:
        read = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    metadata = read.get("metadata") if isinstance(read, dict) else None
    return str(metadata.get("name", "")) if isinstance(metadata, dict) else ""
