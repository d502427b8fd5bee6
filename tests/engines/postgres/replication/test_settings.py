"""What the members of a replicated cluster agree on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dbaas.api.cluster import DatabaseClusterSpec
from dbaas.engines.postgres.replication.settings import TIMING, build_shared, find_unfit, restart_settings


def shared(**topology: Any) -> dict[str, Any]:
    body: dict[str, Any] = {"engine": {"type": "postgres", "version": "18"}, "clusterSize": 3}
    spec = DatabaseClusterSpec.model_validate({**body, **({"topology": topology} if topology else {})})
    found: dict[str, Any] = json.loads(build_shared(spec, {"work_mem": "5MB"}))
    return found


def test_the_times_are_as_short_as_patroni_lets_them_be_and_fit_together() -> None:
    assert TIMING["loop_wait"] + 2 * TIMING["retry_timeout"] <= TIMING["ttl"] == 20
    assert {name: shared()[name] for name in TIMING} == TIMING


def test_a_crash_is_not_waited_for_and_a_lost_api_demotes_nobody_while_all_members_agree() -> None:
    assert (shared()["primary_start_timeout"], shared()["failsafe_mode"]) == (0, True)
    parameters = {"work_mem": "5MB", "wal_retrieve_retry_interval": "1s"}
    assert shared()["postgresql"] == {"use_pg_rewind": True, "use_slots": True, "parameters": parameters}


def test_how_soon_a_replica_turns_to_its_new_primary_may_be_said_otherwise() -> None:
    spec = DatabaseClusterSpec.model_validate({"engine": {"type": "postgres", "version": "18"}, "clusterSize": 3})
    asked = {"WAL_retrieve_retry_interval": "9s"}
    assert json.loads(build_shared(spec, asked))["postgresql"]["parameters"] == asked


@pytest.mark.parametrize(
    ("topology", "expected"),
    [
        ({}, (None, None)),
        ({"mode": "Replicated"}, (None, None)),
        ({"synchronous": {"mode": "off"}}, (None, None)),
        ({"synchronous": {"mode": "any"}}, (True, 1)),
        ({"synchronous": {"mode": "quorum", "replicas": 2}}, ("quorum", 2)),
    ],
    ids=str,
)
def test_commits_wait_for_replicas_as_the_topology_says(topology: dict[str, Any], expected: tuple[Any, Any]) -> None:
    found = shared(**topology)
    assert (found.get("synchronous_mode"), found.get("synchronous_node_count")) == expected


def test_only_settings_that_a_running_server_cannot_take_over_mean_a_restart() -> None:
    first = restart_settings({"work_mem": "1MB", "Max_Connections": "50", "my.own": "x"}, "18")
    assert first == restart_settings({"work_mem": "2MB", "Max_Connections": "50", "my.own": "y"}, "18")
    assert first != restart_settings({"work_mem": "1MB", "Max_Connections": "51", "my.own": "x"}, "18")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "synchronous_standby_names",
            "*",
            "'synchronous_standby_names' belongs to replication, which dbaas sets itself",
        ),
        ("WAL_level", "Minimal", "replicas need more than 'minimal': choose replica or logical"),
        ("max_connections", "24", "with replicas 'max_connections' is at least 25"),
        ("max_connections", "25", ""),
        ("wal_level", "logical", ""),
        ("work_mem", "1MB", ""),
    ],
)
def test_what_replication_cannot_do_with_is_told(name: str, value: str, message: str) -> None:
    assert "".join(text for _, text, _ in find_unfit(name, value)) == message


def test_of_a_version_that_nobody_has_a_table_of_another_one_tells_what_needs_a_restart() -> None:
    settings = {"max_connections": "50", "work_mem": "1MB"}
    assert restart_settings(settings, "15") == restart_settings(settings, "18") != restart_settings({}, "18")
