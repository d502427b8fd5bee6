"""What is counted."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from dbaas.api.resource import Key
from dbaas.controllers.metrics import ControllerCounts, Operation

APPLY = Operation("database", "apply", "basalt")
LABELS = {"operation": "apply", "engine": "basalt"}


def test_operations_are_counted_by_what_they_were_about_and_how_they_ended() -> None:
    registry = CollectorRegistry()
    counts = ControllerCounts(registry)
    counts.count_operation(APPLY, 0.25, succeeded=True)
    counts.count_operation(APPLY, 0.5, succeeded=False)
    for status in ("success", "failure"):
        assert registry.get_sample_value("dbaas_database_operations_total", {**LABELS, "status": status}) == 1
    assert registry.get_sample_value("dbaas_database_operation_duration_seconds_sum", LABELS) == 0.75


def test_what_is_known_beforehand_is_there_with_zero_before_anything_happened() -> None:
    registry = CollectorRegistry()
    ControllerCounts(registry, ["grant"], ["basalt"])
    labels = {**LABELS, "operation": "delete", "status": "failure"}
    assert registry.get_sample_value("dbaas_grant_operations_total", labels) == 0
    scans = {"engine": "basalt", "status": "success"}
    assert registry.get_sample_value("dbaas_discovery_scans_total", scans) == 0


def test_drift_corrections_and_passes_are_counted() -> None:
    registry = CollectorRegistry()
    counts, labels = ControllerCounts(registry), {"kind": "databasegrants.dbaas.io", "engine": "basalt"}
    counts.count_drift(**labels)
    counts.count_correction(**labels, succeeded=False)
    counts.time_pass(0.2)
    assert registry.get_sample_value("dbaas_drift_detections_total", labels) == 1
    assert registry.get_sample_value("dbaas_drift_corrections_total", {**labels, "status": "failure"}) == 1
    assert registry.get_sample_value("dbaas_drift_pass_seconds_sum") == 0.2


def test_scans_and_adoptions_are_counted() -> None:
    registry = CollectorRegistry()
    counts = ControllerCounts(registry)
    counts.count_scan("basalt", succeeded=False)
    counts.count_adoption("databases.dbaas.io")
    assert registry.get_sample_value("dbaas_discovery_scans_total", {"engine": "basalt", "status": "failure"}) == 1
    assert registry.get_sample_value("dbaas_adoptions_total", {"kind": "databases.dbaas.io"}) == 1


def test_a_server_that_is_gone_is_told_of_no_more() -> None:
    registry = CollectorRegistry()
    counts, name = ControllerCounts(registry), "dbaas_instance_last_health_check_timestamp_seconds"
    counts.note_health_check(Key("shop", "main"), 1700000000.5)
    labels = {"namespace": "shop", "server": "main"}
    assert registry.get_sample_value(name, labels) == 1700000000.5
    for _ in range(2):
        counts.forget(Key("shop", "main"))
        assert registry.get_sample_value(name, labels) is None
