"""What makes a kind managed: a record that says where its objects live, what they stand for and how they go.

All functions of a record are pure. An object's model is read once, as a `Subject`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dbaas.api.conditions import ManagedStatus
from dbaas.api.model import Model
from dbaas.api.references import DriftPolicy
from dbaas.api.resource import Key, Kind, Resource
from dbaas.contracts.engine import References

MOST_RECENT = 512


@dataclass(frozen=True)
class Links:
    """Whom an object refers to. The server is named by `instance`, or it is the server of `user`."""

    instance: Key | None = None
    instance_kind: str = "DatabaseInstance"
    user: Key | None = None
    database: Key | None = None
    real_names: tuple[tuple[Kind, str], ...] = ()  # things inside the server that other objects may stand for


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
    """What a finished reconcile knows: the thing as the engine observed it, and how many entries are applied."""

    references: References
    observed: Any = None
    entries: int = 0


@dataclass(frozen=True)
class ManagedKind:
    """`fill` puts the object's name where the spec leaves a name to it. `real_name` is exclusive; None: shared.

    `policy` gives the deletion policy, `is_protected` whether a deletion that destroys is refused. `held_by` are the
    kinds whose objects, referring to ours, hold its deletion. `describe` gives the kind's own status fields.
    `has_login`: it has a password and a published Secret. `apart` are fields of the spec that say how we work and not
    how the thing shall be.
    """

    kind: Kind
    model: type[Model]
    noun: str
    fill: Callable[[Any, str], Any]
    links: Callable[[Any, str], Links]
    real_name: Callable[[Any], str | None]
    describe: Callable[[Any, Seen], Mapping[str, Any]]
    policy: Callable[[Any], str]
    is_protected: Callable[[Any], bool] = lambda spec: False
    held_by: tuple[Kind, ...] = ()
    has_login: bool = False
    events: Events = field(default_factory=Events)
    apart: frozenset[str] = frozenset(
        {"drift_policy", "deletion_policy", "deletion_protection", "allowed_namespaces", "password_secret"}
    )


@dataclass(frozen=True)
class Subject:
    """An object of a managed kind. `spec` has its names filled in; `status` is empty where there is none."""

    kind: ManagedKind
    resource: Resource
    spec: Any
    status: ManagedStatus

    @property
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
    def was_applied(self) -> bool:
        return bool(self.status.applied)


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
    parsed: Any = kind.model.model_validate(resource.body())
    spec = kind.fill(parsed.spec, resource.metadata.name)
    return Subject(kind, resource, spec, parsed.status or ManagedStatus())


_recent: OrderedDict[int, Subject] = OrderedDict()
