"""What the pod of an instance must be replaced for. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import orjson

from dbaas.api.core import STATEFUL_SET
from dbaas.api.resource import Resource
from dbaas.contracts.provider import Disruption
from dbaas.providers.statefulset.names import SERVER

TEMPLATE = "dbaas.io/template"
"""Annotation of a StatefulSet: the digest of the template that we have written. What is served has defaults in it."""
RESTARTED_AT = "dbaas.io/restarted-at"


def digest_of(template: Mapping[str, Any]) -> str:
    return hashlib.sha256(orjson.dumps(template, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


def find_disruption(running: Resource, wanted: Mapping[str, Any]) -> Disruption | None:
    """None for what has no pods, or none now, and where we have not said yet what its template was."""
    said = running.metadata.annotations.get(TEMPLATE)
    if running.kind != STATEFUL_SET or said in (None, wanted["metadata"]["annotations"][TEMPLATE]):
        return None
    if not running.spec.get("replicas") or not wanted["spec"]["replicas"]:
        return None
    before, after = running.spec["template"], wanted["spec"]["template"]
    is_asked = _asked(before) != _asked(after) or _account(before) != _account(after)
    old, new = _image(before), _image(after)
    if old == new:
        return Disruption("settings, resources or placement", is_asked)
    is_upgrade = digest_of(_with_image(after, old)) == said
    return Disruption(f"image {new} instead of {old}", is_asked, is_upgrade)


def _asked(template: Mapping[str, Any]) -> object:
    return ((template.get("metadata") or {}).get("annotations") or {}).get(RESTARTED_AT)


def _account(template: Mapping[str, Any]) -> object:
    """Another one: from now on it is to live with others, or alone, and its files are in another ConfigMap.

    It could not even be started again as it was, so it must not wait.
    """
    return template["spec"].get("serviceAccountName")


def _image(template: Mapping[str, Any]) -> str:
    return next(str(each["image"]) for each in template["spec"]["containers"] if each["name"] == SERVER)


def _with_image(template: Mapping[str, Any], image: str) -> Mapping[str, Any]:
    """The same pod, with the server's programs from elsewhere."""
    changed, new = deepcopy(dict(template)), _image(template)
    spec = changed["spec"]
    for container in (*spec.get("initContainers", ()), *spec["containers"]):
        if container["image"] == new:
            container["image"] = image
    return changed
