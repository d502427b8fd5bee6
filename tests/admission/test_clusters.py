"""Rules about clusters, one at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dbaas.admission import clusters
from dbaas.admission.facts import Facts
from dbaas.contracts.admission import Review
from dbaas.contracts.provider import Init, ServerPart, Site, Workload
from dbaas.contracts.registry import Registry
from dbaas.contracts.upgrade import Upgrade
from fixtures.registries import GraniteServer, RunnerProvider, granite_cluster, granite_registry, granite_spec


def test_the_provider_of_the_named_entry_counts_where_the_spec_names_none() -> None:
    facts = Facts(granite_registry(), "granite", {"provider": "boat"})
    (violation,) = clusters.provider_can(granite_cluster(), facts)
    assert "'boat'" in violation.message


def test_an_unknown_engine_is_left_to_its_own_rule() -> None:
    spec = granite_cluster(engine={"type": "basalt", "version": "1"})
    assert not list(clusters.engine_runs(spec, Facts(granite_registry(), "basalt")))


def review(**storage: Any) -> Review:
    body = {"metadata": {"name": "main"}, "spec": granite_spec(storage=storage)}
    return Review("UPDATE", "dbaas.io", "v1", "DatabaseCluster", body, body)


@pytest.mark.parametrize(
    ("before", "after", "fields"),
    [
        ({"size": "10Gi"}, {"size": "20Gi"}, []),
        ({"size": "10Gi"}, {"size": "10240Mi"}, []),
        ({"size": "10Gi"}, {"size": "9Gi"}, ["spec.storage.size"]),
        ({}, {"size": "1Gi"}, ["spec.storage.size"]),
        ({}, {"storageClassName": "fast"}, ["spec.storage.storageClassName"]),
    ],
    ids=str,
)
def test_a_volume_only_grows_and_stays_in_its_class(
    before: dict[str, Any], after: dict[str, Any], fields: list[str]
) -> None:
    found = clusters.storage_stays(review(**before), granite_cluster(storage=after))
    assert [violation.field for violation in found] == fields


def test_a_version_that_the_entry_has_an_image_of_can_be_run() -> None:
    spec = granite_cluster(engine={"type": "granite", "version": "7"})
    entry = {"images": [{"version": "7", "image": "own:7"}]}
    assert not list(clusters.engine_runs(spec, Facts(granite_registry(), "granite", entry)))
    (violation,) = clusters.engine_runs(spec, Facts(granite_registry(), "granite"))
    assert "choose one of 2, 1" in violation.message


WINDOW = {"dayOfWeek": 0, "startTime": "22:00", "duration": "4h"}


@pytest.mark.parametrize(
    ("maintenance", "fields"),
    [
        (None, []),
        ({}, []),
        ({"windows": [WINDOW], "timezone": "Europe/Berlin"}, []),
        ({"windows": [{**WINDOW, "duration": "7d"}]}, []),
        ({"windows": [WINDOW], "timezone": "Mars/Olympus"}, ["spec.maintenance.timezone"]),
        (
            {"windows": [{**WINDOW, "duration": "59s"}, {**WINDOW, "duration": "8d"}], "timezone": "/etc"},
            [
                "spec.maintenance.timezone",
                "spec.maintenance.windows[0].duration",
                "spec.maintenance.windows[1].duration",
            ],
        ),
    ],
    ids=str,
)
def test_windows_have_a_time_zone_that_there_is_and_a_length_that_makes_sense(
    maintenance: dict[str, Any] | None, fields: list[str]
) -> None:
    found = clusters.windows_are_clear(granite_cluster(maintenance=maintenance))
    assert [violation.field for violation in found] == fields


@pytest.mark.parametrize(
    ("size", "topology", "fields"),
    [
        (1, {"mode": "Standalone"}, []),
        (3, {"mode": "Replicated", "synchronous": {"mode": "quorum", "replicas": 2}}, []),
        (1, {"synchronous": {"mode": "off"}}, []),
        (3, {"mode": "Standalone"}, ["spec.topology.mode"]),
        (1, {"mode": "Replicated"}, ["spec.topology.mode"]),
        (3, {"mode": "Sharded", "shards": 2}, ["spec.topology.mode"]),
        (3, {"shards": 2}, ["spec.topology.shards"]),
        (3, {"antiAffinity": True}, ["spec.topology.antiAffinity"]),
        (2, {"synchronous": {"mode": "any", "replicas": 2}}, ["spec.topology.synchronous.replicas"]),
        (1, {"synchronous": {"mode": "any"}}, ["spec.topology.synchronous.replicas"]),
    ],
    ids=str,
)
def test_a_topology_has_the_instances_that_it_needs(size: int, topology: dict[str, Any], fields: list[str]) -> None:
    found = clusters.topology_fits(granite_cluster(clusterSize=size, topology=topology))
    assert [violation.field for violation in found] == fields


SETTING = [{"name": "a", "value": "1"}]


class Carved(GraniteServer):
    """Data of version 1 becomes that of version 2; `programs` says for which versions there are any."""

    def __init__(self, *installed: str) -> None:
        self._installed = installed

    def workload(self, name: str, spec: Any, site: Site = "laptop") -> Workload:
        found = super().workload(name, spec, site)
        step = Init(("granite",), "data", upgrade=Upgrade(("ask",), ("do",), ("undo",), ("after",)))
        return replace(found, instances=tuple(replace(each, init=(step,)) for each in found.instances))

    def programs(self, version: str, *, encrypted: bool = False) -> str | None:
        return "/opt/granite" if version in self._installed else None


def change_version(before: str, after: str, *, server: ServerPart | None = None, **status: Any) -> list[str]:
    """What is said against it."""
    old = {"metadata": {"name": "main"}, "spec": granite_spec(engine={"type": "granite", "version": before})}
    spec = granite_spec(engine={"type": "granite", "version": after})
    review = Review("UPDATE", "dbaas.io", "v1", "DatabaseCluster", {**old, "spec": spec}, {**old, "status": status})
    known = granite_registry()
    engine = replace(known.engines["granite"], server=server or Carved("2", "1"))
    facts = Facts(replace(known, engines={**known.engines, "granite": engine}), "granite")
    found = [*clusters.version_may_change(review, granite_cluster(**spec), facts)]
    assert {each.field for each in found} <= {"spec.engine.version"}
    return [each.message for each in found]


def test_a_newer_version_is_accepted_where_there_is_a_way_to_it() -> None:
    assert change_version("1", "2") == []
    assert change_version("1", "1") == []
    (message,) = change_version("1", "2", server=GraniteServer())
    assert "is of version 1, and this version of dbaas cannot upgrade it to 2 where it runs: write '1'" in message


def test_an_upgrade_needs_the_programs_of_both_versions() -> None:
    (message,) = change_version("1", "2", server=Carved("2"))
    assert message == "an upgrade from version 1 needs its programs as well: granite 1 is not installed: carve it"


def on_kubernetes(entry: dict[str, Any] | None = None) -> Facts:
    """What runs it, runs it in pods."""
    known = granite_registry()
    provider = RunnerProvider()
    provider.runs_on = "kubernetes"
    engine = replace(known.engines["granite"], server=Carved("2", "1"))
    return Facts(Registry({"granite": engine}, {"runner": provider}, "runner"), "granite", entry)


def test_several_instances_need_an_image_that_somebody_has_named() -> None:
    spec = granite_cluster(clusterSize=2)
    (violation,) = clusters.provider_can(spec, on_kubernetes())
    assert violation.field == "spec.clusterSize"
    assert "name one in spec.images of the DatabaseEngine" in violation.message
    named = on_kubernetes({"provider": "runner", "images": [{"version": "2", "image": "own:2"}]})
    assert not list(clusters.provider_can(spec, named))
    assert not list(clusters.provider_can(granite_cluster(clusterSize=1), on_kubernetes()))
    unknown = granite_cluster(clusterSize=2, engine={"type": "granite", "version": "9"})
    assert not list(clusters.provider_can(unknown, on_kubernetes())), "the rule of versions tells"


def test_on_kubernetes_an_image_must_have_the_programs_of_both_versions() -> None:
    old = {"metadata": {"name": "main"}, "spec": granite_spec(engine={"type": "granite", "version": "1"})}
    review = Review("UPDATE", "dbaas.io", "v1", "DatabaseCluster", {**old, "spec": granite_spec()}, old)
    images = [{"version": "1", "image": "x:1"}, {"version": "2", "image": "x:2"}]

    def refuse(*older: dict[str, str]) -> list[str]:
        entry = {"images": [images[0], {**images[1], "upgradesFrom": list(older)}]}
        found = clusters.version_may_change(review, granite_cluster(), on_kubernetes(entry))
        return [each.message for each in found]

    assert refuse({"version": "1", "programs": "/old"}) == []
    (message,) = refuse({"version": "0", "programs": "/old"})
    assert message.startswith("an upgrade from version 1 needs an image with the programs of both versions: name one")
    assert "with version '2' and upgradesFrom: [{version: '1', programs: the folder in the image with them}]" in message
    assert refuse() == [message]


def test_on_kubernetes_the_settings_of_a_single_instance_stay_while_it_is_upgraded() -> None:
    old = {"spec": granite_spec(engine={"type": "granite", "version": "1"}), "status": {"currentVersion": "1.9"}}
    changed = granite_spec(config=SETTING)
    review = Review("UPDATE", "dbaas.io", "v1", "DatabaseCluster", {"spec": changed}, old)
    (found,) = clusters.upgrade_stands_alone(review, granite_cluster(**changed), on_kubernetes())
    told = "the cluster is being upgraded from version 1 to 2: change this before or after"
    assert (found.field, found.message) == ("spec.config", told)


def test_an_older_version_is_refused_once_the_newer_one_has_served() -> None:
    (message,) = change_version("2", "1", currentVersion="2.3")
    assert "no version reads data of a newer one" in message
    assert change_version("2", "1", currentVersion="1.9") == []


def test_a_version_that_nobody_has_is_left_to_its_own_rule() -> None:
    assert change_version("2", "3") == []


@pytest.mark.parametrize(
    ("before", "after", "status", "fields"),
    [
        ({"clusterSize": 2}, {"clusterSize": 2}, {}, []),
        ({"clusterSize": 2}, {"clusterSize": 1}, {}, ["spec.clusterSize"]),
        ({"clusterSize": 2}, {"clusterSize": 2, "config": SETTING}, {}, ["spec.config"]),
        ({"clusterSize": 2}, {"clusterSize": 2, "config": SETTING}, {"upgradingTo": "2"}, []),
        ({"clusterSize": 2}, {"clusterSize": 2, "config": SETTING}, {"currentVersion": "2.3"}, []),
        ({"clusterSize": 1}, {"clusterSize": 1, "config": SETTING}, {}, []),
    ],
    ids=str,
)
def test_several_instances_are_upgraded_and_nothing_else_meanwhile(
    before: dict[str, Any], after: dict[str, Any], status: dict[str, Any], fields: list[str]
) -> None:
    served = {"currentVersion": "1.9", **status}
    old = {"metadata": {"name": "main"}, "spec": granite_spec(**before), "status": served}
    review = Review("UPDATE", "dbaas.io", "v1", "DatabaseCluster", {**old, "spec": granite_spec(**after)}, old)
    found = clusters.upgrade_stands_alone(review, granite_cluster(**after), Facts(granite_registry(), "granite"))
    assert [each.field for each in found] == fields
