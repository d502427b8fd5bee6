"""DatabaseUser, as a managed kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dbaas.api.grant import GRANT_KINDS
from dbaas.api.user import DATABASE_USER, DatabaseUser, DatabaseUserSpec
from dbaas.controllers.managed.kinds import ROLE, Links, ManagedKind, Seen
from dbaas.controllers.tokens import instance_key, reference_key


def _fill_user(spec: DatabaseUserSpec, name: str) -> DatabaseUserSpec:
    return spec if spec.username else spec.model_copy(update={"username": name})


def _link_user(spec: DatabaseUserSpec, namespace: str) -> Links:
    database = reference_key(spec.database_ref, namespace) if spec.database_ref else None
    return Links(instance_key(spec.server, namespace), spec.server.kind, database=database)


def _describe_user(spec: DatabaseUserSpec, seen: Seen) -> Mapping[str, Any]:
    return {"user": {"username": spec.username}}


USERS = ManagedKind(
    kind=DATABASE_USER,
    model=DatabaseUser,
    noun="user",
    thing=ROLE,
    fill=_fill_user,
    links=_link_user,
    real_name=lambda spec: spec.username,
    describe=_describe_user,
    policy=lambda spec: spec.deletion_policy,
    held_by=GRANT_KINDS,
    has_login=True,
)
