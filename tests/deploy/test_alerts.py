"""Alerts by Prometheus' own tool: the files are valid, each alert is raised by what it is about and by nothing else."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from dbaas.manifests.monitoring import ALERTS, RECORDINGS

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "deploy" / "alerts" / "dbaas.yaml"
PAGE = ROOT / "docs" / "how-to" / "watch-over-dbaas.md"
RISES, IS_ZERO, IS_ONE, IS_THREE = "0+60x180", "0+0x180", "1+0x180", "3+0x180"
OPERATOR = 'job="dbaas-metrics", namespace="dbaas-system"'
SERVER = 'namespace="shop", server="main"'
CLUSTER = 'namespace="shop", cluster="main"'


def leader(pod: str) -> str:
    return f'leader_election_master_status{{name="dbaas-operator", {OPERATOR}, pod="{pod}"}}'


QUIET: Mapping[str, str] = {
    f"up{{{OPERATOR}}}": IS_ONE,
    leader("a"): IS_ONE,
    leader("b"): IS_ZERO,
    f"dbaas_lease_transitions_total{{{OPERATOR}}}": IS_ONE,
    'controller_runtime_reconcile_errors_total{controller="database"}': IS_ZERO,
    'controller_runtime_reconcile_total{controller="database", result="success"}': RISES,
    'dbaas_watch_failures_total{kind="databases"}': IS_ONE,
    'rest_client_requests_total{code="200", method="GET"}': RISES,
    "dbaas_loop_stalls_total": IS_ONE,
    f'dbaas_instance_healthy{{{SERVER}, engine="basalt"}}': IS_ONE,
    f"dbaas_instance_last_health_check_timestamp_seconds{{{SERVER}}}": "0+60x180",
    'dbaas_connection_attempts_total{engine="basalt", status="success"}': RISES,
    'dbaas_connection_attempts_total{engine="basalt", status="failure"}': IS_ZERO,
    'dbaas_database_operations_total{engine="basalt", operation="apply", status="success"}': RISES,
    'dbaas_user_operations_total{engine="basalt", operation="apply", status="success"}': RISES,
    f"dbaas_cluster_instances{{{CLUSTER}}}": IS_THREE,
    f"dbaas_cluster_ready_instances{{{CLUSTER}}}": IS_THREE,
    'dbaas_objects{kind="databases", ready="True", reason="Applied"}': IS_THREE,
    'dbaas_drift_detected{kind="databases", namespace="shop"}': IS_ZERO,
    'dbaas_drift_corrections_total{kind="databases", engine="basalt", status="failure"}': IS_ZERO,
}  # fmt: skip


def slow(series: str, labels: str, seconds: str, beyond: str) -> dict[str, str]:
    """A histogram in which everything took longer than so many seconds."""
    bounds = {seconds: IS_ZERO, beyond: RISES, "+Inf": RISES}
    return {f'{series}_bucket{{{labels}le="{bound}"}}': values for bound, values in bounds.items()}


TROUBLE: Mapping[str, Mapping[str, str]] = {
    "DbaasOperatorAbsent": {f"up{{{OPERATOR}}}": IS_ZERO},
    "DbaasNobodyLeads": {leader("a"): IS_ZERO},
    "DbaasTwoLead": {leader("b"): IS_ONE},
    "DbaasLeadershipMoves": {f"dbaas_lease_transitions_total{{{OPERATOR}}}": RISES},
    "DbaasReconcileErrors": {
        'controller_runtime_reconcile_errors_total{controller="database"}': RISES,
        'controller_runtime_reconcile_total{controller="database", result="success"}': IS_ZERO,
        'controller_runtime_reconcile_total{controller="database", result="error"}': RISES,
    },
    "DbaasQueueWaits": slow("workqueue_queue_duration_seconds", 'name="database", ', "30", "60"),
    "DbaasWatchFails": {'dbaas_watch_failures_total{kind="databases"}': RISES},
    "DbaasDefinitionsDiffer": {'dbaas_definition_differences{definition="databases.dbaas.io", how="older"}': IS_ONE},
    "DbaasApiErrors": {'rest_client_requests_total{code="<error>", method="GET"}': RISES},
    "DbaasLoopStands": {"dbaas_loop_stalls_total": RISES},
    "DbaasReviewsSlow": slow("dbaas_webhook_duration_seconds", "", "1", "5"),
    "DbaasInstanceUnhealthy": {f'dbaas_instance_healthy{{{SERVER}, engine="basalt"}}': IS_ZERO},
    "DbaasHealthCheckLate": {f"dbaas_instance_last_health_check_timestamp_seconds{{{SERVER}}}": IS_ZERO},
    "DbaasConnectionFailures": {'dbaas_connection_attempts_total{engine="basalt", status="failure"}': RISES},
    "DbaasConnectionsSlow": slow("dbaas_connection_latency_seconds", 'engine="basalt", ', "5", "10"),
    "DbaasDriftPassSlow": slow("dbaas_drift_pass_seconds", "", "30", "60"),
    "DbaasClusterDegraded": {f"dbaas_cluster_ready_instances{{{CLUSTER}}}": IS_ONE},
    "DbaasObjectsNotReady": {'dbaas_objects{kind="databases", ready="False", reason="InUse"}': IS_ONE},
    "DbaasDatabaseOperationsFail": {
        'dbaas_database_operations_total{engine="basalt", operation="apply", status="failure"}': RISES
    },
    "DbaasUserOperationsFail": {
        'dbaas_user_operations_total{engine="basalt", operation="delete", status="failure"}': RISES
    },
    "DbaasDriftStays": {'dbaas_drift_detected{kind="databases", namespace="shop"}': IS_ONE},
    "DbaasDriftCorrectionFails": {
        'dbaas_drift_corrections_total{kind="databases", engine="basalt", status="failure"}': RISES
    },
}


def expect(series: Mapping[str, str], *alerts: str) -> dict[str, Any]:
    """One test of promtool: which alerts are raised after two hours."""
    return {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [{
            "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
            "eval_time": "2h",
            "exp_samples": [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in alerts],
        }],
    }  # fmt: skip


def run(promtool: Path, tests: list[dict[str, Any]], folder: Path) -> str:
    """What the tool complains of."""
    file = folder / "test.yaml"
    file.write_text(yaml.safe_dump({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": tests}))
    done = subprocess.run([promtool, "test", "rules", file], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_the_rule_file_is_valid(promtool: Path) -> None:
    done = subprocess.run([promtool, "check", "rules", RULES], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(ALERTS) + len(RECORDINGS)} rules found" in done.stdout


def test_nobody_is_called_while_all_is_well_and_a_replica_stands_by(promtool: Path, tmp_path: Path) -> None:
    assert run(promtool, [expect(QUIET)], tmp_path) == ""


def test_each_alert_is_raised_by_its_own_trouble_and_no_other(promtool: Path, tmp_path: Path) -> None:
    assert TROUBLE.keys() == {alert.name for alert in ALERTS}
    tests = [expect({**QUIET, **trouble}, name) for name, trouble in TROUBLE.items()]
    assert run(promtool, tests, tmp_path) == ""


def test_an_alert_that_is_not_raised_would_be_noticed(promtool: Path, tmp_path: Path) -> None:
    assert "DbaasTwoLead" in run(promtool, [expect(QUIET, "DbaasTwoLead")], tmp_path)


def test_a_summary_says_what_it_is_about(promtool: Path, tmp_path: Path) -> None:
    labels = {"severity": "critical", "namespace": "shop", "server": "main", "engine": "basalt"}
    text = "Server shop/main does not answer or does not let dbaas in."
    runbook = "docs/how-to/watch-over-dbaas.md#dbaasinstanceunhealthy"
    asked = {
        **expect({**QUIET, **TROUBLE["DbaasInstanceUnhealthy"]}, "DbaasInstanceUnhealthy"),
        "alert_rule_test": [{
            "alertname": "DbaasInstanceUnhealthy", "eval_time": "2h",
            "exp_alerts": [{"exp_labels": labels, "exp_annotations": {"summary": text, "runbook": runbook}}],
        }],
    }  # fmt: skip
    assert run(promtool, [asked], tmp_path) == ""


def test_each_alert_has_a_section_that_says_what_to_do() -> None:
    sections = re.findall(r"^### (Dbaas\w+)$", PAGE.read_text(), re.MULTILINE)
    assert sections == [alert.name for alert in ALERTS]
    bodies = re.split(r"^#+ .*$", PAGE.read_text(), flags=re.MULTILINE)
    assert all(body.strip() for body in bodies[-len(sections) :])
