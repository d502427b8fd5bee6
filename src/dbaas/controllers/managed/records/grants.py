"""DatabaseGrant, as a managed kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dbaas.api.grant import DATABASE_GRANT, AnyGrantSpec, DatabaseGrant, DatabaseGrantSpec
from dbaas.api.role import DATABASE_ROLE
from dbaas.api.user import DATABASE_USER
from dbaas.controllers.managed.kinds import Events, Links, ManagedKind, Seen
from dbaas.controllers.tokens import reference_key

EVERYBODY = "PUBLIC"


def _link_grant(spec: DatabaseGrantSpec, namespace: str) -> Links:
    database = reference_key(spec.database_ref, namespace) if spec.database_ref else None
    if spec.user_ref is not None:
        return Links(principal=(DATABASE_USER, reference_key(spec.user_ref, namespace)), database=database)
    if spec.role_ref is not None:
        return Links(principal=(DATABASE_ROLE, reference_key(spec.role_ref, namespace)), database=database)
    return Links(database=database)


def describe_grant(spec: AnyGrantSpec, seen: Seen) -> Mapping[str, Any]:
    """Who has how much, and by which object."""
    principal = EVERYBODY if spec.public else seen.references.principal
    target = {"type": "public"} if spec.public else _describe_target(spec)
    return {
        "principal": principal,
        "entries": seen.entries,
        "appliedGrants": {
            "roles": sorted(seen.tally.get("roles", ())),
            "directGrants": len(seen.tally.get("directGrants", ())),
            "defaultPrivileges": len(seen.tally.get("defaultPrivileges", ())),
        },
        "targetInfo": {**target, "resolvedUsername": principal},
    }


def _describe_target(spec: AnyGrantSpec) -> dict[str, str]:
    kind, reference = ("user", spec.user_ref) if spec.user_ref is not None else ("role", spec.role_ref)
    assert reference is not None, "the schema asks for one of the two"
    described = {"type": kind, "name": reference.name, "namespace": reference.namespace or ""}
    return {name: value for name, value in described.items() if value}


GRANTS = ManagedKind(
    kind=DATABASE_GRANT,
    model=DatabaseGrant,
    noun="grant",
    thing="grant",
    links=_link_grant,
    describe=describe_grant,
    policy=lambda spec: "Delete",
    is_protected=lambda spec: spec.deletion_protection,
    events=Events("Applied", "Applied", "Revoked", "ApplyFailed", "RevokeFailed"),
)
