"""What is wrong with the rules of a schema before any object is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dbaas.apiserver.schemas import wording
from dbaas.apiserver.schemas.causes import Cause
from dbaas.apiserver.schemas.expressions.budgets import Budget
from dbaas.apiserver.schemas.expressions.checking import Typed, find_types
from dbaas.apiserver.schemas.expressions.costs import estimate_cost
from dbaas.apiserver.schemas.expressions.extents import Extent, extent_of
from dbaas.apiserver.schemas.expressions.mistakes import Unreadable, show_mistakes
from dbaas.apiserver.schemas.expressions.rules import (
    Rule,
    RuleRefused,
    compile_expression,
    compile_rule,
    steps_of_path,
)
from dbaas.apiserver.schemas.expressions.static_types import BOOL, STRING, Type, declared_type, optional_of
from dbaas.apiserver.schemas.nodes import Spec

REASONS = ("FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired")
_UNTYPED = (
    "Internal error: internal error: failed to construct type information for x-kubernetes-validations rules: "
    "unable to convert structural schema to CEL declarations"
)


@dataclass(frozen=True)
class Site:
    """Where rules stand. `uncorrelatable` is the path of a list above whose elements have no old selves; at the root of
    an object its kind and name can be seen."""

    path: str
    uncorrelatable: str = ""
    is_resource: bool = False
    budget: Budget = field(default_factory=Budget)


def rule_problems(spec: Spec, site: Site) -> Iterator[Cause]:
    """Of the rules of one place."""
    rules = spec.get("x-kubernetes-validations") or ()
    places = [(f"{site.path}.x-kubernetes-validations[{index}]", rule) for index, rule in enumerate(rules)]
    told = [cause for where, rule in places for cause in _plain_problems(spec, rule, where)]
    yield from told
    if told or not rules:
        return
    own = declared_type(spec, is_resource=site.is_resource)
    extent = extent_of(spec, is_resource=site.is_resource)
    if own is None or extent is None:
        yield Cause(f"{site.path}.x-kubernetes-validations", _UNTYPED, "InternalError")
        return
    for where, rule in places:
        yield from _expression_problems(rule, where, (own, extent), site)


def _plain_problems(spec: Spec, rule: Mapping[str, Any], where: str) -> Iterator[Cause]:
    """Those that can be seen without reading an expression."""
    message, text = rule.get("message", ""), rule.get("rule", "").strip()
    if not text:
        yield wording.required(f"{where}.rule", "rule is not specified")
    if message and not message.strip():
        yield wording.invalid(f"{where}.message", message, "message must be non-empty if specified")
    elif "\n" in message.strip():
        yield wording.invalid(f"{where}.message", message, "must not contain line breaks")
    elif "\n" in text and not message:
        yield wording.required(f"{where}.message", "message must be specified if rule contains line breaks")
    if rule.get("messageExpression") and not rule["messageExpression"].strip():
        yield wording.required(f"{where}.messageExpression", "messageExpression must be non-empty if specified")
    if rule.get("reason") and rule["reason"] not in REASONS:
        yield wording.unsupported(f"{where}.reason", rule["reason"], REASONS)
    if rule.get("fieldPath") and not _leads_somewhere(spec, rule["fieldPath"]):
        yield wording.invalid(f"{where}.fieldPath", rule["fieldPath"], "must be a valid path")


def _expression_problems(rule: Mapping[str, Any], where: str, own: tuple[Type, Extent], site: Site) -> Iterator[Cause]:
    type_, extent = own
    variables = {"self": type_, "oldSelf": optional_of(type_) if rule.get("optionalOldSelf") else type_}
    compiled: Rule | None = None
    typed, problem = _read(rule["rule"], variables, BOOL, "cel expression must evaluate to a bool")
    if typed is not None:
        yield from site.budget.spend_on_rule(estimate_cost(typed, extent), extent, f"{where}.rule")
    field, expression = "rule", rule.get("messageExpression")
    message: Typed | None = None
    if not problem and expression:
        field = "messageExpression"
        message, problem = _read(expression, variables, STRING, "messageExpression must evaluate to a string")
        problem = f"messageExpression {problem}" if problem.startswith("compilation") else problem
    if not problem:
        try:
            compiled = compile_rule(rule)
        except RuleRefused as error:
            is_of_message = _instantiation_problem(rule["rule"]) == ""
            field = "messageExpression" if is_of_message else "rule"
            problem = f"{'messageExpression' if is_of_message else 'program'} instantiation failed: {error}"
    if problem:
        yield Cause(f"{where}.{field}", f"Invalid value: {_show_rule(rule)}: {problem}")
    if message is not None:
        yield from site.budget.spend_on_message(estimate_cost(message, extent), f"{where}.messageExpression")
    yield from _old_self_problems(rule, where, site, uses_old=compiled is not None and compiled.uses_old)


def _instantiation_problem(source: str) -> str:
    try:
        compile_expression(source)
    except RuleRefused as error:
        return str(error)
    return ""


def _old_self_problems(rule: Mapping[str, Any], where: str, site: Site, *, uses_old: bool) -> Iterator[Cause]:
    if rule.get("optionalOldSelf") is not None and not uses_old:
        why = "may not be set if oldSelf is not used in rule"
        yield wording.invalid(f"{where}.optionalOldSelf", rule["optionalOldSelf"], why)
    if uses_old and site.uncorrelatable:
        why = f"oldSelf cannot be used on the uncorrelatable portion of the schema within {site.uncorrelatable}"
        yield wording.invalid(f"{where}.rule", rule["rule"], why)


def _read(source: str, variables: Mapping[str, Type], wanted: Type, otherwise: str) -> tuple[Typed | None, str]:
    """The expression if it is right, else why not."""
    try:
        typed = find_types(source, variables)
    except Unreadable as error:
        return None, f"compilation failed: {show_mistakes(source, [error.mistake])}"
    if typed.mistakes:
        return None, f"compilation failed: {show_mistakes(source, typed.mistakes)}"
    return (typed, "") if typed.type == wanted else (None, otherwise)


def _show_rule(rule: Mapping[str, Any]) -> str:
    """As Go writes the record that it reads a rule into."""
    fields = {
        "Rule": rule["rule"],
        "Message": rule.get("message", ""),
        "MessageExpression": rule.get("messageExpression", ""),
        "Reason": rule.get("reason"),
        "FieldPath": rule.get("fieldPath", ""),
        "OptionalOldSelf": rule.get("optionalOldSelf"),
    }
    written = ",".join(f'"{name}":{wording.format_json(value)}' for name, value in fields.items())
    return f"{{{written}}}"


def _leads_somewhere(spec: Mapping[str, Any], json_path: str) -> bool:
    place: Any = spec
    for step in steps_of_path(json_path):
        properties = place.get("properties")
        place = properties.get(step) if properties else place.get("additionalProperties")
        if not isinstance(place, Mapping):
            return False
    return True
