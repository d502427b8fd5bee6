"""Database: translated and reflected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dbaas.api.database import DATABASE
from dbaas.api.resource import Resource
from dbaas.contracts.dialect import Found, Reflection, Translation
from dbaas.dialects.dbops.bodies import build_body, refuse_elsewhere, take, without
from dbaas.dialects.dbops.words import (
    choose_phase,
    common_status,
    read_verdict,
    ready_condition,
    synced_condition,
    tell,
)


def translate_database(foreign: Resource, found: Found) -> Translation:
    """In this group a new database keeps what PUBLIC has, and is dropped with its object unless that is said."""
    spec = foreign.spec
    script: Mapping[str, Any] = spec.get("initSQL") or {}
    sources = [(f"spec.initSQL.{name}", script.get(name)) for name in ("configMapRef", "secretRef")]
    body = build_body(
        DATABASE,
        foreign,
        {
            **take(spec, "instanceRef", "clusterInstanceRef", "name", "owner", "deletionPolicy", "deletionProtection"),
            **take(spec, "driftPolicy", "postgres", "mysql", "clickhouse"),
            "initSQL": {
                name: without(value, "namespace") if name.endswith("Ref") else value for name, value in script.items()
            },
            "revokePublic": False,
        },
    )
    return Translation((body,), refused=tuple(refuse_elsewhere(foreign, sources)))


def reflect_database(foreign: Resource, children: Sequence[Resource]) -> Reflection:
    """What the server says of it, in the group's words."""
    child = children[0] if children else None
    verdict = read_verdict(child)
    phase = choose_phase(foreign, child, verdict)
    ours: Mapping[str, Any] = child.status if child is not None else {}
    status = {**common_status(child), **{name: ours.get(name) for name in ("database", "postgres", "initSQL")}}
    is_new = not foreign.status.get("database")
    return Reflection(
        phase,
        [ready_condition(verdict), synced_condition(verdict)],
        status=status,
        events=tell(foreign, phase, verdict, is_new, f"database {foreign.spec.get('name')!r}"),
    )
