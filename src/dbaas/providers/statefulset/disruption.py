"""What the pods of an instance, or of a pooler, must be replaced for. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import orjson

from dbaas.api.core import DEPLOYMENT, STATEFUL_SET
from dbaas.api.resource import Resource
from dbaas.contracts.provider import Disruption

TEMPLATE = "dbaas.io/template"
"""Annotation of what makes pods: the digest of the template that we have written. What is served has defaults in it."""
SERVES_VERSION = "dbaas.io/version"
"""Annotation of a StatefulSet: the major version of what its pod runs."""
RESTARTED_AT = "dbaas.io/restarted-at"


def digest_of(template: Mapping[str, Any]) -> str:
    return hashlib.sha256(orjson.dumps(template, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


def find_disruption(running: Resource, wanted: Mapping[str, Any]) -> Disruption | None:
    """None for what has no pods, or none now, and where we have not said yet what its template was.

    And for another version where nothing serves: all that can be lost by that is time.
    """
    said = running.metadata.annotations.get(TEMPLATE)
    if running.kind not in (STATEFUL_SET, DEPLOYMENT) or said in (None, wanted["metadata"]["annotations"][TEMPLATE]):
        return None
    if not running.spec.get("replicas") or not wanted["spec"]["replicas"]:
        return None
    version, other = (
        running.metadata.annotations.get(SERVES_VERSION),
        wanted["metadata"]["annotations"].get(SERVES_VERSION),
    )
    is_other = None not in (version, other) and version != other
    if is_other and not running.status.get("readyReplicas"):
        return None
    before, after = running.spec["template"], wanted["spec"]["template"]
    is_asked = _asked(before) != _asked(after) or _account(before) != _account(after)
    if is_other:
        return Disruption(f"version {other} instead of {version}", is_asked)
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
    """Of the first container: what runs beside it is no matter of versions."""
    return str(template["spec"]["containers"][0]["image"])


def _with_image(template: Mapping[str, Any], image: str) -> Mapping[str, Any]:
    """The same pod, with the server's programs from elsewhere."""
    changed, new = deepcopy(dict(template)), _image(template)
    spec = changed["spec"]
    for container in (*spec.get("initContainers", ()), *spec["containers"]):
        if container["image"] == new:
            container["image"] = image
    return changed
