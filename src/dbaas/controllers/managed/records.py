"""The managed kinds: databases, users, grants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from dbaas.api.database import DATABASE, Database, DatabaseSpec
from dbaas.api.grant import DATABASE_GRANT, DatabaseGrant, DatabaseGrantSpec
from dbaas.api.resource import Kind
from dbaas.api.user import DATABASE_USER, DatabaseUser, DatabaseUserSpec
from dbaas.controllers.managed.kinds import Events, Links, ManagedKind, Seen
from dbaas.controllers.tokens import instance_key, reference_key


@runtime_checkable
class HasOwner(Protocol):
    """An engine's observation of a thing that has an owner."""

    @property
    def owner(self) -> str: ...


def _fill_database(spec: DatabaseSpec, name: str) -> DatabaseSpec:
    return spec if spec.name else spec.model_copy(update={"name": name})


def _link_database(spec: DatabaseSpec, namespace: str) -> Links:
    owners = ((DATABASE_USER, spec.owner),) if spec.owner else ()
    return Links(instance_key(spec.instance_ref, namespace), spec.instance_ref.kind, real_names=owners)


def _describe_database(spec: DatabaseSpec, seen: Seen) -> Mapping[str, Any]:
    owner = seen.observed.owner if isinstance(seen.observed, HasOwner) else spec.owner
    return {"database": {"name": spec.name, "owner": owner}}


def _fill_user(spec: DatabaseUserSpec, name: str) -> DatabaseUserSpec:
    return spec if spec.username else spec.model_copy(update={"username": name})


def _link_user(spec: DatabaseUserSpec, namespace: str) -> Links:
    database = reference_key(spec.database_ref, namespace) if spec.database_ref else None
    return Links(instance_key(spec.instance_ref, namespace), spec.instance_ref.kind, database=database)


def _describe_user(spec: DatabaseUserSpec, seen: Seen) -> Mapping[str, Any]:
    return {"user": {"username": spec.username}}


def _link_grant(spec: DatabaseGrantSpec, namespace: str) -> Links:
    database = reference_key(spec.database_ref, namespace) if spec.database_ref else None
    return Links(user=reference_key(spec.user_ref, namespace), database=database)


def _describe_grant(spec: DatabaseGrantSpec, seen: Seen) -> Mapping[str, Any]:
    return {"principal": seen.references.principal, "entries": seen.entries}


DATABASES = ManagedKind(
    kind=DATABASE,
    model=Database,
    noun="database",
    fill=_fill_database,
    links=_link_database,
    real_name=lambda spec: spec.name,
    describe=_describe_database,
    policy=lambda spec: spec.deletion_policy,
    is_protected=lambda spec: spec.deletion_protection,
    held_by=(DATABASE_GRANT,),
)
USERS = ManagedKind(
    kind=DATABASE_USER,
    model=DatabaseUser,
    noun="user",
    fill=_fill_user,
    links=_link_user,
    real_name=lambda spec: spec.username,
    describe=_describe_user,
    policy=lambda spec: spec.deletion_policy,
    held_by=(DATABASE_GRANT,),
    has_login=True,
)
GRANTS = ManagedKind(
    kind=DATABASE_GRANT,
    model=DatabaseGrant,
    noun="grant",
    fill=lambda spec, name: spec,
    links=_link_grant,
    real_name=lambda spec: None,
    describe=_describe_grant,
    policy=lambda spec: "Delete",
    events=Events("Applied", "Applied", "Revoked", "ApplyFailed", "RevokeFailed"),
)
MANAGED: Mapping[Kind, ManagedKind] = {record.kind: record for record in (DATABASES, USERS, GRANTS)}
