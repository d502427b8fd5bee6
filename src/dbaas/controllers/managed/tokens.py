"""By which tokens managed objects are found and woken. Pure functions of the object, called once per version."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import ValidationError

from dbaas.api.core import NAMESPACE, SECRET
from dbaas.api.database import DATABASE
from dbaas.api.instance import instance_kind
from dbaas.api.resource import Key, Resource
from dbaas.api.user import DatabaseUserSpec
from dbaas.contracts.reconcile import token_of
from dbaas.controllers.conditions import is_ready, ready_reason
from dbaas.controllers.managed.connection import read_connection
from dbaas.controllers.managed.credentials import secret_names
from dbaas.controllers.managed.kinds import ROLE, ManagedKind, Subject, read_subject
from dbaas.controllers.managed.resolution import ALREADY_MANAGED, observed_owner
from dbaas.controllers.tokens import applied, claims, depends_on, lives_on, wants


def provided_by(kind: ManagedKind, resource: Resource) -> Iterable[str]:
    """Where it lives, what it claims, and on whom it depends so that their deletion waits."""
    subject = _read(kind, resource)
    if subject is None:
        return
    links, names = subject.links, [token_of(kind.kind, resource.key)]
    if links.instance is not None:
        yield lives_on(links.instance)
        if real_name := kind.real_name(subject.spec):
            names.append(claims(links.instance, kind.thing, real_name))
            yield names[-1]
        for role in links.wants:
            yield wants(links.instance, role)
    if links.principal is not None:
        yield depends_on(*links.principal)
    if links.database is not None:
        yield depends_on(DATABASE, links.database)
    if subject.was_applied and ready_reason(resource) != ALREADY_MANAGED:
        yield from map(applied, names)


def matters(kind: ManagedKind, old: Resource, new: Resource) -> bool:
    """Whether those who refer to it must look again: at what is asked for, and at whom its server calls its owner.

    That its server has it, now or no more, is told by tokens.
    """
    before, after = (
        (resource.metadata.is_deleting, ready_reason(resource) == ALREADY_MANAGED) for resource in (old, new)
    )
    if before != after or _asks_for_other_things(kind, old, new):
        return True
    known, found = _read(kind, old), _read(kind, new)
    if known is None or found is None or not known.was_applied:
        return False
    return observed_owner(known) != observed_owner(found)


def _asks_for_other_things(kind: ManagedKind, old: Resource, new: Resource) -> bool:
    """Of a role others need to know who it is, where, and whom it lets in; how it is made is its own business."""
    if old.metadata.generation == new.metadata.generation:
        return False
    before, after = _read(kind, old), _read(kind, new)
    if kind.thing != ROLE or before is None or after is None:
        return True
    return any(
        (kind.real_name(before.spec) != kind.real_name(after.spec), before.links != after.links,
         before.spec.allowed_namespaces != after.spec.allowed_namespaces)
    )  # fmt: skip


def referred_by(kind: ManagedKind, resource: Resource) -> Iterable[str]:
    """What wakes it. The server wakes only those that wait for it; settled ones are its drift pass' business.

    A login only names its database, which need not be there yet; all others need what they refer to on the server.
    """
    subject = _read(kind, resource)
    if subject is None:
        return
    links, namespace = subject.links, resource.metadata.namespace
    referred = [links.principal] if links.principal is not None else []
    if links.database is not None:
        referred.append((DATABASE, links.database))
    for other, key in referred:
        yield token_of(other, key)
        if not kind.has_login:
            yield applied(token_of(other, key))
    if kind.has_login:
        yield from _secrets(subject.spec, resource)
    yield from (token_of(other, key) for other, key in kind.texts(subject.spec, namespace))
    if (connection := read_connection(subject)) is not None:
        yield from (token_of(SECRET, Key(namespace, name)) for name in (connection.name, connection.source))
    if links.instance is not None and not is_ready(resource):
        yield token_of(instance_kind(links.instance), links.instance)
        for thing, name in links.real_names:
            yield claims(links.instance, thing, name)
            yield applied(claims(links.instance, thing, name))
    if resource.metadata.is_deleting:
        yield depends_on(kind.kind, resource.key)
        yield token_of(NAMESPACE, Key("", namespace))


def find_database(resource: Resource) -> str:
    """The Database that it is or refers to: whoever asks in the same one shares questions and connections."""
    own, reference = resource.metadata, resource.spec.get("databaseRef") or {}
    return f"{reference.get('namespace') or own.namespace}/{reference.get('name') or own.name}"


def _secrets(spec: DatabaseUserSpec, resource: Resource) -> Iterable[str]:
    for name in secret_names(spec, resource.metadata.name):
        yield token_of(SECRET, Key(resource.metadata.namespace, name))


def _read(kind: ManagedKind, resource: Resource) -> Subject | None:
    """None for an object that its schema would not let in today: nothing can be said about it."""
    try:
        return read_subject(kind, resource)
    except ValidationError:
        return None
