"""DatabaseInstance and ClusterDatabaseInstance: a server that can be reached, whoever runs it.

One type: which of the two an object is, is told by its key. One without a namespace is for the whole cluster.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dbaas.api.conditions import HoldableStatus
from dbaas.api.model import (
    ATOMIC,
    SET_OF_SCALARS,
    Duration,
    EngineBlocks,
    EngineName,
    Model,
    ObjectName,
    SecretKeyName,
    Time,
    immutable,
    validations,
)
from dbaas.api.references import (
    AllowedNamespaces,
    CredentialsReference,
    DriftPolicy,
    LocalReference,
    SecretNamespace,
)
from dbaas.api.resource import GROUP, VERSION, Key, Kind

DATABASE_INSTANCE = Kind(GROUP, VERSION, "DatabaseInstance", "databaseinstances", short_names=("dbi",))
CLUSTER_DATABASE_INSTANCE = Kind(
    GROUP, VERSION, "ClusterDatabaseInstance", "clusterdatabaseinstances", namespaced=False, short_names=("cdbi",)
)
INSTANCE_KINDS = (DATABASE_INSTANCE, CLUSTER_DATABASE_INSTANCE)
ANNOTATION_ADOPTABLE = f"{GROUP}/adoptable"
ANNOTATION_ADOPT_DATABASES = f"{GROUP}/adopt-databases"
ANNOTATION_ADOPT_USERS = f"{GROUP}/adopt-users"
ANNOTATION_ADOPT_ROLES = f"{GROUP}/adopt-roles"


class SecretKeyOfNamespace(Model):
    """One key of a Secret."""

    name: Annotated[ObjectName, Field(description="Name of the Secret.")]
    namespace: SecretNamespace
    key: Annotated[SecretKeyName, Field(description="Key in the Secret.")]


class AwsSecretKey(Model):
    """One key of a secret in AWS Secrets Manager."""

    arn: Annotated[str, Field(min_length=1, max_length=2048, description="Name of the secret for AWS.")]
    key: Annotated[str | None, Field(default=None, max_length=255, description="Key in its JSON; else all of it.")]
    region: Annotated[str | None, Field(default=None, max_length=63, description="Region; else that of the ARN.")]


class ValueSource(Model):
    """Where a value comes from."""

    secret_key_ref: Annotated[SecretKeyOfNamespace | None, Field(default=None, description="A key of a Secret.")]
    aws_secret_key_ref: Annotated[AwsSecretKey | None, Field(default=None, description="A key of a secret of AWS.")]


class LoginPart(Model):
    """A user name or a password: the value itself, or where it comes from."""

    value: Annotated[
        str | None,
        Field(default=None, max_length=1024, description="The value itself; passwords are better in a Secret."),
    ]
    value_from: Annotated[ValueSource | None, Field(default=None, description="Where the value comes from.")]


_ONE_SOURCE = validations(
    {
        "rule": "has(self.value) != has(self.valueFrom)",
        "message": "give either value or valueFrom",
    },
    {
        "rule": "!has(self.valueFrom) || has(self.valueFrom.secretKeyRef) != has(self.valueFrom.awsSecretKeyRef)",
        "message": "give one source in valueFrom: secretKeyRef or awsSecretKeyRef",
    },
)


class LoginSource(Model):
    """An administrative login, part by part."""

    username: Annotated[LoginPart, Field(description="The user name.", json_schema_extra=_ONE_SOURCE)]
    password: Annotated[LoginPart, Field(description="The password.", json_schema_extra=_ONE_SOURCE)]


class CertificateKeys(Model):
    """Under which keys of the Secret certificates are, as PEM."""

    ca: Annotated[SecretKeyName, Field(default="ca.crt", description="Key of the authority's certificate.")]
    cert: Annotated[
        SecretKeyName | None,
        Field(default=None, description="Key of our own certificate, where the server asks for it."),
    ]
    key: Annotated[SecretKeyName | None, Field(default=None, description="Key of its private key.")]


class CertificatesReference(Model):
    """A Secret with certificates."""

    name: Annotated[ObjectName, Field(description="Name of the Secret.")]
    namespace: SecretNamespace
    keys: Annotated[
        CertificateKeys,
        Field(
            default=CertificateKeys(),
            description="Keys in the Secret.",
            json_schema_extra=validations(
                {"rule": "has(self.cert) == has(self.key)", "message": "a certificate and its key go together"}
            ),
        ),
    ]


class Connection(Model):
    """Where the server is and how to log in."""

    host: Annotated[str, Field(min_length=1, max_length=253, description="Host name or address.")]
    port: Annotated[int, Field(ge=1, le=65535, description="TCP port.")]
    database: Annotated[
        str | None, Field(default=None, max_length=255, description="Administrative database; the engine's by default.")
    ]
    secret_ref: Annotated[CredentialsReference | None, Field(default=None, description="Administrative login.")]
    existing_secret: Annotated[CredentialsReference | None, Field(default=None, description="The same as secretRef.")]
    credentials: Annotated[
        LoginSource | None, Field(default=None, description="Administrative login, part by part, instead of secretRef.")
    ]
    options: Annotated[
        dict[str, Annotated[str, Field(max_length=255)]],
        Field(default={}, max_length=32, description="More settings of the connection, by the names the engine has."),
    ]

    @property
    def login_secret(self) -> CredentialsReference | None:
        """The Secret with the login, under whichever name it is given."""
        return self.secret_ref or self.existing_secret


CONNECTION_RULES = validations(
    {
        "rule": "[has(self.secretRef), has(self.existingSecret), has(self.credentials)].filter(x, x).size() == 1",
        "message": "give the administrative login once: by secretRef, existingSecret or credentials",
    }
)


class Tls(Model):
    """How connections to the server are encrypted."""

    enabled: Annotated[bool, Field(default=False, description="Whether `mode` holds; else the engine's own block.")]
    mode: Annotated[
        Literal["disable", "require", "verify-ca", "verify-full"],
        Field(
            default="verify-full",
            description="No encryption; encryption; with a certificate by a known authority; and for this host.",
        ),
    ]
    secret_ref: Annotated[
        CertificatesReference | None,
        Field(default=None, description="Secret with the authority's certificate, and with ours where it is asked."),
    ]


class HealthCheck(Model):
    """How often the server is asked whether it is well."""

    enabled: Annotated[bool, Field(default=True, description="Whether it is asked between drift passes.")]
    interval_seconds: Annotated[int, Field(default=30, ge=5, le=3600, description="Seconds between two questions.")]
    timeout_seconds: Annotated[
        int, Field(default=5, ge=1, le=60, description="Seconds after which no answer means that it is not there.")
    ]


class Discovery(Model):
    """Whether we look for what no object stands for."""

    enabled: Annotated[bool, Field(default=False, description="Whether status.discoveredResources is kept.")]
    interval: Annotated[Duration, Field(default="30m", description="How often to look; at least every 5 minutes.")]


DEFAULT_COMMENT = "managed by dbaas: {{ .Kind }} {{ if .Namespace }}{{ .Namespace }}/{{ end }}{{ .Name }}"
COMMENT_VARIABLES = ("Operator", "Namespace", "Name", "Kind", "UID")


class ResourceTracking(Model):
    """Tags on what is managed inside the server, for people who look there."""

    enabled: Annotated[bool, Field(default=False, description="Whether things say which object stands for them.")]
    comment_format: Annotated[
        str,
        Field(
            default=DEFAULT_COMMENT,
            min_length=1,
            max_length=1024,
            description="What they say: a template of Operator, Namespace, Name, Kind and UID, cut at 4,096 signs.",
        ),
    ]


class Tenancy(Model):
    """What objects of other namespaces may do on the server."""

    adoption: Annotated[
        Literal["Never", "Annotated", "Always"],
        Field(
            default="Annotated",
            description="Whether they may take over what exists: what the annotation dbaas.io/adoptable names, or all.",
        ),
    ]
    privileged_attributes: Annotated[
        bool, Field(default=False, description="Whether their roles may have power over the whole server.")
    ]
    owned_only: Annotated[
        bool, Field(default=True, description="Whether they touch only what objects of their own namespace stand for.")
    ]


class DatabaseInstanceSpec(EngineBlocks):
    """The server."""

    engine: Annotated[EngineName, Field(description="The engine.", json_schema_extra=immutable("the engine"))]
    connection: Annotated[
        Connection, Field(description="Where it is and how to log in.", json_schema_extra=CONNECTION_RULES)
    ]
    tls: Annotated[Tls, Field(default=Tls(), description="How connections are encrypted.")]
    health_check: Annotated[
        HealthCheck, Field(default=HealthCheck(), description="How often it is asked whether it is well.")
    ]
    cluster_ref: Annotated[LocalReference | None, Field(default=None, description="Set on servers of our clusters.")]
    max_connections: Annotated[int, Field(default=5, ge=1, le=100, description="Connections that we open to it.")]
    drift_policy: Annotated[DriftPolicy, Field(default=DriftPolicy(), description="Default for what lives inside it.")]
    allowed_namespaces: AllowedNamespaces
    discovery: Annotated[
        Discovery, Field(default=Discovery(), description="Whether we look for what no object stands for.")
    ]
    resource_tracking: Annotated[
        ResourceTracking, Field(default=ResourceTracking(), description="Tags on what is managed inside it.")
    ]
    tenancy: Annotated[Tenancy, Field(default=Tenancy(), description="What objects of other namespaces may do.")]
    deletion_protection: Annotated[
        bool,
        Field(default=True, description="What lives on it holds its deletion in any case; force needs consent."),
    ]


MOST_LISTED = 1000
Names = Annotated[
    list[Annotated[str, Field(max_length=255)]], Field(default=[], max_length=MOST_LISTED, json_schema_extra=ATOMIC)
]


class Discovered(Model):
    """Something on the server that no object stands for, or stood for when it was found."""

    name: Annotated[str, Field(max_length=255, description="Its name on the server.")]
    discovered: Annotated[Time, Field(description="When it was first seen.")]
    adopted: Annotated[bool, Field(default=False, description="Whether an object stands for it by now.")]


_Discoveries = Annotated[list[Discovered], Field(default=[], max_length=MOST_LISTED, json_schema_extra=ATOMIC)]


class DiscoveredResources(Model):
    """What was found."""

    databases: Annotated[_Discoveries, Field(description="Databases.")]
    users: Annotated[_Discoveries, Field(description="Roles that may log in.")]
    roles: Annotated[_Discoveries, Field(description="Roles that may not.")]
    last_scan: Annotated[Time | None, Field(default=None, description="When something was last found to have changed.")]


class DatabaseInstanceStatus(HoldableStatus):
    """The observed server."""

    version: Annotated[str | None, Field(default=None, max_length=100, description="Version that answered.")]
    identity: Annotated[str | None, Field(default=None, max_length=100, description="What the server calls itself.")]
    capabilities: Annotated[
        list[Annotated[str, Field(max_length=64)]],
        Field(
            default=[],
            max_length=64,
            description="What it has and what our login may do.",
            json_schema_extra=SET_OF_SCALARS,
        ),
    ]
    databases: Annotated[Names, Field(description="The first 1,000 databases, without the server's own.")]
    database_count: Annotated[int | None, Field(default=None, description="How many there are.")]
    users: Annotated[Names, Field(description="The first 1,000 roles that may log in, without the server's own.")]
    user_count: Annotated[int | None, Field(default=None, description="How many there are.")]
    discovered_resources: Annotated[
        DiscoveredResources | None, Field(default=None, description="What no object stands for.")
    ]
    last_verified: Annotated[Time | None, Field(default=None, description="End of the last full drift pass.")]
    verified_objects: Annotated[int | None, Field(default=None, description="Objects compared in it.")]


class DatabaseInstance(Model):
    """A database server that can be reached, whoever runs it."""

    spec: DatabaseInstanceSpec
    status: DatabaseInstanceStatus | None = None


class ClusterDatabaseInstance(DatabaseInstance):
    """A database server for the namespaces of the whole cluster that it allows."""


def instance_kind(key: Key) -> Kind:
    """Of the server with that key."""
    return DATABASE_INSTANCE if key.namespace else CLUSTER_DATABASE_INSTANCE


COLUMNS = (
    ("Engine", "string", ".spec.engine"),
    ("Host", "string", ".spec.connection.host"),
    ("Port", "integer", ".spec.connection.port"),
    ("Version", "string", ".status.version"),
    ("Phase", "string", ".status.phase"),
    ("Ready", "string", '.status.conditions[?(@.type=="Ready")].status'),
    ("Age", "date", ".metadata.creationTimestamp"),
)
