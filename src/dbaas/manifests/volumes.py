"""Volumes of pods, and claims for those that outlive them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dbaas.api.core import PERSISTENT_VOLUME_CLAIM


def build_claim(metadata: Mapping[str, Any], size: str, storage_class: str | None) -> dict[str, Any]:
    """A volume that one node at a time mounts; without a class it is of the default one."""
    spec: dict[str, Any] = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    if storage_class is not None:
        spec["storageClassName"] = storage_class
    return {
        "apiVersion": PERSISTENT_VOLUME_CLAIM.api_version,
        "kind": PERSISTENT_VOLUME_CLAIM.kind,
        "metadata": dict(metadata),
        "spec": spec,
    }


def mount_claim(name: str, claim: str) -> dict[str, Any]:
    return {"name": name, "persistentVolumeClaim": {"claimName": claim}}


def build_scratch(name: str, *, in_memory: bool = False) -> dict[str, Any]:
    """Empty at the start of each pod."""
    return {"name": name, "emptyDir": {"medium": "Memory"} if in_memory else {}}


def project(name: str, sources: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Keys of ConfigMaps and Secrets in one folder, for its owner and the pod's group alone."""
    return {"name": name, "projected": {"sources": list(sources), "defaultMode": 0o440}}


def from_config_map(name: str, paths: Mapping[str, str]) -> dict[str, Any]:
    """A source for `project`: keys, and the path at which each is found."""
    return {"configMap": {"name": name, "items": _items(paths)}}


def from_secret(name: str, paths: Mapping[str, str]) -> dict[str, Any]:
    """As `from_config_map`."""
    return {"secret": {"name": name, "items": _items(paths)}}


def _items(paths: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "path": path} for key, path in paths.items()]
