"""DatabaseGrant, as a managed kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dbaas.api.grant import DATABASE_GRANT, DatabaseGrant, DatabaseGrantSpec
from dbaas.controllers.managed.kinds import Events, Links, ManagedKind, Seen
from dbaas.controllers.tokens import reference_key


def _link_grant(spec: DatabaseGrantSpec, namespace: str) -> Links:
    database = reference_key(spec.database_ref, namespace) if spec.database_ref else None
    return Links(user=reference_key(spec.user_ref, namespace), database=database)


def _describe_grant(spec: DatabaseGrantSpec, seen: Seen) -> Mapping[str, Any]:
    return {"principal": seen.references.principal, "entries": seen.entries}


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
