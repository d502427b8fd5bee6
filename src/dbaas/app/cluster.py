"""What of everything that is plugged in counts in a Kubernetes cluster, and its definitions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dbaas.api.kinds import DEFINITIONS
from dbaas.api.resource import Kind
from dbaas.api.schema import build_crd
from dbaas.contracts.registry import Registry, find_registry


def find_cluster_registry() -> Registry:
    """Raises BadPlugin, ValueError."""
    return find_registry("kubernetes")


def find_kinds(registry: Registry) -> list[Kind]:
    """Ours, and those of the dialects."""
    return [each.kind for each in DEFINITIONS] + [foreign.kind for foreign in registry.foreign_kinds()]


def build_definitions(registry: Registry) -> Sequence[Mapping[str, Any]]:
    """Their CustomResourceDefinitions."""
    ours = [build_crd(each, registry.blocks(each.kind.kind)) for each in DEFINITIONS]
    return [*ours, *(build_crd(foreign.definition, {}) for foreign in registry.foreign_kinds())]
