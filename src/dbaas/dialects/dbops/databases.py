"""Database: translated and reflected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dbaas.api.database import DATABASE
from dbaas.api.resource import Resource
from dbaas.contracts.dialect import Found, Reflection, Translation
from dbaas.dialects.dbops.annotations import read_consent
from dbaas.dialects.dbops.bodies import ENGINES, SERVER, build_body, refuse_elsewhere, take, without
from dbaas.dialects.dbops.words import Words, reflect_managed


def translate_database(foreign: Resource, found: Found) -> Translation:
    """In this group a new database keeps what PUBLIC has, and is dropped with its object unless that is said."""
    spec = foreign.spec
    script: Mapping[str, Any] = spec.get("initSQL") or {}
    sources = [(f"spec.initSQL.{name}", script.get(name)) for name in ("configMapRef", "secretRef")]
    body = build_body(
        DATABASE,
        foreign,
        {
            **take(spec, *SERVER, "name", "owner", "deletionPolicy", "deletionProtection", "driftPolicy", *ENGINES),
            "initSQL": {
                name: without(value, "namespace") if name.endswith("Ref") else value for name, value in script.items()
            },
            "revokePublic": False,
            "allowedNamespaces": read_consent(foreign),
        },
    )
    return Translation((body,), refused=tuple(refuse_elsewhere(foreign, sources)))


def reflect_database(foreign: Resource, children: Sequence[Resource]) -> Reflection:
    """What the server says of it, in the group's words."""
    words = Words(f"database {foreign.spec.get('name')!r}", "database")
    return reflect_managed(foreign, children, words, _describe)


def _describe(ours: Mapping[str, Any]) -> Mapping[str, Any]:
    """Ours keeps in one place what the group keeps by engine."""
    seen: Mapping[str, Any] = ours.get("database") or {}
    common = take(seen, "name", "owner", "sizeBytes", "createdAt")
    special = take(seen, "encoding", "collation", "installedExtensions", "schemas")
    return {"database": common or None, "postgres": special or None, "initSQL": ours.get("initSQL")}
