"""Profiles: resources for a cluster that names a size instead of amounts."""

from __future__ import annotations

from collections.abc import Mapping

from dbaas.api.cluster import DatabaseClusterSpec
from dbaas.api.pods import ResourceRequirements


def _size(cpu: str, memory: str, most_cpu: str, most_memory: str) -> ResourceRequirements:
    return ResourceRequirements(
        requests={"cpu": cpu, "memory": memory}, limits={"cpu": most_cpu, "memory": most_memory}
    )


PROFILES: Mapping[str, ResourceRequirements] = {
    "default": _size("1", "2Gi", "2", "4Gi"),
    "dev": _size("100m", "256Mi", "1", "512Mi"),
    "prod": _size("2", "8Gi", "4", "8Gi"),
    "high-memory": _size("2", "16Gi", "4", "16Gi"),
}
"""What is promised and what is the most. Where they are equal, memory is never taken away again."""


def resources_of(spec: DatabaseClusterSpec) -> ResourceRequirements:
    """What an instance gets: `resources`, where it says anything, else the profile's."""
    given = spec.resources
    if given is not None and (given.requests or given.limits):
        return given
    return PROFILES[spec.profile or "default"]
