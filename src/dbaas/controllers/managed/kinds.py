"""What makes a kind managed: a record that says where its objects live, what they stand for and how they go.

All functions of a record are pure. An object's model is read once, as a `Subject`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any

import msgspec
from pydantic import TypeAdapter

from dbaas.api.conditions import ManagedStatus
from dbaas.api.database import DATABASE, ConnectionSecret
from dbaas.api.init_sql import InitSQL
from dbaas.api.model import Model
from dbaas.api.references import DriftPolicy
from dbaas.api.resource import Key, Kind, Resource
from dbaas.contracts.engine import References
from dbaas.core.duration import parse_duration

MOST_RECENT = 512
MOST_SPECS = 4096  # those of a thousand databases with their users and grants, all changed at once, some 10 MiB
ROLE = "role"  # what users and roles stand for


@dataclass(frozen=True)
class Links:
    """Whom an object refers to. The server is named by `instance`, or it is that of `principal` or `database`.

    `wants` are roles, by their names inside the server, that the object wants entries of beside those of `principal`.
    """

    instance: Key | None = None
    instance_kind: str = "DatabaseInstance"
    principal: tuple[Kind, Key] | None = None
    database: Key | None = None
    wants: tuple[str, ...] = ()
    real_names: tuple[tuple[str, str], ...] = ()  # things inside the server that other objects may stand for

    @property
    def host(self) -> tuple[Kind, Key] | None:
        """The object whose server is meant, where none is named."""
        if self.instance is not None:
            return None
        return self.principal or ((DATABASE, self.database) if self.database is not None else None)


@dataclass(frozen=True)
class Events:
    """Reasons of the events of a kind."""

    created: str = "Created"
    updated: str = "Updated"
    deleted: str = "Deleted"
    create_failed: str = "CreateFailed"
    delete_failed: str = "DeleteFailed"


@dataclass(frozen=True)
class Seen:
    """What a finished reconcile knows: the thing as the engine observed it, and how many entries are applied.

    `told` is what observations have for the status, `tally` the entries by sort; `before` is the last status;
    `made_at` is when we made it, where it is new to that.
    """

    references: References
    observed: Any = None
    entries: int = 0
    told: Mapping[str, Any] = field(default_factory=dict)
    tally: Mapping[str, Sequence[str]] = field(default_factory=dict)
    before: ManagedStatus | None = None
    made_at: str | None = None


@dataclass(frozen=True)
class ManagedKind:
    """`name_field` is the field of the spec with the name inside the server, which one object has alone; empty: none.

    `thing` is what it stands for inside a server: the objects of all kinds with the same one exclude each other.
    `policy` gives the deletion policy, `is_protected` whether a deletion that destroys is refused. `held_by` are the
    kinds whose objects, referring to ours, hold its deletion. `describe` gives the kind's own status fields.
    `has_login`: it has a password and a published Secret. `init_sql` is what is run once inside it; `texts` are the
    objects that this is read from, and `reads` their kinds, which wake it when they change. `owns` are the kinds of
    what it brings along. `connection` is the Secret that its users connect with. `quarantine`: how long it is only put
    away before it is dropped. `cascades`: what is dropped goes with all that depends on it. `apart` are fields of the
    spec that say how we work and not how the thing shall be.
    """

    kind: Kind
    model: type[Model]
    noun: str
    thing: str
    links: Callable[[Any, str], Links]
    describe: Callable[[Any, Seen], Mapping[str, Any]]
    name_field: str = ""
    policy: Callable[[Any], str] = lambda spec: str(spec.deletion_policy)
    is_protected: Callable[[Any], bool] = lambda spec: False
    held_by: tuple[Kind, ...] = ()
    has_login: bool = False
    events: Events = field(default_factory=Events)
    init_sql: Callable[[Any], InitSQL | None] = lambda spec: None
    texts: Callable[[Any, str], Sequence[tuple[Kind, Key]]] = lambda spec, namespace: ()
    reads: tuple[Kind, ...] = ()
    owns: tuple[Kind, ...] = ()
    connection: Callable[[Any], ConnectionSecret | None] = lambda spec: None
    quarantine: Callable[[Any], str | None] = lambda spec: None
    cascades: Callable[[Any], bool] = lambda spec: False
    apart: frozenset[str] = frozenset(
        {
            "drift_policy", "deletion_policy", "deletion_protection", "allowed_namespaces", "password_secret",
            "init_sql", "cascade", "quarantine", "connection_secret", "drop",
        }
    )  # fmt: skip

    def fill(self, spec: Any, name: str) -> Any:
        """The spec with the object's name where it leaves the name to it."""
        if not self.name_field or getattr(spec, self.name_field):
            return spec
        return spec.model_copy(update={self.name_field: name})

    def real_name(self, spec: Any) -> str | None:
        """Of a filled spec; None where several objects share what they stand for."""
        name: str | None = getattr(spec, self.name_field) if self.name_field else None
        return name


@dataclass(frozen=True)
class Subject:
    """An object of a managed kind. `spec` has its names filled in; `status` is empty where there is none."""

    kind: ManagedKind
    resource: Resource
    spec: Any
    status: ManagedStatus

    @cached_property
    def links(self) -> Links:
        return self.kind.links(self.spec, self.resource.metadata.namespace)

    @property
    def name(self) -> str:
        """For people: "database 'orders'"."""
        return f"{self.kind.noun} {(self.kind.real_name(self.spec) or self.resource.metadata.name)!r}"

    @property
    def drift_policy(self) -> DriftPolicy | None:
        policy = self.spec.drift_policy
        return policy if isinstance(policy, DriftPolicy) else None

    @property
    def drift_interval(self) -> timedelta | None:
        """How often it wants to be looked at, where it says so itself."""
        policy = self.drift_policy
        return parse_duration(policy.interval) if policy is not None and policy.mode != "ignore" else None

    @property
    def was_applied(self) -> bool:
        return bool(self.status.applied)


class _Parts(msgspec.Struct):
    """Of an object: the spec as it is written, the status as it is."""

    spec: msgspec.Raw = msgspec.Raw(b"")
    status: Any = None


def read_subject(kind: ManagedKind, resource: Resource) -> Subject:
    """Raises pydantic's ValidationError where the object does not fit its schema.

    One version of an object is read by its indices, its own reconcile and those of others, mostly within a moment: the
    latest are remembered, by the identity of the resource, which never changes.
    """
    known = _recent.get(id(resource))
    if known is not None and known.resource is resource:
        _recent.move_to_end(id(resource))
        return known
    subject = _recent[id(resource)] = _read_anew(kind, resource)
    if len(_recent) > MOST_RECENT:
        _recent.popitem(last=False)
    return subject


def _read_anew(kind: ManagedKind, resource: Resource) -> Subject:
    """The spec stays the same from one version to the next, mostly, and is read once."""
    parts = _PARTS.decode(resource.raw)
    case = (kind.model, kind.kind, resource.metadata.name, bytes(parts.spec))
    spec = _specs.get(case)
    if spec is None:
        parsed: Any = kind.model.model_validate(resource.body())
        spec = _specs[case] = kind.fill(parsed.spec, resource.metadata.name)
        if len(_specs) > MOST_SPECS:
            _specs.popitem(last=False)
        status = parsed.status
    else:
        _specs.move_to_end(case)
        status = _read_status(kind.model, parts.status)
    return Subject(kind, resource, spec, status or ManagedStatus())


def _read_status(model: type[Model], status: Any) -> Any:
    adapter = _statuses.get(model)
    if adapter is None:
        shape: Any = model.model_fields["status"].annotation
        adapter = _statuses[model] = TypeAdapter(shape)
    return adapter.validate_python(status)


_PARTS = msgspec.json.Decoder(_Parts)
_recent: OrderedDict[int, Subject] = OrderedDict()
_specs: OrderedDict[tuple[type[Model], Kind, str, bytes], Any] = OrderedDict()
_statuses: dict[type[Model], TypeAdapter[Any]] = {}
