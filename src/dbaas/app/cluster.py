"""What of everything that is plugged in counts in a Kubernetes cluster, and its definitions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dbaas.api.kinds import DEFINITIONS
from dbaas.api.resource import Kind
from dbaas.api.schema import build_crd
from dbaas.contracts.registry import Registry, find_registry
from dbaas.core.clock import Clock, SystemClock
from dbaas.core.randomness import Randomness, SystemRandomness


@dataclass(frozen=True)
class Sources:
    """Where time and chance come from."""

    clock: Clock = field(default_factory=SystemClock)
    randomness: Randomness = field(default_factory=SystemRandomness)


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
