"""MonitoringConfig: where the metrics of clusters go, for many clusters alike."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dbaas.api.conditions import Status
from dbaas.api.model import SET_OF_SCALARS, Model, validations
from dbaas.api.pods import HOST_PATTERN, AgentLogin, ResourceRequirements
from dbaas.api.resource import GROUP, VERSION, Kind

MONITORING_CONFIG = Kind(GROUP, VERSION, "MonitoringConfig", "monitoringconfigs", short_names=("mc",))

# What Prometheus and its operator read: no fractions, the larger unit first.
SCRAPE_PATTERN = r"^([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$"
LABEL_VALUE_PATTERN = r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$"
TAG_PATTERN = r"^[a-z][a-z0-9_]{0,62}:[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$"
LATEST_PMM_CLIENT = "docker.io/percona/pmm-client:3.8.1"

AgentType = Literal["pmm", "prometheus", "datadog", "newrelic"]
ScrapeTime = Annotated[str, Field(min_length=2, max_length=32, pattern=SCRAPE_PATTERN)]
Tags = Annotated[
    list[Annotated[str, Field(max_length=128, pattern=TAG_PATTERN)]],
    Field(
        default=[], max_length=50, description="What all metrics are marked with, as `key:value`.",
        json_schema_extra=SET_OF_SCALARS,
    ),
]  # fmt: skip


class PmmServer(Model):
    """A server of Percona Monitoring and Management, which a client beside each instance sends metrics to."""

    server_host: Annotated[str, Field(min_length=1, max_length=253, pattern=HOST_PATTERN, description="Its host.")]
    server_port: Annotated[int, Field(default=443, ge=1, le=65535, description="Its port, for HTTPS.")]
    server_user: Annotated[
        str,
        Field(
            default="service_token", min_length=1, max_length=128, pattern=r"^[^\s:]+$",
            description="Who logs in; `service_token` where the password is the token of a service account.",
        ),
    ]  # fmt: skip
    verify_tls: Annotated[
        bool, Field(default=True, alias="verifyTLS", description="Whether its certificate must be trusted.")
    ]
    image: Annotated[
        str, Field(default=LATEST_PMM_CLIENT, min_length=1, max_length=500, description="Image of the client.")
    ]
    resources: Annotated[ResourceRequirements | None, Field(default=None, description="Of the client.")]


class Prometheus(Model):
    """A Prometheus that finds what to scrape in Kubernetes."""

    service_monitor_enabled: Annotated[
        bool,
        Field(
            default=True,
            description="Make a ServiceMonitor for the Prometheus operator; else annotations prometheus.io/scrape.",
        ),
    ]
    interval: Annotated[ScrapeTime, Field(default="30s", description="How often, by the ServiceMonitor.")]
    scrape_timeout: Annotated[
        ScrapeTime | None,
        Field(default=None, description="How long an answer may take, by the ServiceMonitor; at most the interval."),
    ]
    additional_labels: Annotated[
        dict[str, Annotated[str, Field(max_length=63, pattern=LABEL_VALUE_PATTERN)]],
        Field(
            default={}, max_length=50,
            description="Labels of the ServiceMonitor, by which a Prometheus chooses; else of the Service.",
        ),
    ]  # fmt: skip


class Datadog(Model):
    """A Datadog Agent with a Cluster Agent, which finds checks in annotations."""

    site: Annotated[
        str,
        Field(
            default="datadoghq.com", min_length=4, max_length=100, pattern=HOST_PATTERN,
            description="Where your Agent reports to: people find the metrics there.",
        ),
    ]  # fmt: skip
    tags: Tags


class NewRelic(Model):
    """A New Relic Prometheus agent, which finds what to scrape in annotations."""

    site: Annotated[
        Literal["US", "EU"],
        Field(default="US", description="The region your agent reports to: people find the metrics there."),
    ]
    tags: Tags


class MonitoringConfigSpec(Model):
    """Which agent, and what it is told."""

    type: Annotated[AgentType, Field(description="The agent.")]
    pmm: Annotated[PmmServer | None, Field(default=None, description="For type pmm.")]
    prometheus: Annotated[Prometheus | None, Field(default=None, description="For type prometheus.")]
    datadog: Annotated[Datadog | None, Field(default=None, description="For type datadog.")]
    newrelic: Annotated[NewRelic | None, Field(default=None, description="For type newrelic.")]
    credentials_secret_ref: Annotated[
        AgentLogin | None,
        Field(default=None, description="The login at the server of type pmm. Other agents have logins of their own."),
    ]

    @property
    def scrapes(self) -> Prometheus:
        """The block of Prometheus, or what it is where it is left out."""
        return self.prometheus or Prometheus.model_validate({})

    @property
    def endpoint(self) -> str:
        """Where people look at the metrics; empty where only they know."""
        match self.type:
            case "pmm":
                return f"https://{self.pmm.server_host}:{self.pmm.server_port}" if self.pmm else ""
            case "datadog":
                return f"https://app.{(self.datadog or Datadog.model_validate({})).site}"
            case "newrelic":
                is_eu = self.newrelic is not None and self.newrelic.site == "EU"
                return "https://one.eu.newrelic.com" if is_eu else "https://one.newrelic.com"
            case "prometheus":
                return ""


class MonitoringConfigStatus(Status):
    """Whether what it names is there."""

    endpoint: Annotated[str | None, Field(default=None, max_length=400, description="Where people see the metrics.")]


class MonitoringConfig(Model):
    """Where the metrics of clusters go: clusters name it in monitoring.monitoringConfigRef."""

    spec: MonitoringConfigSpec
    status: MonitoringConfigStatus | None = None


COLUMNS = (
    ("Type", "string", ".spec.type"),
    ("Ready", "string", '.status.conditions[?(@.type=="Ready")].status'),
    ("Age", "date", ".metadata.creationTimestamp"),
)
_TYPES = ("prometheus", "datadog", "newrelic")
SPEC_RULES = validations(
    {
        "rule": "has(self.pmm) == (self.type == 'pmm')",
        "message": "type pmm needs the block pmm, and no other type has it",
    },
    *(
        {"rule": f"!has(self.{name}) || self.type == '{name}'", "message": f"the block {name} is for type {name}"}
        for name in _TYPES
    ),
)
