"""DatabaseRole, as a managed kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from dbaas.api.grant import GRANT_KINDS
from dbaas.api.role import (
    DATABASE_ROLE,
    ClusterDatabaseRoleSpec,
    DatabaseRole,
    DatabaseRoleSpec,
    DatabaseRoleStatus,
)
from dbaas.api.user import DatabaseUserSpec
from dbaas.controllers.managed.kinds import ROLE, Links, ManagedKind, Seen
from dbaas.controllers.tokens import instance_key

AnyRoleSpec = DatabaseRoleSpec | ClusterDatabaseRoleSpec


class Begun(Protocol):
    """What was told of a thing that we may have made."""

    @property
    def created_at(self) -> str | None: ...


def link_role(spec: AnyRoleSpec | DatabaseUserSpec, namespace: str) -> Links:
    """Its server."""
    return Links(instance_key(spec.server, namespace), spec.server.kind)


def describe_named(field: str, name: str | None, seen: Seen, before: Begun | None) -> Mapping[str, Any]:
    """A role under its name, and when we made it; `before` is what was told last."""
    made_at = seen.made_at or (before.created_at if before is not None else None)
    return {field: name, **({"createdAt": made_at} if made_at else {})}


def _describe_role(spec: AnyRoleSpec, seen: Seen) -> Mapping[str, Any]:
    before = seen.before.role if isinstance(seen.before, DatabaseRoleStatus) else None
    return {"role": describe_named("name", spec.role_name, seen, before)}


ROLES = ManagedKind(
    kind=DATABASE_ROLE,
    model=DatabaseRole,
    noun="role",
    thing=ROLE,
    links=link_role,
    name_field="role_name",
    describe=_describe_role,
    is_protected=lambda spec: spec.deletion_protection,
    held_by=GRANT_KINDS,
)
