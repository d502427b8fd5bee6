"""What is refused in a DatabaseCluster, with the field and a sentence."""

from __future__ import annotations

import pytest

from dbaas.api.cluster import DatabaseClusterSpec
from dbaas.contracts.admission import Violation
from dbaas.engines.postgres.rules.clusters import memory_is_enough, settings_are_known


def check_cluster(*config: tuple[str, str], version: str = "18", size: int = 1) -> list[Violation]:
    body = {"engine": {"type": "postgres", "version": version}, "config": [{"name": n, "value": v} for n, v in config]}
    return list(settings_are_known(DatabaseClusterSpec.model_validate({**body, "clusterSize": size})))


def told(violations: list[Violation]) -> list[tuple[str, str]]:
    return [(violation.field, violation.message) for violation in violations]


def test_ordinary_settings_pass() -> None:
    assert not check_cluster(
        ("max_connections", "50"), ("Work_Mem", "8MB"), ("auto_explain.log_min_duration", "1s"), ("ssl", "off")
    )


def test_settings_that_cannot_be_are_refused_each_with_its_reason() -> None:
    assert told(check_cluster(("max_conections", "50"), ("port", "1"), ("wal_level", "x"), ("SSL", "on"))) == [
        ("spec.config[0].name", "PostgreSQL 18 has no setting 'max_conections'; did you mean 'max_connections'?"),
        ("spec.config[1].name", "dbaas sets 'port' itself, so that it can run the server"),
        ("spec.config[2].value", "'x' does not fit 'wal_level': choose one of minimal, replica, logical"),
        ("spec.config[3].name", "say it by spec.tls, which gives the server a certificate, too"),
    ]


@pytest.mark.parametrize("version", ["18", "99"])
def test_where_servers_encrypt_the_settings_that_make_them_do_so_are_ours(version: str) -> None:
    body = {"engine": {"type": "postgres", "version": version}, "tls": {}}
    config = [
        {"name": "SSL", "value": "off"},
        {"name": "ssl_key_file", "value": "x"},
        {"name": "ssl_ciphers", "value": "x"},
    ]
    found = settings_are_known(DatabaseClusterSpec.model_validate({**body, "config": config}))
    assert [violation.field for violation in found] == ["spec.config[0].name", "spec.config[1].name"]


def test_a_value_cannot_smuggle_in_another_line() -> None:
    assert check_cluster(("my.own", "a\nfsync = off")) and check_cluster(("my.own", "a\nb"), version="99")


@pytest.mark.parametrize(("format_", "fields"), [("json", ["spec.config[0].name"]), ("text", [])])
def test_where_the_log_goes_is_ours_as_long_as_it_is_of_json(format_: str, fields: list[str]) -> None:
    body = {
        "engine": {"type": "postgres", "version": "18"}, "monitoring": {"logging": {"format": format_}},
        "config": [{"name": "Log_Directory", "value": "/tmp"}, {"name": "log_line_prefix", "value": "x"}],
    }  # fmt: skip
    found = settings_are_known(DatabaseClusterSpec.model_validate(body))
    assert [(violation.field, violation.reason) for violation in found] == [(f, "FieldValueForbidden") for f in fields]


def test_what_replication_cannot_do_with_is_refused_only_where_there_are_replicas() -> None:
    config = (("max_connections", "20"), ("wal_level", "minimal"), ("synchronous_standby_names", "*"))
    assert check_cluster(*config) == []
    assert [violation.field for violation in check_cluster(*config, size=3)] == [
        "spec.config[0].value", "spec.config[1].value", "spec.config[2].name",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("limits", "is_wrong"),
    [({}, False), ({"cpu": "1"}, False), ({"memory": "128Mi"}, False), ({"memory": "20Mi"}, True)],
)
def test_memory_must_be_enough_for_a_server(limits: dict[str, str], is_wrong: bool) -> None:
    body = {"engine": {"type": "postgres", "version": "18"}, "clusterSize": 1, "resources": {"limits": limits}}
    found = memory_is_enough(DatabaseClusterSpec.model_validate(body))
    assert [each.field for each in found] == (["spec.resources.limits.memory"] if is_wrong else [])
