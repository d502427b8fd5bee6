"""What is counted."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from dbaas.controllers.metrics import ControllerCounts


def test_operations_are_counted_by_how_they_ended() -> None:
    registry = CollectorRegistry()
    counts = ControllerCounts(registry)
    counts.count_operation("Database", "apply", "basalt", succeeded=True)
    counts.count_operation("Database", "apply", "basalt", succeeded=False)
    labels = {"kind": "Database", "operation": "apply", "engine": "basalt", "status": "failure"}
    assert registry.get_sample_value("dbaas_operations_total", labels) == 1


def test_drift_and_passes_are_counted() -> None:
    registry = CollectorRegistry()
    counts = ControllerCounts(registry)
    counts.count_drift("DatabaseGrant", "basalt")
    counts.time_pass(0.2)
    labels = {"kind": "DatabaseGrant", "engine": "basalt"}
    assert registry.get_sample_value("dbaas_drift_detections_total", labels) == 1
    assert registry.get_sample_value("dbaas_drift_pass_seconds_sum") == 0.2
