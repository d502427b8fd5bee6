"""Who runs a cluster: a neutral workload goes in, objects of the API come out, and facts are read back.

An engine's `ServerPart` turns a DatabaseCluster into a `Workload` without a word of Kubernetes; a `Provider` renders
any workload. Commands may use `$(NAME)` with the names listed at `Instance`; whoever runs the command expands them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from dbaas.api.monitoring import MonitoringConfigSpec
from dbaas.api.resource import Kind, Resource
from dbaas.contracts.action import Move, Task
from dbaas.contracts.upgrade import Upgrade
from dbaas.core.errors import DbaasError

if TYPE_CHECKING:
    from dbaas.contracts.exporting import Exporter, ExporterFacts
    from dbaas.contracts.pooling import Pooler, PoolerFacts

OnChange = Literal["restart", "reload", "nothing"]
Site = Literal["laptop", "kubernetes"]
"""Where a provider runs servers: for this machine alone, or on a network for whoever may reach them."""
DATA_OF_OTHER_VERSION = "DataOfOtherVersion"
DATA_MISSING = "DataMissing"
"""The reason why an instance is refused that would have to work with data of another major version."""
VOLUME_REFUSED, VOLUMES_GROW = "VolumeCannotGrow", "VolumesGrow"
"""Reasons of a cluster's `Ready` where a volume has not the size that is asked for, and never will or soon will."""


@dataclass(frozen=True)
class SecretKey:
    """One key of a Secret in the cluster's namespace."""

    name: str
    key: str


@dataclass(frozen=True)
class File:
    """A file in the instance's folder, mode 0600; `content` or `secret`.

    In a content with `secrets` each `$(NAME)` of theirs stands for the value, escaped as within a string of JSON.
    `on_change` says what the running server needs when it changes: files read only at the first start need nothing.
    """

    path: str
    content: str | None = None
    secret: SecretKey | None = None
    on_change: OnChange = "restart"
    secrets: Mapping[str, SecretKey] = field(default_factory=dict)


@dataclass(frozen=True)
class VersionMark:
    """A text file in a folder that says which major version made it, and what it must say."""

    path: str
    version: str


@dataclass(frozen=True)
class Init:
    """A command that makes `creates` (a folder) before the first start.

    It is given an empty folder as `$(CREATES)`, which becomes `creates` only when the command has succeeded, so a
    crash in the middle leaves nothing that looks finished. Nothing is started on a folder whose `mark` says another
    version: it is upgraded, where there is a way and this cluster has made it, or else refused. What is made `once` are
    the data of users: where a server has served it and it is gone, a provider that knows so makes no other.
    """

    command: tuple[str, ...]
    creates: str
    mark: VersionMark | None = None
    upgrade: Upgrade | None = None
    once: bool = False


@dataclass(frozen=True)
class Port:
    """A TCP port by name; `number` is what is usual, a provider may have to choose another.

    `is_private`: no client has business there, only instances of the same cluster and we.
    """

    name: str
    number: int
    is_private: bool = False


@dataclass(frozen=True)
class CheckCommand:
    """A probe: a command that exits 0, or (where `command` is empty) a TCP connection to the port of that name.

    With a `path` the port must answer an HTTP GET of it with 200: a program that is halted still lets the machine
    accept connections for it.
    """

    command: tuple[str, ...] = ()
    port: str = ""
    path: str = ""
    period_seconds: float = 1.0
    timeout_seconds: float = 3.0
    failures: int = 3


@dataclass(frozen=True)
class Stop:
    """How to stop cleanly: signal, and after so many seconds SIGKILL."""

    signal: str = "SIGTERM"
    timeout_seconds: float = 60.0


@dataclass(frozen=True)
class Instance:
    """One server process with its data.

    The first word of a command is a program's name; the provider finds it (a binary on a laptop, an image on
    Kubernetes). `$(DIRECTORY)` is the instance's folder, `$(RUN)` a short private folder for sockets, `$(HOST)` the
    address to listen on, `$(PORT_<NAME>)` a port, `$(PROGRAMS)` the folder with the programs where that is known before
    (they are on the PATH anyway), `$(NAMESPACE)` the cluster's namespace, `$(POD)` the name of the Pod that stands for
    the instance in the API. In `env` alone, `$(ADDRESS)` is where others of the cluster reach the instance.

    With `packages` the first word is a module of these Python packages, or the path of a `.py` file. One that
    `uses_api` is told how to reach the API that its cluster stands in, where its Pod keeps what it says of itself.

    One that `joins` gets its data from another instance, and never begins with what an earlier one of its name left.

    `leash` is the pid file, in the instance's folder, of a program that the command starts in a session of its own and
    that must never outlive it. Where the command has ended, or is not alive any more (then it is killed and not asked),
    that program and all its children are killed at once, before anything is started or reported.

    `logs` are files in the instance's folder that it appends its log to, instead of printing it. Who runs it sees to it
    that they are read and stay small, and may put something else in their place before it starts.
    """

    name: str
    command: tuple[str, ...]
    init: tuple[Init, ...] = ()
    files: tuple[File, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    ports: tuple[Port, ...] = ()
    ready: CheckCommand | None = None
    alive: CheckCommand | None = None
    stop: Stop = field(default_factory=Stop)
    reload_signal: str = "SIGHUP"
    leash: str = ""
    packages: tuple[str, ...] = ()
    uses_api: bool = False
    joins: bool = False
    logs: tuple[str, ...] = ()


@dataclass(frozen=True)
class ServerImage:
    """A container image with the programs of one version, a POSIX shell, and the account that the server runs as.

    The account is one that the image knows, because programs look up who they are. `older` are the versions whose data
    it can upgrade, and the folders in it with their programs.
    """

    reference: str
    user: int
    group: int
    older: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Workload:
    """What must run for a cluster, neutral. `credentials` is the Secret of the administrative login.

    `image` is where the programs are for a provider that runs containers; None where the engine has no image of that
    version. `passwords` are further keys of that Secret, for logins of the instances among themselves.
    `monitoring` is what the agent is told that the exporters are for; None where there is no agent.

    `notes` are what several instances agree through: objects of the API, called as the cluster with that name behind
    it, and what we say in each. They add to them; the one called `leader` says by that key which of them takes writes.

    `encrypted`: the servers show the certificate of `certificate_of`, and need programs that can.
    """

    engine: str
    version: str
    instances: tuple[Instance, ...]
    credentials: SecretKey
    administrator: str
    image: ServerImage | None = None
    exporter: Exporter | None = None
    monitoring: MonitoringConfigSpec | None = None
    passwords: tuple[str, ...] = ()
    notes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    encrypted: bool = False
    pooler: Pooler | None = None


def missing_image(workload: Workload) -> str:
    """What to do where nobody has named an image of it."""
    packages = workload.instances[0].packages
    needed = f" with {' and '.join(packages)} in it" if packages else ""
    return (
        f"there is no image of {workload.engine} {workload.version}{needed}: name one in spec.images of the "
        "DatabaseEngine that spec.engine.engineRef names"
    )


@dataclass(frozen=True)
class ServerCapability:
    """One thing a cluster may ask for. `missing` is the reason why it is refused; empty where it works.

    `field` is the path that the refusal names; `asked` tells whether a DatabaseClusterSpec asks for it.
    """

    name: str
    field: str
    asked: Callable[[Any], bool]
    missing: str = ""


class ServerPart(Protocol):
    """How an engine runs as a cluster."""

    @property
    def versions(self) -> Sequence[str]:
        """Major versions whose programs a machine can have, newest first."""
        ...

    @property
    def images(self) -> Mapping[str, ServerImage]:
        """Major versions that there are images of, newest first."""
        ...

    def workload(self, name: str, spec: Any, site: Site = "laptop") -> Workload:
        """Pure; `spec` is a DatabaseClusterSpec that admission has accepted."""
        ...

    def programs(self, version: str, *, encrypted: bool = False) -> str | None:
        """The folder with the programs of that major version on this machine; None where they are not installed.

        Those that can encrypt connections, where that is asked.
        """
        ...

    def missing_programs(self, version: str, *, encrypted: bool = False) -> str:
        """What to install, for people."""
        ...


@dataclass(frozen=True)
class InstanceFacts:
    """How one instance is: read from the objects that run it. `is_refused`: it never starts as things stand.

    `role` is empty as long as it is not known. Of several that replicate, `timeline` is the change log that it follows
    (0: not known), and `lag_bytes` how far it is behind the primary: roughly, so that it is not news all the time.
    `wants_back`: its data could not be upgraded, and nothing serves before the version that made it is started again.
    `lingers`: it does not serve, and its program, or what of it is left, runs all the same.
    """

    name: str
    is_ready: bool
    role: str = "primary"
    host: str = ""
    ports: Mapping[str, int] = field(default_factory=dict)
    restarts: int = 0
    reason: str = ""
    message: str = ""
    is_refused: bool = False
    timeline: int = 0
    lag_bytes: int | None = None
    wants_back: bool = False
    lingers: bool = False


@dataclass(frozen=True)
class ClusterFacts:
    """How a cluster is; `host` and `port` are the endpoint that takes writes, empty until there is one.

    `replica` and `external` are `host:port` for reads from replicas and for clients from outside, where there are such.
    `growing` tells of each volume that has not the size yet that was asked for, `unsettled` of each instance that must
    be started anew before all of its settings count, `exposed` of why nobody could take over if the primary was lost,
    where commits are to wait for replicas so that somebody can.
    """

    instances: tuple[InstanceFacts, ...] = ()
    host: str = ""
    port: int = 0
    replica: str = ""
    external: str = ""
    growing: tuple[str, ...] = ()
    unsettled: tuple[str, ...] = ()
    exposed: str = ""
    pooler: PoolerFacts | None = None
    exporters: tuple[ExporterFacts, ...] | None = None


def certificate_of(cluster: str, key: str) -> SecretKey:
    """Where that is what the servers show to clients: `tls.crt` and `tls.key`, and `ca.crt`, which clients trust.

    The last one is missing where every machine trusts who has signed.
    """
    return SecretKey(f"{cluster}-certificate", key)


class NotProvided(DbaasError):
    """The provider cannot run that workload on this machine; the message says what to install or change."""

    reason = "NotProvided"


def versions_on(site: Site, server: ServerPart) -> Sequence[str]:
    """Major versions that can be asked for there, newest first."""
    return server.versions if site == "laptop" else tuple(server.images)


@dataclass(frozen=True)
class Disruption:
    """What a child that is there would end if it was made as it is wanted: its server is started anew.

    `what` tells of the differences. `is_asked`: somebody has asked for just that. `is_upgrade`: it differs in nothing
    but newer programs of the same version. `meanwhile` is the child with what it can have without that, where there
    may be such.
    """

    what: str
    is_asked: bool = False
    is_upgrade: bool = False
    meanwhile: Mapping[str, Any] | None = None


class Action(Protocol):
    """One thing that a provider can do to a cluster once, on its own or on one instance."""

    def __call__(self, cluster: Resource, task: Task, children: Sequence[Resource], /) -> Move:
        """Pure; `children` are all objects of the provider's kinds and its witnesses, as the API has them.

        A task that has begun is known by its mark, and is never begun again. Raises Refused where it cannot be done, or
        has failed for good.
        """
        ...


NO_ACTIONS: Mapping[str, Action] = {}
NO_GRANTS: Mapping[Kind, Sequence[str]] = {}


class Provider(Protocol):
    """Who runs clusters. `kinds` are the kinds of its children, watched for the cluster's controller.

    `witnesses` are kinds of what the children make (by its label `dbaas.io/cluster`): nobody watches them, and they are
    read where the children alone say that not all is well. `actions` are those that it has, by the name that operations
    call them by. `grants` are the verbs that its children are given by it, by kind: nobody can give what he has not.
    """

    runs_on: Site
    witnesses: Sequence[Kind]
    actions: Mapping[str, Action]
    grants: Mapping[Kind, Sequence[str]]

    @property
    def name(self) -> str: ...

    @property
    def kinds(self) -> Sequence[Kind]: ...

    @property
    def capabilities(self) -> Sequence[ServerCapability]:
        """All that a cluster may ask for; refusals at admission are made from this table."""
        ...

    def missing(self, server: ServerPart, version: str) -> str:
        """What to install before that version can run; empty where everything is there."""
        ...

    def children(self, cluster: Resource, workload: Workload, server: ServerPart) -> Sequence[Mapping[str, Any]]:
        """Pure: the objects to apply, with the cluster as controlling owner. Raises NotProvided."""
        ...

    def entrances(self, cluster: Resource, workload: Workload, facts: ClusterFacts) -> Sequence[Mapping[str, Any]]:
        """Pure: further objects to apply, which lead clients to the instances that are known by now."""
        ...

    def disruption(self, running: Resource, wanted: Mapping[str, Any]) -> Disruption | None:
        """Pure: what applying that child would end; None where its server goes on, or does not run anyway."""
        ...

    def observe(self, cluster: Resource, children: Sequence[Resource]) -> ClusterFacts:
        """Pure: what the children say, and witnesses where they were read."""
        ...
