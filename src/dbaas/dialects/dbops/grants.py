"""DatabaseGrant and ClusterDatabaseGrant: translated and reflected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dbaas.api.grant import CLUSTER_DATABASE_GRANT, DATABASE_GRANT
from dbaas.api.resource import Resource
from dbaas.contracts.admission import Violation
from dbaas.contracts.dialect import Found, Reflection, Translation
from dbaas.dialects.dbops.bodies import ENGINES, build_body, take
from dbaas.dialects.dbops.words import Words, reflect_managed

WORDS = Words("what it lists", "appliedGrants", "Applied", "ApplyFailed", "Revoked", "RevokeFailed")
_NOTHING = Violation(
    "spec",
    "nothing is granted here: give roles, grants or defaultPrivileges in the block of the server's engine",
    "FieldValueRequired",
)
_FIELDS = ("clusterInstanceRef", "userRef", "roleRef", "databaseRef", "driftPolicy", "deletionProtection", *ENGINES)


def translate_grant(foreign: Resource, found: Found) -> Translation:
    """Fields keep their names. Here a grant is protected unless it says not."""
    kind = DATABASE_GRANT if foreign.kind.namespaced else CLUSTER_DATABASE_GRANT
    asked = [foreign.spec[name] for name in ENGINES if foreign.spec.get(name)]
    refused = () if any(map(_asks_something, asked)) else (_NOTHING,)
    return Translation((build_body(kind, foreign, take(foreign.spec, *_FIELDS)),), refused=refused)


def _asks_something(block: Mapping[str, Any]) -> bool:
    return any(block.get(name) for name in ("roles", "grants", "defaultPrivileges"))


def reflect_grant(foreign: Resource, children: Sequence[Resource]) -> Reflection:
    """How much of it is applied, and to whom."""

    def describe(ours: Mapping[str, Any]) -> Mapping[str, Any]:
        applied = _count(ours)
        if foreign.kind.namespaced:
            return {"appliedGrants": applied}
        target = ours.get("targetInfo")
        return {"appliedGrants": applied and _total(applied, ours), "targetInfo": target}

    return reflect_managed(foreign, children, WORDS, describe)


def _count(ours: Mapping[str, Any]) -> dict[str, Any] | None:
    """By sort where ours tell them apart, else what is known of all together."""
    if not ours.get("applied"):
        return None
    known: Mapping[str, Any] = ours.get("appliedGrants") or {"directGrants": ours.get("entries")}
    return {name: value for name, value in known.items() if value is not None}


def _total(applied: Mapping[str, Any], ours: Mapping[str, Any]) -> dict[str, Any]:
    """In one transaction for each database and grantor: what is not applied is told by the condition."""
    total = ours.get("entries", 0)
    return {**applied, "applied": total, "failed": 0}
