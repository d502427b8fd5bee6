"""Recording rules and alerts about an operator and the fleet it runs, as data. Pure.

Every replica tells how the fleet is, so gauges of the fleet are joined by `max` before they are compared or added up.
Each alert has a section of its name in docs/how-to/watch-over-dbaas.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

JOB = "dbaas-metrics"
RUNBOOK = "docs/how-to/watch-over-dbaas.md"
Severity = Literal["critical", "warning", "info"]


@dataclass(frozen=True)
class Recording:
    """A series that others are made from."""

    record: str
    expr: str


@dataclass(frozen=True)
class Alert:
    """`expr` holds for `minutes` before anybody is called. `NAMESPACE` in it is that of the operator."""

    name: str
    group: str
    severity: Severity
    minutes: int
    expr: str
    summary: str

    @property
    def runbook(self) -> str:
        return f"{RUNBOOK}#{self.name.lower()}"


def _success(series: str, window: str) -> str:
    """Which part of it succeeded; nothing where nothing was tried."""
    total = f"sum by (engine) (rate({series}[{window}]))"
    return f'sum by (engine) (rate({series}{{status="success"}}[{window}])) / ({total} > 0)'


def _quantile(series: str, by: str, window: str = "10m") -> str:
    labels = f"{by}, le" if by else "le"
    return f"histogram_quantile(0.95, sum by ({labels}) (rate({series}_bucket[{window}])))"


RECORDINGS = (
    Recording("dbaas:connection_success:ratio_rate5m", _success("dbaas_connection_attempts_total", "5m")),
    Recording("dbaas:database_operations_success:ratio_rate30m", _success("dbaas_database_operations_total", "30m")),
    Recording("dbaas:user_operations_success:ratio_rate30m", _success("dbaas_user_operations_total", "30m")),
)

_LEADERS = 'sum by (job, namespace) (leader_election_master_status{name="dbaas-operator"})'
_OPERATOR = (
    Alert(
        "DbaasOperatorAbsent", "operator", "critical", 5, f'absent(up{{job="{JOB}", namespace="NAMESPACE"}} == 1)',
        "No operator in namespace NAMESPACE can be scraped.",
    ),
    Alert(
        "DbaasNobodyLeads", "operator", "critical", 3, f"{_LEADERS} == 0",
        "Operators of namespace {{ $labels.namespace }} run, and none of them works.",
    ),
    Alert(
        "DbaasTwoLead", "operator", "critical", 1, f"{_LEADERS} > 1",
        "{{ $value }} operators of namespace {{ $labels.namespace }} say that they lead.",
    ),
    Alert(
        "DbaasLeadershipMoves", "operator", "warning", 0,
        "max by (job, namespace) (increase(dbaas_lease_transitions_total[1h])) > 4",
        "Operators of namespace {{ $labels.namespace }} have taken over from each other {{ $value | humanize }} times "
        "in an hour.",
    ),
    Alert(
        "DbaasReconcileErrors", "operator", "warning", 15,
        "sum by (controller) (rate(controller_runtime_reconcile_errors_total[10m]))"
        " / (sum by (controller) (rate(controller_runtime_reconcile_total[10m])) > 0) > 0.5",
        "{{ $value | humanizePercentage }} of what controller {{ $labels.controller }} does ends in an error.",
    ),
    Alert(
        "DbaasQueueWaits", "operator", "warning", 15, f"{_quantile('workqueue_queue_duration_seconds', 'name')} > 30",
        "Objects of controller {{ $labels.name }} wait {{ $value | humanizeDuration }} for a worker.",
    ),
    Alert(
        "DbaasWatchFails", "operator", "warning", 10,
        "sum by (kind) (increase(dbaas_watch_failures_total[10m])) > 5",
        "{{ $labels.kind }} cannot be listed or watched.",
    ),
    Alert(
        "DbaasDefinitionsDiffer", "operator", "warning", 10,
        "max by (definition, how) (dbaas_definition_differences) > 0",
        "The definition {{ $labels.definition }} is {{ $labels.how }}, as seen by the operator.",
    ),
    Alert(
        "DbaasApiErrors", "operator", "warning", 10,
        'sum(rate(rest_client_requests_total{code=~"5..|<error>"}[10m])) / sum(rate(rest_client_requests_total[10m]))'
        " > 0.1",
        "{{ $value | humanizePercentage }} of the requests to the API server fail.",
    ),
    Alert(
        "DbaasLoopStands", "operator", "warning", 0, "increase(dbaas_loop_stalls_total[1h]) > 3",
        "The operator stood still for over a second {{ $value | humanize }} times in an hour.",
    ),
    Alert(
        "DbaasReviewsSlow", "operator", "warning", 10, f"{_quantile('dbaas_webhook_duration_seconds', '')} > 1",
        "The slowest reviews take {{ $value | humanizeDuration }}.",
    ),
)  # fmt: skip
_SERVERS = (
    Alert(
        "DbaasInstanceUnhealthy", "servers", "critical", 5,
        "max by (namespace, server, engine) (dbaas_instance_healthy) == 0",
        "Server {{ $labels.namespace }}/{{ $labels.server }} does not answer or does not let dbaas in.",
    ),
    Alert(
        "DbaasHealthCheckLate", "servers", "warning", 5,
        "time() - max by (namespace, server) (dbaas_instance_last_health_check_timestamp_seconds) > 4000",
        "Nobody has asked server {{ $labels.namespace }}/{{ $labels.server }} how it is for "
        "{{ $value | humanizeDuration }}.",
    ),
    Alert(
        "DbaasConnectionFailures", "servers", "warning", 10, "dbaas:connection_success:ratio_rate5m < 0.9",
        "Only {{ $value | humanizePercentage }} of the logins to servers of {{ $labels.engine }} succeed.",
    ),
    Alert(
        "DbaasConnectionsSlow", "servers", "warning", 10,
        f"{_quantile('dbaas_connection_latency_seconds', 'engine')} > 5",
        "The slowest logins to servers of {{ $labels.engine }} take {{ $value | humanizeDuration }}.",
    ),
    Alert(
        "DbaasDriftPassSlow", "servers", "warning", 30, f"{_quantile('dbaas_drift_pass_seconds', '', '30m')} > 30",
        "The slowest drift passes take {{ $value | humanizeDuration }}: drift is noticed late.",
    ),
    Alert(
        "DbaasClusterDegraded", "servers", "warning", 10,
        "max by (namespace, cluster) (dbaas_cluster_ready_instances)"
        " < max by (namespace, cluster) (dbaas_cluster_instances)",
        "Only {{ $value }} instances of cluster {{ $labels.namespace }}/{{ $labels.cluster }} serve.",
    ),
)  # fmt: skip
_INSIDE = (
    Alert(
        "DbaasObjectsNotReady", "inside", "warning", 30,
        'sum by (kind, reason) (max by (kind, ready, reason) (dbaas_objects{ready="False"})) > 0',
        "{{ $value }} {{ $labels.kind }} are not ready: {{ $labels.reason }}.",
    ),
    Alert(
        "DbaasDatabaseOperationsFail", "inside", "warning", 15,
        "dbaas:database_operations_success:ratio_rate30m < 0.9",
        "Only {{ $value | humanizePercentage }} of the changes to databases of {{ $labels.engine }} succeed.",
    ),
    Alert(
        "DbaasUserOperationsFail", "inside", "warning", 15, "dbaas:user_operations_success:ratio_rate30m < 0.9",
        "Only {{ $value | humanizePercentage }} of the changes to users of {{ $labels.engine }} succeed.",
    ),
    Alert(
        "DbaasDriftStays", "inside", "info", 60, "max by (kind, namespace) (dbaas_drift_detected) > 0",
        "{{ $value }} {{ $labels.kind }} of namespace {{ $labels.namespace }} differ from what they stand for.",
    ),
    Alert(
        "DbaasDriftCorrectionFails", "inside", "warning", 0,
        'sum by (kind, engine) (increase(dbaas_drift_corrections_total{status="failure"}[30m])) > 3',
        "Drift of {{ $labels.kind }} cannot be put right.",
    ),
)  # fmt: skip
ALERTS: Sequence[Alert] = (*_OPERATOR, *_SERVERS, *_INSIDE)


def build_groups(namespace: str) -> list[dict[str, Any]]:
    """As a rule file of Prometheus has them, for an operator in this namespace."""
    recordings = [{"record": each.record, "expr": each.expr} for each in RECORDINGS]
    groups: dict[str, list[dict[str, Any]]] = {"recordings": recordings}
    for alert in ALERTS:
        groups.setdefault(alert.group, []).append(_build_alert(alert, namespace))
    return [{"name": f"dbaas-{name}", "rules": rules} for name, rules in groups.items()]


def _build_alert(alert: Alert, namespace: str) -> dict[str, Any]:
    return {
        "alert": alert.name,
        "expr": alert.expr.replace("NAMESPACE", namespace),
        **({"for": f"{alert.minutes}m"} if alert.minutes else {}),
        "labels": {"severity": alert.severity},
        "annotations": {"summary": alert.summary.replace("NAMESPACE", namespace), "runbook": alert.runbook},
    }
