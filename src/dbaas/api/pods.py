"""What a cluster says of its pods: resources, scheduling, hooks, exposure and monitoring, as Kubernetes names them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from dbaas.api.model import ATOMIC, Model, ObjectName, SecretKeyName, rule
from dbaas.api.references import LocalReference
from dbaas.core.quantity import PATTERN

HOST_PATTERN = r"^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$"
Quantity = Annotated[str, Field(max_length=40, pattern=PATTERN)]
Amounts = dict[str, Quantity]
Word = Annotated[str, Field(max_length=317)]


class ResourceRequirements(Model):
    """What an instance is promised and what it may use at the most."""

    requests: Annotated[Amounts, Field(default={}, max_length=20, description="What is promised: cpu, memory …")]
    limits: Annotated[Amounts, Field(default={}, max_length=20, description="What is the most: cpu, memory …")]


class Toleration(Model):
    """A taint of nodes that instances may run on all the same."""

    key: Annotated[Word | None, Field(default=None, description="Of the taint; none means all.")]
    operator: Annotated[Literal["Exists", "Equal"] | None, Field(default=None, description="How value is compared.")]
    value: Annotated[Word | None, Field(default=None, description="Of the taint.")]
    effect: Annotated[
        Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None,
        Field(default=None, description="Of the taint; none means all."),
    ]
    toleration_seconds: Annotated[
        int | None, Field(default=None, ge=0, le=2147483647, description="How long NoExecute is tolerated.")
    ]


class LabelRequirement(Model):
    """One requirement of labels."""

    key: Annotated[Word, Field(description="Of the label.")]
    operator: Annotated[
        Literal["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"], Field(description="How values are compared.")
    ]
    values: Annotated[
        list[Word], Field(default=[], max_length=100, description="To compare with.", json_schema_extra=ATOMIC)
    ]


class NodeTerm(Model):
    """Nodes whose labels fulfil all requirements."""

    match_expressions: Annotated[
        list[LabelRequirement],
        Field(min_length=1, max_length=50, description="Requirements of labels.", json_schema_extra=ATOMIC),
    ]


class PreferredNodes(Model):
    """Nodes that count more than others."""

    weight: Annotated[int, Field(ge=1, le=100, description="How much more.")]
    preference: Annotated[NodeTerm, Field(description="Which nodes.")]


class RequiredNodes(Model):
    """The only nodes that may be used."""

    node_selector_terms: Annotated[
        list[NodeTerm],
        Field(min_length=1, max_length=50, description="Any of these.", json_schema_extra=ATOMIC),
    ]


class NodeAffinity(Model):
    """Which nodes."""

    required_during_scheduling_ignored_during_execution: Annotated[
        RequiredNodes | None, Field(default=None, description="The only nodes that may be used.")
    ]
    preferred_during_scheduling_ignored_during_execution: Annotated[
        list[PreferredNodes],
        Field(default=[], max_length=50, description="Better nodes.", json_schema_extra=ATOMIC),
    ]


class LabelSelector(Model):
    """Objects by their labels."""

    match_labels: Annotated[dict[str, Word], Field(default={}, max_length=50, description="Labels that are equal.")]
    match_expressions: Annotated[
        list[LabelRequirement],
        Field(default=[], max_length=50, description="Requirements of labels.", json_schema_extra=ATOMIC),
    ]


class PodTerm(Model):
    """Pods, and what counts as the same place."""

    label_selector: Annotated[LabelSelector | None, Field(default=None, description="Which pods.")]
    namespaces: Annotated[
        list[Word], Field(default=[], max_length=100, description="Of these namespaces.", json_schema_extra=ATOMIC)
    ]
    topology_key: Annotated[Word, Field(min_length=1, description="The label of nodes whose value is the place.")]


class PreferredPods(Model):
    """Pods whose nearness or distance counts more than others."""

    weight: Annotated[int, Field(ge=1, le=100, description="How much more.")]
    pod_affinity_term: Annotated[PodTerm, Field(description="Which pods.")]


class PodAffinity(Model):
    """Near which pods, or far from which."""

    required_during_scheduling_ignored_during_execution: Annotated[
        list[PodTerm], Field(default=[], max_length=50, description="Without exception.", json_schema_extra=ATOMIC)
    ]
    preferred_during_scheduling_ignored_during_execution: Annotated[
        list[PreferredPods], Field(default=[], max_length=50, description="If possible.", json_schema_extra=ATOMIC)
    ]


class Affinity(Model):
    """As `affinity` of a pod."""

    node_affinity: Annotated[NodeAffinity | None, Field(default=None, description="Which nodes.")]
    pod_affinity: Annotated[PodAffinity | None, Field(default=None, description="Near which pods.")]
    pod_anti_affinity: Annotated[PodAffinity | None, Field(default=None, description="Far from which pods.")]


class TopologySpread(Model):
    """How evenly instances are spread over places."""

    max_skew: Annotated[int, Field(default=1, ge=1, le=99, description="The most that two places may differ by.")]
    topology_key: Annotated[Word, Field(min_length=1, description="The label of nodes whose value is the place.")]
    when_unsatisfiable: Annotated[
        Literal["DoNotSchedule", "ScheduleAnyway"],
        Field(default="ScheduleAnyway", description="What becomes of an instance that does not fit."),
    ]


class PodSchedulingPolicy(Model):
    """Where instances run."""

    node_selector: Annotated[
        dict[str, Word], Field(default={}, max_length=50, description="Labels that a node must have.")
    ]
    affinity: Annotated[Affinity | None, Field(default=None, description="Which nodes, and near which pods.")]
    tolerations: Annotated[
        list[Toleration],
        Field(default=[], max_length=50, description="Taints to put up with.", json_schema_extra=ATOMIC),
    ]
    topology_spread_constraints: Annotated[
        list[TopologySpread],
        Field(default=[], max_length=20, description="How instances are spread.", json_schema_extra=ATOMIC),
    ]
    priority_class_name: Annotated[ObjectName | None, Field(default=None, description="The PriorityClass of pods.")]


class HookCommand(Model):
    """A command in the container."""

    command: Annotated[
        list[Annotated[str, Field(max_length=4096)]],
        Field(min_length=1, max_length=100, description="Program and arguments.", json_schema_extra=ATOMIC),
    ]


class HookRequest(Model):
    """A request to the instance."""

    path: Annotated[str, Field(default="/", max_length=1000, description="Path of the URL.")]
    port: Annotated[int, Field(ge=1, le=65535, description="Port of the instance.")]


class Hook(Model):
    """One hook."""

    exec: Annotated[HookCommand | None, Field(default=None, description="A command in the container.")]
    http_get: Annotated[HookRequest | None, Field(default=None, description="A request to the instance.")]


_ONE_WAY = rule("has(self.exec) != has(self.httpGet)", "a hook is either exec or httpGet")


class Hooks(Model):
    """What Kubernetes runs when an instance has started, and before it stops."""

    post_start: Annotated[Hook | None, Field(default=None, description="After the start.", json_schema_extra=_ONE_WAY)]
    pre_stop: Annotated[Hook | None, Field(default=None, description="Before the end.", json_schema_extra=_ONE_WAY)]


class Expose(Model):
    """How the Service that takes writes is seen from outside of Kubernetes."""

    type: Annotated[
        Literal["ClusterIP", "NodePort", "LoadBalancer"],
        Field(default="ClusterIP", description="Type of the Service."),
    ]
    port: Annotated[
        int | None, Field(default=None, ge=1, le=65535, description="Port of the Services, by default the engine's.")
    ]
    annotations: Annotated[
        dict[str, Annotated[str, Field(max_length=4096)]],
        Field(default={}, max_length=50, description="Of that Service, for whoever provides the load balancer."),
    ]
    load_balancer_source_ranges: Annotated[
        list[Annotated[str, Field(max_length=50)]],
        Field(default=[], max_length=100, description="Whom the load balancer lets in.", json_schema_extra=ATOMIC),
    ]
    external_dns: Annotated[
        str | None, Field(default=None, alias="externalDNS", max_length=253, description="The name for external-dns.")
    ]


class Metrics(Model):
    """Metrics of the server, for Prometheus."""

    enabled: Annotated[bool, Field(default=True, description="Run an exporter beside each instance.")]
    port: Annotated[
        int | None, Field(default=None, ge=1024, le=65535, description="Its port, by default the exporter's usual one.")
    ]
    service_monitor: Annotated[bool, Field(default=False, description="Make a ServiceMonitor.")]


class AgentLogin(Model):
    """A Secret of the same namespace that an agent logs in with at its server."""

    name: Annotated[ObjectName, Field(description="Name of the Secret.")]
    key: Annotated[SecretKeyName, Field(default="password", description="Key of the password or token.")]


class Pmm(Model):
    """A server of Percona Monitoring and Management; a MonitoringConfig can say more."""

    server_host: Annotated[str, Field(min_length=1, max_length=253, pattern=HOST_PATTERN, description="Its host.")]
    server_user: Annotated[
        str | None,
        Field(default=None, min_length=1, max_length=128, pattern=r"^[^\s:]+$", description="Who logs in there."),
    ]
    server_password_secret_ref: Annotated[
        AgentLogin | None, Field(default=None, description="The Secret with the password.")
    ]


class Logging(Model):
    """What the server writes to its log."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"] | None,
        Field(default=None, description="The least that is written; by default what the engine does."),
    ]
    format: Annotated[Literal["text", "json"] | None, Field(default=None, description="How a line is written.")]


class Tracing(Model):
    """Traces of what the server does."""

    enabled: Annotated[bool, Field(default=False, description="Whether traces are sent.")]
    endpoint: Annotated[str | None, Field(default=None, max_length=400, description="Where to.")]


class Monitoring(Model):
    """What tells how the servers do."""

    enabled: Annotated[
        bool | None,
        Field(default=None, description="False turns it all off; true runs an exporter, also where no more is said."),
    ]
    metrics: Annotated[Metrics | None, Field(default=None, description="Metrics, for Prometheus.")]
    monitoring_config_ref: Annotated[
        LocalReference | None, Field(default=None, description="The MonitoringConfig that says where metrics go.")
    ]
    pmm: Annotated[
        Pmm | None, Field(default=None, description="Metrics go to this server, without a MonitoringConfig.")
    ]
    logging: Annotated[Logging | None, Field(default=None, description="The log of the servers.")]
    tracing: Annotated[Tracing | None, Field(default=None, description="Traces of the servers.")]

    @property
    def asks_exporter(self) -> bool:
        """Whether an exporter runs beside each instance."""
        if self.enabled is False:
            return False
        if self.metrics is not None:
            return self.metrics.enabled
        return bool(self.enabled or self.monitoring_config_ref or self.pmm)


ONE_AGENT = rule(
    "!has(self.monitoringConfigRef) || !has(self.pmm)", "give the agent once: either monitoringConfigRef or pmm"
)


def as_kubernetes(model: Model | None) -> dict[str, Any]:
    """The block as an object of Kubernetes has it; empty where there is none."""
    return model.model_dump(by_alias=True, exclude_none=True, exclude_defaults=True) if model is not None else {}
