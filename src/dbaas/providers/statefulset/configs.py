"""The ConfigMap of what runs in a pod: its scripts and files, and what of it nothing that runs can read again. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from dbaas.api.core import CONFIG_MAP
from dbaas.contracts.provider import Instance
from dbaas.providers.statefulset.names import config_key
from dbaas.providers.statefulset.places import Places
from dbaas.providers.statefulset.scripts import build_run

CHECKSUM = "dbaas.io/config-checksum"
"""Annotation of a pod: another one means another pod."""


def build_config_map(metadata: Mapping[str, Any], instance: Instance, scripts: Mapping[str, str]) -> dict[str, Any]:
    """What comes from Secrets is not in it."""
    contents = {config_key(file.path): file.content or "" for file in instance.files if file.secret is None}
    return {
        "apiVersion": CONFIG_MAP.api_version,
        "kind": CONFIG_MAP.kind,
        "metadata": dict(metadata),
        "data": {**scripts, **contents},
    }


def checksum_of(instance: Instance, places: Places) -> str:
    digest = hashlib.sha256(build_run(instance, places).encode())
    for file in instance.files:
        if file.on_change == "restart" and file.content is not None:
            digest.update(f"\0{file.path}\0{file.content}".encode())
    return digest.hexdigest()
