"""Database, as a managed kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from dbaas.api.database import DATABASE, Database, DatabaseSpec
from dbaas.api.grant import DATABASE_GRANT
from dbaas.api.user import DATABASE_USER
from dbaas.controllers.managed.kinds import Links, ManagedKind, Seen
from dbaas.controllers.tokens import instance_key


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
