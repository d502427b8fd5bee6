"""DatabaseRole, as a managed kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dbaas.api.grant import GRANT_KINDS
from dbaas.api.role import DATABASE_ROLE, ClusterDatabaseRoleSpec, DatabaseRole, DatabaseRoleSpec
from dbaas.controllers.managed.kinds import ROLE, Links, ManagedKind, Seen
from dbaas.controllers.tokens import instance_key

AnyRoleSpec = DatabaseRoleSpec | ClusterDatabaseRoleSpec


def fill_role(spec: AnyRoleSpec, name: str) -> AnyRoleSpec:
    """With the name that it will have."""
    return spec if spec.role_name else spec.model_copy(update={"role_name": name})


def link_role(spec: AnyRoleSpec, namespace: str) -> Links:
    """Its server."""
    return Links(instance_key(spec.server, namespace), spec.server.kind)


def describe_role(spec: AnyRoleSpec, seen: Seen) -> Mapping[str, Any]:
    """Its own fields of the status."""
    return {"role": {"name": spec.role_name}}


ROLES = ManagedKind(
    kind=DATABASE_ROLE,
    model=DatabaseRole,
    noun="role",
    thing=ROLE,
    fill=fill_role,
    links=link_role,
    real_name=lambda spec: spec.role_name,
    describe=describe_role,
    policy=lambda spec: spec.deletion_policy,
    held_by=GRANT_KINDS,
)
