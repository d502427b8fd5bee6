"""The dashboards: one for everything at a glance, one for each sort of thing, one for the operator, one for servers."""

from __future__ import annotations

from collections.abc import Iterator

from monitoring.panels import Dashboard, Panel

READY = 'sum by (kind) (max by (kind, ready, reason) (dbaas_objects{kind=~".+[.]dbaas[.]io"}))'
NOUNS = ("database", "schema", "user", "role", "grant")


def find() -> Iterator[Dashboard]:
    yield Dashboard("overview", "Overview", _OVERVIEW)
    yield Dashboard("servers", "Servers", _SERVERS)
    for noun in NOUNS:
        more = _SIZES if noun == "database" else ()
        yield Dashboard(f"{noun}s", f"{noun.capitalize()}s", (*_inside(noun), *more))
    yield Dashboard("operator", "Operator", _OPERATOR)
    yield Dashboard("postgres", "PostgreSQL", _POSTGRES)


def _quantile(series: str, by: str = "", rank: float = 0.95) -> str:
    labels = f"{by}, le" if by else "le"
    return f"histogram_quantile({rank}, sum by ({labels}) (rate({series}_bucket[5m])))"


def _ready(value: str, kind: str = ".+[.]dbaas[.]io") -> str:
    return f'sum(max by (kind, ready, reason) (dbaas_objects{{kind=~"{kind}", ready="{value}"}})) or vector(0)'


def _inside(noun: str) -> tuple[Panel, ...]:
    """What is alike for all sorts of things inside servers; those for the whole cluster are counted with the others."""
    kinds = f"(cluster)?database{noun}s[.]dbaas[.]io" if noun != "database" else "databases[.]dbaas[.]io"
    series = f"dbaas_{noun}_operation"
    counted = f'max by (kind, phase, namespace) (dbaas_resource_count{{kind=~"{kinds}"}})'
    by_kind = f'dbaas_objects{{kind=~"{kinds}"}}'
    return (
        Panel("Ready", [(_ready("True", kinds), "ready")], kind="stat"),
        Panel("Not ready", [(_ready("False", kinds), "not ready")], kind="stat", red_from=1),
        Panel(
            "Drifted",
            [(_drifted(kinds), "drifted")],
            kind="stat",
            red_from=1,
        ),
        Panel(
            "By phase",
            [
                (
                    f"sum by (phase) ({counted})",
                    "{{phase}}",
                )
            ],
        ),
        Panel("By reason", [(f"sum by (reason) (max by (kind, ready, reason) ({by_kind}))", "{{reason}}")]),
        Panel(
            "By namespace",
            [
                (
                    f"topk(10, sum by (namespace) ({counted}))",
                    "{{namespace}}",
                )
            ],
        ),
        Panel(
            "Changes", [(f"sum by (operation, status) (rate({series}s_total[5m]))", "{{operation}} {{status}}")], "ops"
        ),
        Panel("Time of a change, p95", [(_quantile(f"{series}_duration_seconds", "operation"), "{{operation}}")], "s"),
        Panel(
            "Drift",
            [
                (f'sum by (kind) (rate(dbaas_drift_detections_total{{kind=~"{kinds}"}}[5m]))', "noticed"),
                (
                    f'sum by (status) (rate(dbaas_drift_corrections_total{{kind=~"{kinds}"}}[5m]))',
                    "put right: {{status}}",
                ),
            ],
            "ops",
        ),
    )


def _drifted(kinds: str) -> str:
    return f'sum(max by (kind, namespace) (dbaas_drift_detected{{kind=~"{kinds}"}})) or vector(0)'


_HEALTHY = "max by (namespace, server, engine) (dbaas_instance_healthy)"
_OVERVIEW = (
    Panel("Servers", [(f"count({_HEALTHY}) or vector(0)", "servers")], kind="stat"),
    Panel("Servers away", [(f"count({_HEALTHY} == 0) or vector(0)", "away")], kind="stat", red_from=1),
    Panel("Objects ready", [(_ready("True"), "ready")], kind="stat"),
    Panel("Objects not ready", [(_ready("False"), "not ready")], kind="stat", red_from=1),
    Panel("Drifted", [(_drifted(".+"), "drifted")], kind="stat", red_from=1),
    Panel("Operators", [("count(dbaas_build_info) or vector(0)", "operators")], kind="stat"),
    Panel("Objects", [(READY, "{{kind}}")]),
    Panel(
        "Not ready, by reason",
        [
            (
                'sum by (kind, reason) (max by (kind, ready, reason) (dbaas_objects{ready="False"}))',
                "{{kind}} {{reason}}",
            )
        ],
    ),
    Panel("Logins that succeed", [("dbaas:connection_success:ratio_rate5m", "{{engine}}")], "percentunit"),
    Panel(
        "Changes that succeed",
        [
            ("dbaas:database_operations_success:ratio_rate30m", "databases, {{engine}}"),
            ("dbaas:user_operations_success:ratio_rate30m", "users, {{engine}}"),
        ],
        "percentunit",
    ),
    Panel(
        "Statements", [("sum by (engine, status) (rate(dbaas_statements_total[5m]))", "{{engine}} {{status}}")], "ops"
    ),
    Panel("Versions", [("max by (version) (dbaas_build_info)", "{{version}}")], kind="table"),
)
_SERVERS = (
    Panel("Servers", [(_HEALTHY, "")], kind="table"),
    Panel(
        "Versions",
        [
            (
                "count by (engine, version) (max by (namespace, server, engine, version) (dbaas_instance_info))",
                "{{engine}} {{version}}",
            )
        ],
    ),
    Panel(
        "Since the last look",
        [
            (
                "time() - max by (namespace, server) (dbaas_instance_last_health_check_timestamp_seconds)",
                "{{namespace}}/{{server}}",
            )
        ],
        "s",
    ),
    Panel(
        "Logins",
        [("sum by (engine, status) (rate(dbaas_connection_attempts_total[5m]))", "{{engine}} {{status}}")],
        "ops",
    ),
    Panel("Time of a login, p95", [(_quantile("dbaas_connection_latency_seconds", "engine"), "{{engine}}")], "s"),
    Panel(
        "Servers found away",
        [("sum by (engine, reason) (increase(dbaas_circuits_opened_total[5m]))", "{{engine}} {{reason}}")],
    ),
    Panel(
        "Time of an answer, p95",
        [(_quantile("dbaas_server_request_duration_seconds", "engine, work"), "{{engine}} {{work}}")],
        "s",
    ),
    Panel("Drift passes", [("rate(dbaas_drift_pass_seconds_count[5m])", "passes")], "ops"),
    Panel("Time of a drift pass, p95", [(_quantile("dbaas_drift_pass_seconds"), "p95")], "s"),
    Panel(
        "Clusters: instances that serve",
        [
            (
                "max by (namespace, cluster) (dbaas_cluster_ready_instances)",
                "{{namespace}}/{{cluster}}",
            )
        ],
    ),
    Panel(
        "Nobody stands for",
        [
            (
                "sum by (namespace, server, sort) (max by (namespace, server, sort) (dbaas_discovered_orphans))",
                "{{namespace}}/{{server}} {{sort}}",
            )
        ],
    ),
    Panel(
        "Discovery",
        [("sum by (engine, status) (rate(dbaas_discovery_scans_total[5m]))", "{{engine}} {{status}}")],
        "ops",
    ),
)
_SIZES = (
    Panel(
        "Size by namespace", [("topk(10, max by (namespace) (dbaas_databases_size_bytes))", "{{namespace}}")], "bytes"
    ),
    Panel(
        "The largest",
        [
            (
                "topk(10, max by (namespace, database, server, engine) (dbaas_database_size_bytes))",
                "{{namespace}}/{{database}}",
            ),
        ],
        "bytes",
    ),
    Panel("Adopted", [("sum by (kind) (increase(dbaas_adoptions_total[1h]))", "{{kind}}")]),
)
_OPERATOR = (
    Panel(
        "Leaders", [('sum(leader_election_master_status{name="dbaas-operator"}) or vector(0)', "leaders")], kind="stat"
    ),
    Panel(
        "Memory",
        [("max(process_resident_memory_bytes and on (job, instance) dbaas_build_info)", "most")],
        "bytes",
        "stat",
    ),
    Panel("Stalls in an hour", [("max(increase(dbaas_loop_stalls_total[1h]))", "stalls")], kind="stat", red_from=1),
    Panel(
        "Reconciles",
        [
            (
                "sum by (controller, result) (rate(controller_runtime_reconcile_total[5m])) > 0",
                "{{controller}} {{result}}",
            )
        ],
        "ops",
    ),
    Panel(
        "Time of a reconcile, p95",
        [(_quantile("controller_runtime_reconcile_time_seconds", "controller"), "{{controller}}")],
        "s",
    ),
    Panel(
        "Errors",
        [("sum by (controller) (rate(controller_runtime_reconcile_errors_total[5m])) > 0", "{{controller}}")],
        "ops",
    ),
    Panel("Queues", [("sum by (name) (workqueue_depth)", "{{name}}")]),
    Panel("Wait for a worker, p95", [(_quantile("workqueue_queue_duration_seconds", "name"), "{{name}}")], "s"),
    Panel("Workers at work", [("sum by (controller) (controller_runtime_active_workers)", "{{controller}}")]),
    Panel(
        "Requests to the API",
        [("sum by (method, code) (rate(rest_client_requests_total[5m]))", "{{method}} {{code}}")],
        "reqps",
    ),
    Panel("Watches that fail", [("sum by (kind) (rate(dbaas_watch_failures_total[5m])) > 0", "{{kind}}")], "ops"),
    Panel("Cached objects", [("max by (kind) (dbaas_cache_objects)", "{{kind}}")]),
    Panel("Cached bytes", [("max by (kind) (dbaas_cache_bytes)", "{{kind}}")], "bytes"),
    Panel("Lateness of the loop, p99", [(_quantile("dbaas_loop_lag_seconds", rank=0.99), "p99")], "s"),
    Panel("Reviews, p95", [(_quantile("dbaas_webhook_duration_seconds", "verdict"), "{{verdict}}")], "s"),
    Panel(
        "Processor time",
        [("rate(process_cpu_seconds_total[5m]) and on (job, instance) dbaas_build_info", "{{pod}}")],
        "percentunit",
    ),
    Panel(
        "Resident memory",
        [("process_resident_memory_bytes and on (job, instance) dbaas_build_info", "{{pod}}")],
        "bytes",
    ),
    Panel("Changes of leader", [("max by (namespace) (increase(dbaas_lease_transitions_total[1h]))", "{{namespace}}")]),
)
_HITS = "sum by (instance) (rate(pg_stat_database_blks_hit[5m]))"
_POSTGRES = (
    Panel("Servers up", [("sum(pg_up)", "up")], kind="stat"),
    Panel("Servers down", [("count(pg_up == 0) or vector(0)", "down")], kind="stat", red_from=1),
    Panel("Sessions", [("sum by (instance) (pg_stat_activity_count)", "{{instance}}")]),
    Panel(
        "Sessions of those allowed",
        [
            (
                "sum by (instance) (pg_stat_activity_count) / sum by (instance) (pg_settings_max_connections)",
                "{{instance}}",
            )
        ],
        "percentunit",
    ),
    Panel(
        "Longest transaction",
        [("max by (instance, datname) (pg_stat_activity_max_tx_duration)", "{{instance}} {{datname}}")],
        "s",
    ),
    Panel(
        "Transactions",
        [
            ("sum by (instance) (rate(pg_stat_database_xact_commit[5m]))", "{{instance}} committed"),
            ("sum by (instance) (rate(pg_stat_database_xact_rollback[5m]))", "{{instance}} rolled back"),
        ],
        "ops",
    ),
    Panel(
        "Read from memory",
        [
            (
                f"{_HITS} / ({_HITS} + sum by (instance) (rate(pg_stat_database_blks_read[5m])) > 0)",
                "{{instance}}",
            )
        ],
        "percentunit",
    ),
    Panel(
        "Size", [("topk(10, sum by (instance, datname) (pg_database_size_bytes))", "{{instance}} {{datname}}")], "bytes"
    ),
    Panel("Deadlocks", [("sum by (instance) (rate(pg_stat_database_deadlocks[5m]))", "{{instance}}")], "ops"),
    Panel("Temporary files", [("sum by (instance) (rate(pg_stat_database_temp_bytes[5m]))", "{{instance}}")], "Bps"),
    Panel("Locks", [("sum by (instance, mode) (pg_locks_count) > 0", "{{instance}} {{mode}}")]),
    Panel(
        "Rows",
        [
            ("sum by (instance) (rate(pg_stat_database_tup_inserted[5m]))", "{{instance}} inserted"),
            ("sum by (instance) (rate(pg_stat_database_tup_updated[5m]))", "{{instance}} updated"),
            ("sum by (instance) (rate(pg_stat_database_tup_deleted[5m]))", "{{instance}} deleted"),
        ],
        "ops",
    ),
)
