"""Rules of MonitoringConfig, and of what a DatabaseCluster says of its monitoring."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbaas.api.cluster import DatabaseClusterSpec
from dbaas.api.monitoring import MONITORING_CONFIG, MonitoringConfigSpec
from dbaas.api.resource import GROUP
from dbaas.contracts.admission import Review, Violation
from dbaas.core.duration import parse_duration

# kubernetes.io: Labels and Selectors, "Syntax and character set".
_LABEL_KEY = re.compile(r"([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
OURS = (f"{GROUP}/", "app.kubernetes.io/")


def agent_can_be_told(spec: MonitoringConfigSpec) -> Iterator[Violation]:
    """What the agent would refuse, or would be told without effect."""
    told = spec.prometheus
    if told is None:
        return
    interval = parse_duration(told.interval)
    if not interval:
        yield Violation("spec.prometheus.interval", "metrics must be read at some time: give more than nothing, as 30s")
    elif told.scrape_timeout is not None and parse_duration(told.scrape_timeout) > interval:
        yield Violation(
            "spec.prometheus.scrapeTimeout",
            f"an answer cannot take longer than the interval, which is {told.interval}: give less, or leave it out",
        )
    for key in told.additional_labels:
        if not _LABEL_KEY.fullmatch(key):
            yield Violation(f"spec.prometheus.additionalLabels[{key}]", f"{key!r} cannot be the key of a label")
        elif key.startswith(OURS):
            yield Violation(
                f"spec.prometheus.additionalLabels[{key}]",
                f"dbaas sets {key!r} itself: choose another key",
                "FieldValueForbidden",
            )


def monitoring_is_possible(spec: DatabaseClusterSpec) -> Iterator[Violation]:
    """Nothing is asked that nobody does."""
    asked = spec.monitoring
    if asked is None:
        return
    if asked.tracing is not None and asked.tracing.enabled:
        yield Violation(
            "spec.monitoring.tracing.enabled",
            "servers of this version send no traces: set it to false, and trace in the application",
            "FieldValueNotSupported",
        )
    has_agent = asked.monitoring_config_ref is not None or asked.pmm is not None
    if has_agent and asked.metrics is not None and asked.metrics.service_monitor:
        yield Violation(
            "spec.monitoring.metrics.serviceMonitor",
            "the agent that is named says what is made for it: leave this out, or name no agent",
        )
    if has_agent and asked.enabled is not False and asked.metrics is not None and not asked.metrics.enabled:
        yield Violation(
            "spec.monitoring.metrics.enabled",
            "an agent is asked for, and without an exporter there is nothing that it could send: set it to true",
        )


def find_unused_login(review: Review) -> Iterator[str]:
    """A warning, because such manifests are there: the Secret must exist, and nobody logs in with it."""
    spec = (review.new or {}).get("spec") or {}
    if (review.group, review.kind) != (MONITORING_CONFIG.group, MONITORING_CONFIG.kind):
        return
    if spec.get("credentialsSecretRef") and spec.get("type") != "pmm":
        yield (
            f"spec.credentialsSecretRef: agents of type {spec.get('type')} have their login where they are installed: "
            "this one is not handed to them"
        )
