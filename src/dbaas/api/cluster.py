"""DatabaseCluster: a database server, or several that work together, which we run."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from dbaas.api.conditions import HoldableStatus
from dbaas.api.encryption import ClusterTls
from dbaas.api.instance import Discovery, ResourceTracking, Tenancy
from dbaas.api.model import (
    ATOMIC,
    Duration,
    EngineBlocks,
    EngineName,
    Model,
    ObjectName,
    Time,
    immutable,
    unique_by,
    validations,
)
from dbaas.api.pods import ONE_AGENT, Expose, Hooks, Monitoring, PodSchedulingPolicy, Quantity, ResourceRequirements
from dbaas.api.pooling import Proxy, ProxyStatus
from dbaas.api.references import AllowedNamespaces, DeletionPolicy, DriftPolicy, LocalReference
from dbaas.api.resource import GROUP, VERSION, Kind

DATABASE_CLUSTER = Kind(GROUP, VERSION, "DatabaseCluster", "databaseclusters", short_names=("dbc",))


class ClusterEngine(Model):
    """Which database software."""

    type: Annotated[EngineName, Field(description="The engine.", json_schema_extra=immutable("the engine"))]
    version: Annotated[
        str, Field(min_length=1, max_length=40, pattern=r"^[0-9]+(\.[0-9]+)*$", description="Major version, or exact.")
    ]
    engine_ref: Annotated[LocalReference | None, Field(default=None, description="The DatabaseEngine to use.")]


class Parameter(Model):
    """One setting of the server."""

    name: Annotated[
        str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z_][A-Za-z0-9_.-]*$", description="Name.")
    ]
    value: Annotated[str, Field(max_length=4096, description="Value, as the server's configuration file has it.")]


class ClusterStorage(Model):
    """The volume of each instance."""

    size: Annotated[Quantity, Field(default="10Gi", description="Its size. It may grow and never shrinks.")]
    storage_class_name: Annotated[
        ObjectName | None,
        Field(default=None, description="Its StorageClass, by default that of the Kubernetes cluster."),
    ]
    volume_mode: Annotated[Literal["Filesystem", "Block"], Field(default="Filesystem", description="How it is used.")]
    snapshots: Annotated[bool, Field(default=False, description="Whether snapshots of it are taken.")]


class Synchronous(Model):
    """Whether a commit waits until replicas have it, so that it survives the loss of the primary."""

    mode: Annotated[
        Literal["off", "any", "quorum"],
        Field(
            default="off",
            description="`any` waits for replicas that were chosen beforehand, `quorum` for so many of all of them.",
        ),
    ]
    replicas: Annotated[int, Field(default=1, ge=1, le=98, description="How many replicas a commit waits for.")]


class Topology(Model):
    """How the instances stand to each other."""

    mode: Annotated[
        Literal["Standalone", "Replicated", "Cluster", "Sharded"] | None,
        Field(default=None, description="By default Standalone for one instance, otherwise Replicated."),
    ]
    shards: Annotated[int | None, Field(default=None, ge=1, le=99, description="Parts that the data is split into.")]
    anti_affinity: Annotated[
        bool | None, Field(default=None, description="Whether instances keep away from each other.")
    ]
    synchronous: Annotated[
        Synchronous | None, Field(default=None, description="Whether commits wait for replicas; by default not.")
    ]


class MaintenanceWindow(Model):
    """A time that comes back every week."""

    day_of_week: Annotated[int, Field(ge=0, le=6, description="Day on which it begins: 0 is Sunday.")]
    start_time: Annotated[
        str, Field(max_length=5, pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", description="When it begins: HH:MM.")
    ]
    duration: Annotated[Duration, Field(description="How long it lasts: up to a week, and over midnight.")]


class Maintenance(Model):
    """When servers may be restarted for changes."""

    windows: Annotated[
        list[MaintenanceWindow],
        Field(
            default=[], max_length=50,
            description="What restarts servers waits for one of them. Without any it happens at once.",
            json_schema_extra=ATOMIC,
        ),
    ]  # fmt: skip
    timezone: Annotated[
        str, Field(default="UTC", min_length=1, max_length=64, description="Time zone, such as Europe/Berlin.")
    ]
    auto_upgrade: Annotated[
        bool,
        Field(
            default=False,
            description="Whether newer programs of the same major version are taken in a window; else only with a "
            "restart that is asked for.",
        ),
    ]


class DatabaseClusterSpec(EngineBlocks):
    """The wanted cluster."""

    engine: Annotated[ClusterEngine, Field(description="Database software and version.")]
    provider: Annotated[
        str | None,
        Field(
            default=None, max_length=40, pattern=r"^[a-z][a-z0-9-]*$",
            description="Who runs it; by default the engine's usual provider.",
        ),
    ]  # fmt: skip
    cluster_size: Annotated[int, Field(default=3, ge=1, le=99, description="Number of instances in all.")]
    topology: Annotated[Topology | None, Field(default=None, description="How the instances stand to each other.")]
    profile: Annotated[
        Literal["default", "dev", "prod", "high-memory"] | None,
        Field(default=None, description="Resources, and server settings that fit them, where neither is given."),
    ]
    resources: Annotated[ResourceRequirements | None, Field(default=None, description="Of each instance.")]
    storage: Annotated[ClusterStorage, Field(default=ClusterStorage(), description="The volume of each instance.")]
    config: Annotated[
        list[Parameter],
        Field(default=[], max_length=500, description="Server settings.", json_schema_extra=unique_by("name")),
    ]
    monitoring: Annotated[
        Monitoring | None,
        Field(default=None, description="What tells how the servers do.", json_schema_extra=ONE_AGENT),
    ]
    expose: Annotated[Expose | None, Field(default=None, description="How clients outside of Kubernetes reach it.")]
    tls: Annotated[
        ClusterTls | None,
        Field(
            default=None,
            description="Encryption of clients' connections; none by default.",
            json_schema_extra=validations(
                {
                    "rule": "!(has(self.secretName) && has(self.certManager))",
                    "message": "the certificate has one source: secretName or certManager",
                }
            ),
        ),
    ]
    proxy: Annotated[Proxy | None, Field(default=None, description="A pooler before the servers; none by default.")]
    pod_scheduling_policy: Annotated[
        PodSchedulingPolicy | None, Field(default=None, description="Where instances run.")
    ]
    hooks: Annotated[Hooks | None, Field(default=None, description="What is run in each instance's container.")]
    max_connections: Annotated[
        int, Field(default=5, ge=1, le=100, description="Connections that we open to it for administration.")
    ]
    drift_policy: Annotated[DriftPolicy, Field(default=DriftPolicy(), description="For what lives inside it.")]
    allowed_namespaces: AllowedNamespaces
    discovery: Annotated[
        Discovery | None, Field(default=None, description="As of the DatabaseInstance that it publishes.")
    ]
    resource_tracking: Annotated[
        ResourceTracking | None, Field(default=None, description="As of the DatabaseInstance that it publishes.")
    ]
    tenancy: Annotated[Tenancy | None, Field(default=None, description="As of the DatabaseInstance that it publishes.")]
    maintenance: Annotated[
        Maintenance | None, Field(default=None, description="When servers may be restarted for changes.")
    ]
    stopped: Annotated[bool, Field(default=False, description="Stop the servers and keep the data.")]
    restarted_at: Annotated[
        Time | None,
        Field(default=None, description="When a restart was asked for last: another time restarts every instance."),
    ]
    deletion_policy: Annotated[
        DeletionPolicy, Field(default="Retain", description="What becomes of the data when the object is deleted.")
    ]
    deletion_protection: Annotated[bool, Field(default=True, description="Refuse a deletion that would destroy data.")]

    @property
    def is_encrypted(self) -> bool:
        """Whether servers encrypt where a client asks for it."""
        return self.tls is not None and self.tls.enabled

    def handed_on(self) -> dict[str, Any]:
        """What the published server has from here, as JSON; what is not said is left to others."""
        said = {
            "driftPolicy": self.drift_policy,
            "discovery": self.discovery,
            "resourceTracking": self.resource_tracking,
            "tenancy": self.tenancy,
        }
        return {name: block.model_dump(by_alias=True) for name, block in said.items() if block is not None}


class Endpoints(Model):
    """Where clients connect."""

    primary: Annotated[str | None, Field(default=None, max_length=300, description="host:port that takes writes.")]
    replica: Annotated[str | None, Field(default=None, max_length=300, description="host:port of the replicas.")]
    external: Annotated[
        str | None, Field(default=None, max_length=300, description="host:port for clients outside of Kubernetes.")
    ]


class ClusterDatabaseStatus(Model):
    """How the servers are."""

    ready: Annotated[bool, Field(default=False, description="Whether the cluster serves.")]
    instances: Annotated[int, Field(default=0, description="Instances there are.")]
    ready_instances: Annotated[int, Field(default=0, description="Instances that serve.")]
    primary_instance: Annotated[
        str | None, Field(default=None, max_length=253, description="The one that takes writes.")
    ]
    roles: Annotated[
        dict[str, Annotated[str, Field(max_length=64)]],
        Field(default={}, max_length=99, description="Role of each instance."),
    ]
    endpoints: Annotated[Endpoints, Field(default=Endpoints(), description="Where clients connect.")]


class InstanceState(Model):
    """How one instance is."""

    name: Annotated[str, Field(max_length=253, description="Its name.")]
    ready: Annotated[bool, Field(default=False, description="Whether it serves.")]
    role: Annotated[
        str | None, Field(default=None, max_length=64, description="What it is to the others: primary or replica.")
    ]
    timeline: Annotated[
        int | None, Field(default=None, ge=1, description="The change log that it follows: a promotion begins another.")
    ]
    lag: Annotated[
        Quantity | None,
        Field(default=None, description="How far it is behind the primary, roughly; nothing below 16Mi counts."),
    ]
    restarts: Annotated[int, Field(default=0, ge=0, description="How often it was started again after it had died.")]
    reason: Annotated[str | None, Field(default=None, max_length=64, description="Why it does not serve, in a word.")]
    message: Annotated[str | None, Field(default=None, max_length=2048, description="Why it does not serve.")]


class PendingChange(Model):
    """A change that waits."""

    change: Annotated[str, Field(max_length=1024, description="What is to change, and where.")]
    reason: Annotated[str, Field(max_length=1024, description="What it waits for.")]
    until: Annotated[Time | None, Field(default=None, description="When that will be.")]


class FailedUpgrade(Model):
    """An upgrade that was tried and could not be made."""

    version: Annotated[str, Field(max_length=40, description="Version that it was to be.")]
    generation: Annotated[int, Field(description="The generation of the spec that asked for it.")]
    message: Annotated[str, Field(max_length=2048, description="What was in the way.")]


class MonitoringStatus(Model):
    """Whether metrics arrive where they are to be."""

    enabled: Annotated[bool, Field(default=False, description="Whether an exporter tells metrics.")]
    ready: Annotated[bool, Field(default=False, description="Whether all that the agent needs is there.")]
    endpoint: Annotated[str | None, Field(default=None, max_length=400, description="Where people see the metrics.")]
    exporters: Annotated[
        dict[str, Annotated[str, Field(max_length=300)]],
        Field(
            default={}, max_length=99,
            description="host:port of each instance's exporter, where these run apart from the instances.",
        ),
    ]  # fmt: skip
    service_monitor: Annotated[
        bool, Field(default=False, description="Whether a ServiceMonitor was made, which goes when it is not wanted.")
    ]


class DatabaseClusterStatus(HoldableStatus):
    """The observed cluster."""

    database: Annotated[ClusterDatabaseStatus | None, Field(default=None, description="How the servers are.")]
    instances: Annotated[
        list[InstanceState],
        Field(default=[], max_length=99, description="How each instance is.", json_schema_extra=ATOMIC),
    ]
    endpoint: Annotated[str | None, Field(default=None, max_length=300, description="host:port that takes writes.")]
    current_version: Annotated[str | None, Field(default=None, max_length=40, description="Version that runs.")]
    identity: Annotated[
        str | None,
        Field(
            default=None, max_length=100,
            description="What tells its data from that of any other server: once known, there is data to be lost.",
        ),
    ]  # fmt: skip
    upgrading_to: Annotated[
        str | None,
        Field(
            default=None, max_length=40,
            description="Version that one instance of several is being upgraded to, before the others join it.",
        ),
    ]  # fmt: skip
    failed_upgrade: Annotated[
        FailedUpgrade | None,
        Field(default=None, description="Why the version before was started again; another spec is tried anew."),
    ]
    instance_ref: Annotated[LocalReference | None, Field(default=None, description="The published DatabaseInstance.")]
    proxy: Annotated[ProxyStatus | None, Field(default=None, description="How the pooler is.")]
    monitoring: Annotated[MonitoringStatus | None, Field(default=None, description="How the monitoring is.")]
    pending: Annotated[
        list[PendingChange],
        Field(default=[], max_length=99, description="Changes that wait for a window.", json_schema_extra=ATOMIC),
    ]


class DatabaseCluster(Model):
    """A database server, or several that work together, which dbaas runs."""

    spec: DatabaseClusterSpec
    status: DatabaseClusterStatus | None = None


COLUMNS = (
    ("Engine", "string", ".spec.engine.type"),
    ("Version", "string", ".status.currentVersion"),
    ("Instances", "integer", ".status.database.readyInstances"),
    ("Primary", "string", ".status.database.primaryInstance"),
    ("Phase", "string", ".status.phase"),
    ("Ready", "string", '.status.conditions[?(@.type=="Ready")].status'),
    ("Age", "date", ".metadata.creationTimestamp"),
)
RULES = validations(
    {
        "rule": "self.metadata.name.size() <= 50",
        "message": "a cluster's name has at most 50 characters, because its children's names are built from it",
    }
)
