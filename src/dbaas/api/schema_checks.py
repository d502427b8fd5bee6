"""What is wrong with a CustomResourceDefinition of ours, though a server might take it.

Every field says what it is. Everything that can grow has a bound: without one, Kubernetes takes the largest possible
size for the cost of a CEL rule and refuses the definition. Rules use only functions that our API server answers
exactly as kube-apiserver does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from dbaas.api.schema import PRESERVE, VALIDATIONS

ALLOWED_FUNCTIONS = frozenset(
    {"all", "contains", "endsWith", "exists", "exists_one", "filter", "has", "map", "matches", "size", "startsWith"}
)
_CALL = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\s*\(")
_OPERATORS = frozenset({"in"})
_TEXT = re.compile(r"""r?("(\\.|[^"\\])*"|'(\\.|[^'\\])*')""")
# RE2, which Kubernetes' patterns are read by, has neither look-around nor back-references.
_NOT_RE2 = re.compile(r"\(\?[=!<]|\\[1-9]")


def find_flaws(crd: Mapping[str, Any]) -> list[str]:
    """One sentence for each flaw, with the path of its field; empty where there is none."""
    name = crd["metadata"]["name"]
    return [
        f"{name}: {flaw}"
        for version in crd["spec"]["versions"]
        for flaw in _flaws(version["schema"]["openAPIV3Schema"], "", is_status=False)
    ]


def _flaws(schema: Mapping[str, Any], path: str, *, is_status: bool) -> Iterator[str]:
    where = path or "the object"
    is_entry = path.endswith(("[]", "*"))
    if not schema.get("description") and not is_entry and path.split(".")[0] != "metadata":
        yield f"{where} has no description"
    yield from (f"{where} {flaw}" for flaw in _unbounded(schema, is_status=is_status))
    yield from (f"{where} {flaw}" for flaw in _rule_flaws(schema))
    for child_path, child in _children(schema, path):
        yield from _flaws(child, child_path, is_status=is_status or child_path == "status")


def _children(schema: Mapping[str, Any], path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, child in schema.get("properties", {}).items():
        if path or name not in ("apiVersion", "kind"):
            yield f"{path}.{name}" if path else name, child
    if "items" in schema:
        yield f"{path}[]", schema["items"]
    if isinstance(schema.get("additionalProperties"), Mapping):
        yield f"{path}.*", schema["additionalProperties"]


def _unbounded(schema: Mapping[str, Any], *, is_status: bool) -> Iterator[str]:
    kind = schema.get("type")
    if kind == "string" and not schema.keys() & {"maxLength", "enum", "format"}:
        yield "has no maxLength"
    if kind == "array":
        if "maxItems" not in schema:
            yield "has no maxItems"
        if "x-kubernetes-list-type" not in schema:
            yield "has no list type"
    if "additionalProperties" in schema and "maxProperties" not in schema:
        yield "has no maxProperties"
    if kind in ("integer", "number") and not is_status and not schema.keys() >= {"minimum", "maximum"}:
        yield "has no minimum and maximum"
    if schema.get(PRESERVE):
        yield "takes anything"


def _rule_flaws(schema: Mapping[str, Any]) -> Iterator[str]:
    for rule in schema.get(VALIDATIONS, ()):
        called = set(_CALL.findall(_TEXT.sub('""', rule["rule"]))) - _OPERATORS
        for function in sorted(called - ALLOWED_FUNCTIONS):
            yield f"has a rule that calls {function}(), which is not on the list of proven functions"
        if not rule.get("message"):
            yield f"has a rule without a message: {rule['rule']}"
    if _NOT_RE2.search(schema.get("pattern", "")):
        yield "has a pattern that RE2 cannot read"
