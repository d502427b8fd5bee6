"""What a kind of database software is to the rest: a record of parts. A missing part is a missing capability.

An engine describes each kind of thing inside its servers by a `Managed` part, and says by a `Blueprint` which things
one of our objects stands for. Everything else (references, finalizers, drift, deletion, events) is generic.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, Protocol, TypeVar

from pydantic import BaseModel

from dbaas.contracts.admission import SpecRule, VersionRule
from dbaas.contracts.adopting import Adopting
from dbaas.contracts.boundaries import Boundaries
from dbaas.contracts.companions import Companions, Quarantine
from dbaas.contracts.custom import CustomStatements
from dbaas.contracts.parting import Look, Parting
from dbaas.contracts.pooling import Prepare
from dbaas.contracts.provider import ServerPart
from dbaas.contracts.reviewing import Reviewing
from dbaas.contracts.script import Scripts
from dbaas.contracts.statement import Plan, Statement
from dbaas.core.errors import DbaasError
from dbaas.core.secrets import Secret


class EngineError(DbaasError):
    """A server's own error, told in our words; the driver's error is its cause."""

    reason = "ServerError"


class Unreachable(EngineError):
    """No connection, or it broke. What was under way may have taken effect."""

    reason = "Unreachable"


class LoginRefused(EngineError):
    """The server is there and refuses our login."""

    reason = "LoginRefused"


class Missing(EngineError):
    """Something the statement names is not there."""

    reason = "Missing"


class Closed(EngineError):
    """The database is there and lets nobody in, us included."""

    reason = "DatabaseClosed"


class Exists(EngineError):
    """Something with that name is there already."""

    reason = "AlreadyExists"


class Denied(EngineError):
    """Our login may not do that."""

    reason = "PermissionDenied"


class InUse(EngineError):
    """Others hold it: sessions in a database, objects that depend."""

    reason = "InUse"


class Retryable(EngineError):
    """Deadlock, serialisation failure, concurrent update: the same statements may succeed when sent again."""

    reason = "Retryable"


class Untrusted(Unreachable):
    """The server is there, and encryption with it fails or would not be safe. Nothing was told to it."""

    reason = "TLSFailed"


class Retired(Unreachable):
    """The lane that was asked is used no more: another leads to the same server for both. Open it anew."""

    reason = "Retired"


@dataclass(frozen=True)
class Tls:
    """How connections are encrypted. `mode` is disable, require, verify-ca or verify-full; empty: as the block says.

    `ca` is the certificate of the authority to trust, empty: those that this machine trusts; `certificate` and `key`
    are ours, empty where there are none. All are PEM.
    """

    mode: str = ""
    ca: str = ""
    certificate: str = ""
    key: Secret = field(default_factory=lambda: Secret(""))


@dataclass(frozen=True)
class Address:
    """Where a server is and how to log in. `options` is the instance's engine block, validated.

    `parameters` are further settings of the connection by the names that the engine has for them. `via` is where
    the connection goes where that is not `host` and `port`; certificates are still those of `host`, unless it is a
    name.
    """

    host: str
    port: int
    username: str
    password: Secret
    database: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    tls: Tls = Tls()
    via: tuple[str, int] | None = None

    def for_login(self, username: str, password: Secret, database: str) -> Address:
        """The same server as somebody else reaches it: with their login, and without our certificate."""
        tls = Tls(self.tls.mode, self.tls.ca)
        return replace(self, username=username, password=password, database=database, tls=tls)


@dataclass(frozen=True)
class ServerFacts:
    """What a server says of itself. `identity` is the same for two addresses of one server.

    `encryption` is that of our connection: "verified" where the server has proven who it is; empty where the engine
    does not tell. `capabilities` are what our login may do: superuser, createdb, createrole, replication. `memberships`
    are the roles that it may act as by membership (empty where it may act as any).
    """

    version: str
    version_number: int
    identity: str
    login: str
    capabilities: frozenset[str] = frozenset()
    memberships: frozenset[str] = frozenset()
    encryption: Literal["", "off", "on", "verified"] = ""


@dataclass(frozen=True)
class Inventory:
    """What there is on a server that is not its own: names, sorted. Users may log in, roles may not."""

    databases: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


MaySend = Callable[[], None]
"""Asked right before something is sent; raises where it must not be. Costs nothing."""


def may_always_send() -> None:
    """For whoever has no rivals."""


class Session(Protocol):
    """One connection, bound to one database of one server. Not for concurrent use."""

    @property
    def database(self) -> str: ...

    async def execute(self, statements: Sequence[Statement], may_send: MaySend = may_always_send) -> None:
        """One transaction where all are transactional (the lane groups them so), else one after the other.

        `may_send` is asked before each statement and before the end of a transaction, with nothing awaited in between:
        what it raises ends the work, and nothing more is sent. Raises EngineError. Of a transaction nothing has
        happened then.
        """
        ...

    async def close(self) -> None: ...


class Connect(Protocol):
    async def __call__(self, address: Address, database: str | None) -> Session:
        """Connects and logs in, with search path, application name and time limits pinned. Raises EngineError."""
        ...


class Probe(Protocol):
    async def __call__(self, session: Any) -> ServerFacts:
        """Asks a session of this engine what server it is on."""
        ...


@dataclass(frozen=True)
class PlanRules:
    """What a plan must know besides the two states. `cascade`: what is dropped goes with all that is in it.

    `is_guest`: nothing may be made that gives its people power over the server, which is somebody else's.
    """

    server: ServerFacts
    allow_destructive: bool = False
    cascade: bool = False
    is_guest: bool = False


Desired_contra = TypeVar("Desired_contra", contravariant=True)
Observed = TypeVar("Observed")


class Managed(Protocol[Desired_contra, Observed]):
    """One kind of thing inside a server: databases, roles, schemas, extensions, grants."""

    async def observe(self, session: Any, names: Collection[str] | None) -> Mapping[str, Observed]:
        """Set-based: a few catalogue queries for all the names asked (None: all there are), never one per name.

        What does not exist is left out. `session` is one that this engine's `connect` made.
        """
        ...

    def plan(
        self, desired: Desired_contra | None, observed: Observed | None, owned: frozenset[str], claims: frozenset[str],
        rules: PlanRules,
    ) -> Plan:  # fmt: skip
        """Pure. `desired` None: should not exist (or: owns nothing any more); `observed` None: does not exist.

        Applying the plan and observing again gives an empty plan. For lists: `owned` are the keys this object has
        applied, `claims` the keys that other objects want; only `owned - desired - claims` is taken away.
        """
        ...

    def keys(self, desired: Desired_contra) -> frozenset[str]:
        """The entries of a list-like thing that `desired` asks for, as stable strings; else empty."""
        ...


@dataclass(frozen=True)
class Need:
    """Something that must exist before an item can be applied. `is_given`: it comes with every new server."""

    part: str
    database: str | None
    name: str
    what: str  # for people: "role 'shop-owner'"
    is_given: bool = False


@dataclass(frozen=True)
class Item:
    """One thing inside a server that an object stands for.

    `part` names the engine's Managed part, `database` where to look (None: the administrative database), `name` the
    key in what `observe` answers. `exclusive`: one object at most may claim it (else claims are shared, key by key).
    `dropped`: on deletion of the object it is planned with desired None; False where it goes with another item.
    """

    part: str
    database: str | None
    name: str
    desired: Any
    needs: tuple[Need, ...] = ()
    exclusive: bool = False
    dropped: bool = True


@dataclass(frozen=True)
class Login:
    """A password and the version of the Secret that holds it; `proof` is what the last successful check recorded."""

    password: Secret
    version: str
    proof: str = ""


@dataclass(frozen=True)
class References:
    """What the references of an object resolve to. Names are those of the real things."""

    database: str | None = None
    database_owner: str | None = None
    principal: str | None = None
    login: Login | None = None


class Blueprint(Protocol):
    def __call__(self, spec: Any, references: References) -> tuple[Item, ...]:
        """The items an object's spec (its model in `api`) stands for, in the order in which they are made. Pure.

        A name that the spec leaves to the object's own (`name`, `username`) is filled in by the caller. An item that
        was applied (`status.owned`) and is not among them any more is planned with desired None.
        """
        ...


@dataclass(frozen=True)
class Tagging:
    """How a server shows which object stands for a thing. `parts` are those of the tags themselves.

    `tag` gives, for an item and a text, the item that is its tag; None where such things have none. Pure. What others
    have written there is never replaced.
    """

    parts: frozenset[str]
    tag: Callable[[Item, str], Item | None]


class Part(Protocol):
    async def __call__(self, spec: Any, look: Look, rules: PlanRules) -> Parting:
        """What comes before the thing of an object is dropped, or keeps it. Only looks. Raises EngineError."""
        ...


@dataclass(frozen=True)
class ClientLogin:
    """What `connect` needs to start a client program."""

    address: Address
    database: str


@dataclass(frozen=True)
class ClientCommand:
    """`env` may hold secrets; `argv` never does. `files` are texts that go to files, whose paths go to these variables.

    What is in `files` is no secret.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str]
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Engine:
    """Everything the project knows about one kind of database software.

    `blocks`: the model of `spec.<name>` for each kind (keyed by kind name) that has such a block. `parts`: the things
    inside a server. `blueprints`: by kind name, which things an object stands for. `rules`: by kind name, what is
    refused at admission, and `version_rules` once the server's version is known. `partings`: by kind name, what comes
    before it is dropped. `client` starts the engine's own client program; `credentials` are the keys of a published
    Secret that only the engine can build (`uri`, `jdbcUri`, `sslmode`). `login_proof` gives what to record as
    `Login.proof` for an observed user whose password is right, and None where it is wrong; where the server does not
    show what it stores, it answers for the Secret's version alone, and the caller proves the login first. `login_bar`
    says why an observed user cannot log in at that time, whatever its password (empty: it can). `scripts` runs what
    users wrote. `companions`: by kind name, which objects come along. `quarantine` puts away what is to be dropped.
    `reviewing` tells who may do what, `adopting` words what is there. `find_horizon`: where a primary's log begins.
    `find_hindrance`: why data of the server, if it is of that major version, cannot become that of a newer one.
    `custom_statements` runs what a catalogue declares; `operations` are those that the built-in entry of it has.
    """

    name: str
    aliases: frozenset[str] = frozenset()
    default_port: int = 0
    default_database: str = ""
    blocks: Mapping[str, type[BaseModel]] = field(default_factory=dict)
    parts: Mapping[str, Managed[Any, Any]] = field(default_factory=dict)
    blueprints: Mapping[str, Blueprint] = field(default_factory=dict)
    rules: Mapping[str, tuple[SpecRule, ...]] = field(default_factory=dict)
    version_rules: Mapping[str, VersionRule] = field(default_factory=dict)
    partings: Mapping[str, Part] = field(default_factory=dict)
    connect: Connect | None = None
    probe: Probe | None = None
    server: ServerPart | None = None
    client: Callable[[ClientLogin], ClientCommand] | None = None
    credentials: Callable[[ClientLogin], Mapping[str, str]] | None = None
    login_proof: Callable[[Any, Login], str | None] | None = None
    login_bar: Callable[[Any, datetime], str] | None = None
    boundaries: Boundaries | None = None
    inventory_parts: tuple[str, ...] = ()
    take_inventory: Callable[[Mapping[str, Mapping[str, Any]], ServerFacts], Inventory] | None = None
    scripts: Scripts | None = None
    companions: Mapping[str, Companions] = field(default_factory=dict)
    reviewing: Reviewing | None = None
    adopting: Adopting | None = None
    quarantine: Quarantine | None = None
    tagging: Tagging | None = None
    prepare_pooler: Prepare | None = None
    find_horizon: Callable[[Any], Awaitable[int]] | None = None
    find_hindrance: Callable[[Any, str], Awaitable[str]] | None = None
    custom_statements: CustomStatements | None = None
    operations: Sequence[Mapping[str, Any]] = ()
