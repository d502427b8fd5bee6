"""Where a server's log goes, and how much of it there is."""

from __future__ import annotations

import json

import pytest

from dbaas.api.cluster import DatabaseClusterSpec
from dbaas.contracts.provider import Instance
from dbaas.engines.postgres.parameters import parameters_of
from dbaas.engines.postgres.server import PostgresServer

PLACE = {
    "logging_collector": "on", "log_destination": "jsonlog", "log_directory": "../log", "log_filename": "server.log",
    "log_rotation_age": "0", "log_rotation_size": "0",
}  # fmt: skip


def files_of(instance: Instance) -> dict[str, str]:
    return {file.path: file.content or "" for file in instance.files}


def test_the_level_of_the_log_is_read_again_without_a_restart_and_what_config_says_counts_more() -> None:
    body = {
        "engine": {"type": "postgres", "version": "18"}, "clusterSize": 1,
        "monitoring": {"logging": {"level": "debug"}},
    }  # fmt: skip
    (instance,) = PostgresServer().workload("main", DatabaseClusterSpec.model_validate(body)).instances
    assert "log_min_messages = 'debug1'" in files_of(instance)["settings-reload.conf"]
    said = {**body, "config": [{"name": "log_min_messages", "value": "panic"}]}
    (instance,) = PostgresServer().workload("main", DatabaseClusterSpec.model_validate(said)).instances
    assert "log_min_messages = 'panic'" in files_of(instance)["settings-reload.conf"]


@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize("version", PostgresServer().versions)
def test_a_log_of_json_goes_to_files_that_the_server_never_changes_for_others(version: str, size: int) -> None:
    body = {"engine": {"type": "postgres", "version": version}, "clusterSize": size}
    plain, told = (
        PostgresServer().workload("main", DatabaseClusterSpec.model_validate({**body, **more}))
        for more in ({}, {"monitoring": {"logging": {"format": "json"}}})
    )
    assert {each.logs for each in plain.instances} == {()}
    assert {each.logs for each in told.instances} == {("log/server.json", "log/server.log")}
    if size == 1:
        given = dict(word.split("=", 1) for word in told.instances[0].command if "=" in word)
    else:
        given = json.loads(told.notes["config"]["config"])["postgresql"]["parameters"]
    known = {name: value for name, value in given.items() if name.startswith("log") and name in PLACE}
    assert known == PLACE
    assert set(PLACE) <= set(parameters_of(version))
    assert told.instances[0] != plain.instances[0]  # so that it is started anew
