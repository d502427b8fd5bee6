"""DatabaseRole and ClusterDatabaseRole: translated and reflected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dbaas.api.resource import Resource
from dbaas.api.role import CLUSTER_DATABASE_ROLE, DATABASE_ROLE
from dbaas.contracts.admission import Violation
from dbaas.contracts.dialect import Found, Reflection, Translation
from dbaas.dialects.dbops.annotations import read_consent, read_farewell, refuse_farewell
from dbaas.dialects.dbops.bodies import ENGINES, SERVER, build_body, take
from dbaas.dialects.dbops.farewells import say_by_annotations
from dbaas.dialects.dbops.words import Words, reflect_managed


def translate_role(foreign: Resource, found: Found) -> Translation:
    """Fields keep their names; what becomes of the role in the end is said by annotations here."""
    body = build_body(
        DATABASE_ROLE if foreign.kind.namespaced else CLUSTER_DATABASE_ROLE,
        foreign,
        {
            **take(foreign.spec, *SERVER, "roleName", "driftPolicy", *ENGINES),
            "allowedNamespaces": read_consent(foreign),
            **read_farewell(foreign),
        },
    )
    return Translation((body,), refused=(*_refuse(foreign), *refuse_farewell(foreign)))


def _refuse(foreign: Resource) -> Iterator[Violation]:
    if foreign.spec.get("managedResourceComment"):
        text = "a role's comment is made by the server's spec.resourceTracking.commentFormat: leave it out"
        yield Violation("spec.managedResourceComment", text, "FieldValueNotSupported")


def reflect_role(foreign: Resource, children: Sequence[Resource]) -> Reflection:
    """Whether it is there."""
    words = Words(f"role {foreign.spec.get('roleName')!r}", "role")
    return reflect_managed(foreign, children, words, _describe, say_by_annotations)


def _describe(ours: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"role": ours.get("role")}
