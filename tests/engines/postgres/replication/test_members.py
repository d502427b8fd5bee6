"""The members of a replicated cluster, as the server renders them."""

from __future__ import annotations

import json
from typing import Any

from dbaas.api.cluster import DatabaseClusterSpec
from dbaas.contracts.provider import Instance, SecretKey, Site, Workload
from dbaas.engines.postgres.replication.members import CONTROL_KEY, NOTES, REPLICATION_KEY
from dbaas.engines.postgres.server import PostgresServer


def workload(site: Site = "laptop", **more: Any) -> Workload:
    body = {"engine": {"type": "postgres", "version": "18"}, "clusterSize": 3, **more}
    return PostgresServer().workload("main", DatabaseClusterSpec.model_validate(body), site)


def configuration(instance: Instance) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(next(f.content or "" for f in instance.files if f.path == "patroni.yml"))
    return found


def test_the_first_is_called_as_the_cluster_is_so_that_a_single_server_can_become_it() -> None:
    assert [each.name for each in workload().instances] == ["main", "main-2", "main-3"]
    single = workload(clusterSize=1).instances[0]
    assert single.init[0].creates == workload().instances[0].init[0].creates


def test_only_the_first_may_make_data_and_the_others_join() -> None:
    first, *others = workload().instances
    assert "data-checksums" in configuration(first)["bootstrap"]["initdb"]
    assert not first.joins
    for each in others:
        assert "bootstrap" not in configuration(each)
        assert each.joins


def test_a_server_never_outlives_its_patroni_which_is_asked_for_a_page_and_not_for_a_connection() -> None:
    for each in workload().instances:
        assert each.leash == "data/postmaster.pid"
        assert each.alive is not None and each.alive.path == "/liveness"
        found = (each.alive.period_seconds + each.alive.timeout_seconds) * each.alive.failures
        assert found < 20, "it is found before the others elect somebody else"
        assert each.ready is not None and each.ready.path == "/readiness"


def test_passwords_are_in_files_from_the_secret_and_nowhere_else() -> None:
    made = workload()
    assert made.passwords == (REPLICATION_KEY, CONTROL_KEY)
    for each in made.instances:
        assert not [name for name in each.env if "PASSWORD" in name]
        file = next(file for file in each.files if file.path == "patroni.yml")
        assert set(file.secrets.values()) == {
            SecretKey("main-credentials", key) for key in ("password", REPLICATION_KEY, CONTROL_KEY)
        }
        for variable in file.secrets:
            assert f"$({variable})" in (file.content or "")


def test_everybody_proves_a_password_and_nobody_comes_from_elsewhere() -> None:
    access = configuration(workload().instances[0])["postgresql"]["pg_hba"]
    assert all(line.endswith("scram-sha-256") for line in access)
    assert {line.split()[3] for line in access if line.startswith("host")} == {"127.0.0.1/32"}


def test_on_kubernetes_whoever_proves_a_password_comes_from_any_pod() -> None:
    made = workload("kubernetes")
    access = configuration(made.instances[0])["postgresql"]["pg_hba"]
    assert all(line.endswith("scram-sha-256") for line in access)
    assert {line.split()[3] for line in access if line.startswith("host")} == {"all"}
    assert made.image is None, "the usual images have no Patroni: whoever has one that does names it"


def test_what_differs_between_members_and_machines_is_a_word_that_the_provider_knows() -> None:
    first, second, _ = workload().instances
    assert first.env == second.env
    assert first.env["PATRONI_NAME"] == "$(POD)"
    assert first.env["PATRONI_POSTGRESQL_CONNECT_ADDRESS"] == "$(ADDRESS):$(PORT_SQL)"
    assert [port.is_private for port in first.ports] == [False, True]


def test_they_agree_through_notes_of_the_api_that_say_how() -> None:
    made = workload(config=[{"name": "max_connections", "value": "50"}])
    assert tuple(made.notes) == NOTES
    assert json.loads(made.notes["config"]["config"])["postgresql"]["parameters"]["max_connections"] == "50"
    assert all(each.uses_api for each in made.instances)


def test_a_setting_that_needs_a_restart_changes_what_they_are_started_with_and_another_does_not() -> None:
    def restarting(**config: str) -> list[str | None]:
        made = workload(config=[{"name": name, "value": value} for name, value in config.items()])
        return [file.content for each in made.instances for file in each.files if file.on_change == "restart"]

    assert restarting(work_mem="1MB") == restarting(work_mem="2MB") == restarting()
    assert restarting(max_connections="50") != restarting()
