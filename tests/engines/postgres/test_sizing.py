"""Server settings that fit an instance's resources."""

from __future__ import annotations

import pytest

from dbaas.api.pods import ResourceRequirements
from dbaas.api.profiles import PROFILES
from dbaas.engines.postgres.parameters import find_fault, parameters_of
from dbaas.engines.postgres.sizing import settings_for


def sized(memory: str = "4Gi", cpu: str = "2", connections: int = 100) -> dict[str, str]:
    return dict(settings_for(ResourceRequirements(limits={"memory": memory, "cpu": cpu}), connections))


def test_a_quarter_of_the_memory_is_for_shared_buffers() -> None:
    assert sized("4Gi")["shared_buffers"] == "1024MB"
    assert sized("4Gi")["effective_cache_size"] == "3072MB"


def test_more_connections_leave_less_for_each() -> None:
    assert sized(connections=100)["work_mem"] == "2621kB"
    assert sized(connections=1000)["work_mem"] == "1024kB"


def test_processors_decide_how_much_is_done_at_once() -> None:
    assert sized(cpu="16")["max_worker_processes"] == "16"
    assert sized(cpu="250m")["max_parallel_workers_per_gather"] == "1"


def test_the_limit_of_memory_counts_and_the_promise_of_processors() -> None:
    both = ResourceRequirements(requests={"memory": "1Gi", "cpu": "4"}, limits={"memory": "2Gi", "cpu": "8"})
    settings = settings_for(both)
    assert (settings["shared_buffers"], settings["max_parallel_workers"]) == ("512MB", "4")


def test_where_nothing_is_said_the_servers_own_defaults_stand() -> None:
    assert settings_for(ResourceRequirements()) == {}


@pytest.mark.parametrize("version", ["16", "18"])
@pytest.mark.parametrize("memory", ["1Mi", "512Mi", "16Gi", "2Ti"])
def test_every_server_starts_with_them(version: str, memory: str) -> None:
    known = parameters_of(version)
    for resources in (*PROFILES.values(), ResourceRequirements(limits={"memory": memory, "cpu": "64"})):
        for name, value in settings_for(resources).items():
            assert find_fault(known[name], value) == "", (name, value)
