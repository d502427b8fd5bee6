"""What of everything that is plugged in counts in a Kubernetes cluster, and its definitions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dbaas.api.kinds import DEFINITIONS
from dbaas.api.resource import Kind
from dbaas.api.schema import Described, build_crds
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


def describe_kinds(registry: Registry) -> Sequence[Described]:
    """Ours, and those of the dialects, with the engines' models of their blocks."""
    ours = [(each, registry.blocks(each.kind.kind)) for each in DEFINITIONS]
    return [*ours, *((foreign.definition, {}) for foreign in registry.foreign_kinds())]


def find_kinds(registry: Registry) -> list[Kind]:
    """Ours, and those of the dialects."""
    return [definition.kind for definition, _ in describe_kinds(registry)]


def build_definitions(registry: Registry) -> Sequence[Mapping[str, Any]]:
    """Their CustomResourceDefinitions."""
    return build_crds(describe_kinds(registry))
