"""postgres_exporter beside each instance: how it logs in, and what it listens on.

Its README says which variables it reads; all of them are known to version 0.11, which Debian 12 has.
"""

from __future__ import annotations

from dbaas.api.cluster import DatabaseClusterSpec
from dbaas.contracts.exporting import Exporter, exporter_login
from dbaas.contracts.provider import ServerImage

IMAGE = ServerImage("quay.io/prometheuscommunity/postgres-exporter:v0.19.1", 65534, 65534)
PORT = 9187
USER = "dbaas-exporter"
PROGRAMS = ("postgres_exporter", "prometheus-postgres-exporter")
INSTALL = (
    "install postgres_exporter with your system's package manager (Debian: prometheus-postgres-exporter), or from "
    "github.com/prometheus-community/postgres_exporter"
)
_ARGUMENTS = ("--web.listen-address=$(METRICS_HOST):$(METRICS_PORT)",)
_ENVIRONMENT = {
    "DATA_SOURCE_URI": "127.0.0.1:$(PORT_SQL)/postgres?sslmode=disable",
    "DATA_SOURCE_USER": USER,
    "DATA_SOURCE_PASS_FILE": "$(PASSWORD_FILE)",
}


def build_exporter(cluster: str, spec: DatabaseClusterSpec) -> Exporter | None:
    """It logs in from within the instance's own network, where nothing is encrypted, and may read all statistics.

    None where the spec asks for none.
    """
    if spec.monitoring is None or not spec.monitoring.asks_exporter:
        return None
    metrics = spec.monitoring.metrics
    return Exporter(
        IMAGE,
        (metrics.port if metrics else None) or PORT,
        exporter_login(cluster),
        {"username": USER, "roles": ["pg_monitor"]},
        _ARGUMENTS,
        _ENVIRONMENT,
        PROGRAMS,
        INSTALL,
    )
