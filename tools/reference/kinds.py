"""kinds.md: every kind, field by field, from the schemas that API servers get."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dbaas.api.kinds import Definition
from reference.markdown import code, document, table

INTRODUCTION = """
Generated from the types, as API servers get them. A dot goes into an object, `[]` into each item of a list, `*` into
each value of a map. **Required** fields are marked; a default is stored by the server. Unknown fields are refused.

The status is written by dbaas alone. Conditions and their reasons: [reasons](reasons.md).
"""


FOREIGN = """
The kinds of this group as its own manual has them; dbaas serves them beside its own. What each becomes is printed by
`dbaas convert`; how it all works is told in [other API groups](../how-to/use-other-api-groups.md).
"""

Crds = Sequence[tuple[Definition, Mapping[str, Any]]]


def page(crds: Crds) -> str:
    return document("Kinds", INTRODUCTION, _index(crds), *(_section(d, crd) for d, crd in crds))


def foreign_page(group: str, crds: Crds) -> str:
    """The same for a foreign group."""
    return document(group, FOREIGN, _index(crds), *(_section(d, crd) for d, crd in crds))


def _index(crds: Crds) -> str:
    return table(
        ("Kind", "Group", "Short name", "Scope", "What it is"),
        (
            (
                f"[{d.kind}](#{d.kind.kind.lower()})", d.kind.group, ", ".join(map(code, d.kind.short_names)),
                "namespace" if d.kind.namespaced else "cluster", _root(crd)["description"],
            )
            for d, crd in crds
        ),
    )  # fmt: skip


def _section(definition: Definition, crd: Mapping[str, Any]) -> str:
    root = _root(crd)
    parts = [f"## {definition.kind}", f"`{definition.kind.api_version}` · {root['description']}"]
    for part in ("spec", "status"):
        rows = list(_fields(root["properties"][part], part))
        parts += [f"### {definition.kind}: {part}", table(("Field", "Type", "Default", "What it says"), rows)]
    rules = [*root.get("x-kubernetes-validations", ()), *root["properties"]["spec"].get("x-kubernetes-validations", ())]
    parts += ["\n".join(f"* {rule['message']}" for rule in rules)] if rules else []
    return "\n\n".join(parts)


def _root(crd: Mapping[str, Any]) -> Mapping[str, Any]:
    root: Mapping[str, Any] = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return root


def _fields(schema: Mapping[str, Any], path: str) -> Iterator[tuple[str, str, str, str]]:
    required = schema.get("required", ())
    for name, child in schema.get("properties", {}).items():
        below = f"{path}.{name}"
        default = code(json.dumps(child["default"])) if "default" in child else ""
        says = " ".join([child.get("description", ""), *_limits(child)]).strip()
        yield code(below) + (" **required**" if name in required else ""), _type(child), default, says
        yield from _fields(child, below)
        for mark, inner in (("[]", child.get("items")), (".*", child.get("additionalProperties"))):
            if isinstance(inner, Mapping):
                yield from _fields(inner, f"{below}{mark}")


def _type(schema: Mapping[str, Any]) -> str:
    if "items" in schema:
        return f"list of {_type(schema['items'])}"
    if "additionalProperties" in schema:
        return f"map of {_type(schema['additionalProperties'])}"
    if schema.get("format") == "date-time":
        return "time"
    return str(schema.get("type", "number or text"))


def _limits(schema: Mapping[str, Any]) -> Iterator[str]:
    if "enum" in schema:
        yield f"One of {', '.join(map(code, schema['enum']))}."
    if "minimum" in schema or "maximum" in schema:
        yield f"From {schema.get('minimum', 'any')} to {schema.get('maximum', 'any')}."
    if "maxLength" in schema:
        yield f"At most {schema['maxLength']} characters."
    if "maxItems" in schema:
        yield f"At most {schema['maxItems']} items."
    if "pattern" in schema and len(schema["pattern"]) <= 60:
        yield f"Matches `{schema['pattern']}`."
    if any(rule["rule"] == "self == oldSelf" for rule in schema.get("x-kubernetes-validations", ())):
        yield "Cannot be changed."
