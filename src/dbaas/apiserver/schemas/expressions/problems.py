"""What is wrong with the rules of a schema before any object is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dbaas.apiserver.schemas import wording
from dbaas.apiserver.schemas.causes import Cause
from dbaas.apiserver.schemas.expressions.rules import RuleRefused, compile_rule, steps_of_path

REASONS = ("FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired")


def rule_problems(spec: Mapping[str, Any], path: str, uncorrelatable: str) -> Iterator[Cause]:
    """Of the rules of one place. `uncorrelatable` is the path of a list above whose elements have no old selves."""
    for index, rule in enumerate(spec.get("x-kubernetes-validations") or ()):
        where = f"{path}.x-kubernetes-validations[{index}]"
        yield from _wording_problems(rule, where)
        if rule.get("fieldPath") and not _leads_somewhere(spec, rule["fieldPath"]):
            yield wording.invalid(f"{where}.fieldPath", rule["fieldPath"], "must be a valid path")
        if not rule.get("rule", "").strip():
            yield wording.required(f"{where}.rule", "rule is not specified")
            continue
        try:
            compiled = compile_rule(rule)
        except RuleRefused as error:
            yield wording.invalid(f"{where}.rule", rule["rule"], f"compilation failed: {error}")
            continue
        if compiled.uses_old and uncorrelatable:
            why = f"oldSelf cannot be used on the uncorrelatable portion of the schema within {uncorrelatable}"
            yield wording.invalid(f"{where}.rule", rule["rule"], why)


def _wording_problems(rule: Mapping[str, Any], where: str) -> Iterator[Cause]:
    message = rule.get("message", "")
    if message and not message.strip():
        yield wording.invalid(f"{where}.message", message, "message must be non-empty if specified")
    elif "\n" in message.strip():
        yield wording.invalid(f"{where}.message", message, "must not contain line breaks")
    if rule.get("reason") and rule["reason"] not in REASONS:
        yield wording.unsupported(f"{where}.reason", rule["reason"], REASONS)


def _leads_somewhere(spec: Mapping[str, Any], json_path: str) -> bool:
    place: Any = spec
    for step in steps_of_path(json_path):
        properties = place.get("properties")
        place = properties.get(step) if properties else place.get("additionalProperties")
        if not isinstance(place, Mapping):
            return False
    return True
