"""Tests of `manifests.monitoring` and its parts: what is scraped, and rules that name what there is."""

from __future__ import annotations

import re

from dbaas.manifests.monitoring import ALERTS, RECORDINGS, build_groups, build_monitors


def test_the_service_is_found_by_its_labels_and_the_namespace_of_objects_is_kept() -> None:
    monitor, rule = build_monitors("here", {"a": "b"}, "metrics")
    assert (monitor["kind"], rule["kind"]) == ("ServiceMonitor", "PrometheusRule")
    assert {each["metadata"]["namespace"] for each in (monitor, rule)} == {"here"}
    assert monitor["spec"]["selector"] == {"matchLabels": {"a": "b"}}
    (endpoint,) = monitor["spec"]["endpoints"]
    assert (endpoint["port"], endpoint["honorLabels"]) == ("metrics", True)


def test_the_absence_of_an_operator_is_looked_for_in_its_own_namespace() -> None:
    rules = [rule for group in build_groups("here") for rule in group["rules"]]
    (absent,) = (rule for rule in rules if rule.get("alert") == "DbaasOperatorAbsent")
    assert 'namespace="here"' in absent["expr"]
    assert "namespace here" in absent["annotations"]["summary"]
    assert not any("NAMESPACE" in rule["expr"] for rule in rules)


def test_every_rule_is_in_one_group_and_every_alert_leads_to_a_runbook() -> None:
    groups = build_groups("here")
    rules = [rule for group in groups for rule in group["rules"]]
    assert len(rules) == len(ALERTS) + len(RECORDINGS) == len({rule.get("alert") or rule["record"] for rule in rules})
    assert len({group["name"] for group in groups}) == len(groups)
    alerts = [rule for rule in rules if "alert" in rule]
    assert all(rule["annotations"]["runbook"].endswith(f"#{rule['alert'].lower()}") for rule in alerts)


def test_alerts_use_only_recordings_that_there_are() -> None:
    used = {name for alert in ALERTS for name in re.findall(r"dbaas:\w+:\w+", alert.expr)}
    assert used == {each.record for each in RECORDINGS}
