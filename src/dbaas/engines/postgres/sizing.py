"""Server settings that fit the memory and the processors that an instance has.

The shares are those of PostgreSQL's manual, section "Resource Consumption": a quarter of the memory for shared buffers;
the rest is the kernel's cache and what sessions work with.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

from dbaas.api.pods import ResourceRequirements
from dbaas.core.quantity import parse_quantity

MEGABYTE = 1024**2
LEAST_MEMORY = 128  # megabytes; below that the server's own defaults are no smaller
USUAL_CONNECTIONS = 100


def settings_for(resources: ResourceRequirements, connections: int = USUAL_CONNECTIONS) -> Mapping[str, str]:
    """By name; empty where nothing is said of memory and processors.

    Memory counts as limited, since what goes beyond is killed; processors as promised.
    """
    memory = resources.limits.get("memory") or resources.requests.get("memory")
    processors = resources.requests.get("cpu") or resources.limits.get("cpu")
    settings: dict[str, str] = {}
    if memory is not None:
        megabytes = int(parse_quantity(memory) / MEGABYTE)
        settings |= _of_memory(max(megabytes, LEAST_MEMORY), max(connections, 1))
    if processors is not None:
        settings |= _of_processors(max(1, ceil(parse_quantity(processors))))
    return settings


def _of_memory(megabytes: int, connections: int) -> Mapping[str, str]:
    """A session may use work_mem several times at once, so a quarter of the memory is shared by four times as many."""
    return {
        "shared_buffers": f"{megabytes // 4}MB",
        "effective_cache_size": f"{megabytes * 3 // 4}MB",
        "maintenance_work_mem": f"{min(max(megabytes // 16, 16), 1024)}MB",
        "work_mem": f"{max(megabytes * 1024 // (connections * 16), 1024)}kB",
    }


def _of_processors(count: int) -> Mapping[str, str]:
    return {
        "max_worker_processes": str(max(8, count)),
        "max_parallel_workers": str(max(2, count)),
        "max_parallel_workers_per_gather": str(min(4, max(1, count // 2))),
    }
