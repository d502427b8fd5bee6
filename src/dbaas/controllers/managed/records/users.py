"""DatabaseUser, as a managed kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dbaas.api.grant import GRANT_KINDS
from dbaas.api.user import DATABASE_USER, DatabaseUser, DatabaseUserSpec, DatabaseUserStatus
from dbaas.controllers.managed.kinds import ROLE, Links, ManagedKind, Seen
from dbaas.controllers.managed.records.roles import describe_named, link_role
from dbaas.controllers.tokens import reference_key


def _link_user(spec: DatabaseUserSpec, namespace: str) -> Links:
    database = reference_key(spec.database_ref, namespace) if spec.database_ref else None
    return replace(link_role(spec, namespace), database=database)


def _describe_user(spec: DatabaseUserSpec, seen: Seen) -> Mapping[str, Any]:
    before = seen.before.user if isinstance(seen.before, DatabaseUserStatus) else None
    return {"user": describe_named("username", spec.username, seen, before)}


USERS = ManagedKind(
    kind=DATABASE_USER,
    model=DatabaseUser,
    noun="user",
    thing=ROLE,
    links=_link_user,
    name_field="username",
    describe=_describe_user,
    is_protected=lambda spec: spec.deletion_protection,
    held_by=GRANT_KINDS,
    has_login=True,
)
