"""Rules of a schema: compiled once, checked against an object, with causes as kube-apiserver words them."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import cel

from dbaas.apiserver.schemas import wording
from dbaas.apiserver.schemas.causes import Cause
from dbaas.apiserver.schemas.equality import equal
from dbaas.apiserver.schemas.expressions.failures import EVALUATION_ERRORS, describe_error
from dbaas.apiserver.schemas.expressions.functions import (
    FUNCTIONS,
    NAMES,
    PROVEN,
    Function,
    original_name,
    unknown_names,
)
from dbaas.apiserver.schemas.expressions.mistakes import Unreadable
from dbaas.apiserver.schemas.expressions.syntax import parse
from dbaas.apiserver.schemas.expressions.values import align, to_cel
from dbaas.apiserver.schemas.expressions.writing import write
from dbaas.apiserver.schemas.nodes import ABSENT, Node
from dbaas.apiserver.schemas.validation import list_key

# The library logs what functions raise, and that may hold values of objects; the cause tells what is to be told.
logging.getLogger("cel").setLevel(logging.CRITICAL)

Path = str
_STEP = re.compile(r"\.([^.\[\]]+)|\['((?:\\.|[^'\\])*)'\]")
_LONGEST_MESSAGE = 5 * 1024
_SELF = re.compile(r"\b(?:self|oldSelf)\b(?:\.(\w+)\b(?!\s*\())?")
_IMMUTABLE = re.compile(r"self == oldSelf|has\(self\.(\w+)\) == has\(oldSelf\.\1\)")


class RuleRefused(ValueError):
    """A rule that cannot be compiled, or that calls what is not proven to answer as kube-apiserver does."""


@dataclass(frozen=True)
class Rule:
    """One entry of `x-kubernetes-validations`."""

    text: str
    program: cel.Program
    uses_old: bool
    optional_old: bool = False
    message: str = ""
    expression: cel.Program | None = None
    reason: str = "FieldValueInvalid"
    field_path: str = ""
    fields: frozenset[str] | None = None  # all that it looks at in an object; None where that is not known
    functions: frozenset[str] = frozenset()  # those of ours that it calls

    @property
    def wording(self) -> str:
        return self.message.strip() or self.text.strip()

    @property
    def holds_unchanged(self) -> bool:
        """Whether it cannot fail for a value that is the same as the stored one, whatever it is."""
        if not self.uses_old:
            return True
        return not self.optional_old and _IMMUTABLE.fullmatch(self.text.strip()) is not None


@dataclass(frozen=True)
class Place:
    """A value with its path and what is stored there now (`old` ABSENT: nothing corresponds to it).

    `unchanged` are the new and the old value at the nearest place above that corresponds to a stored one.
    """

    value: Any
    old: Any
    path: Path
    near: tuple[Any, Any] | None = None
    is_root: bool = False

    def below(self, value: Any, old: Any, path: Path) -> Place:
        near = self.near if self.old is ABSENT else (self.value, self.old)
        return Place(value, old, path, near)

    def is_unchanged(self) -> bool:
        if self.old is not ABSENT:
            return equal(self.value, self.old)
        return self.near is not None and equal(*self.near)


def compile_rule(spec: Mapping[str, Any]) -> Rule:
    """Raises RuleRefused."""
    program = _compile(spec["rule"])
    expression = spec.get("messageExpression")
    message = _compile(expression) if expression else None
    called = {*program.functions(), *(message.functions() if message else ())}
    return Rule(
        text=spec["rule"],
        program=program,
        uses_old="oldSelf" in program.variables(),
        optional_old=bool(spec.get("optionalOldSelf")),
        message=spec.get("message", ""),
        expression=message,
        reason=spec.get("reason") or "FieldValueInvalid",
        field_path=".".join(steps_of_path(spec.get("fieldPath", ""))),
        fields=_fields_of(f"{spec['rule']} {expression or ''}"),
        functions=frozenset(called & FUNCTIONS.keys()),
    )


def _fields_of(source: str) -> frozenset[str] | None:
    """The fields that follow each `self` and `oldSelf`; None where one of these stands for itself, or may do so."""
    found = _SELF.findall(source)
    return frozenset(found) if all(found) else None


def _compile(source: str) -> cel.Program:
    try:
        written = write(parse(source), NAMES)
        program = cel.compile(written)
    except (Unreadable, ValueError) as error:
        raise RuleRefused(f"rule {source!r} cannot be compiled: {error}") from error
    unproven = sorted(original_name(each) for each in set(program.functions()) - PROVEN)
    unproven += unknown_names(written, program.variables())
    if unproven:
        raise RuleRefused(f"rule {source!r} calls what is not supported: {', '.join(unproven)}")
    return program


def steps_of_path(json_path: str) -> list[str]:
    """The fields that `.a['b'].c` names."""
    return [name or quoted for name, quoted in _STEP.findall(json_path)]


class Rulebook:
    """The rules of all nodes of a schema."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        """`nodes` are those that have rules. Raises RuleRefused."""
        self._rules = {id(node): tuple(map(compile_rule, node.rules)) for node in nodes}
        self._steady: dict[int, bool] = {}

    def of(self, node: Node) -> tuple[Rule, ...]:
        return self._rules.get(id(node), ())

    def is_steady(self, node: Node) -> bool:
        """Whether nothing can be wrong, here and below, with a value that is the same as the stored one."""
        known = self._steady.get(id(node))
        if known is None:
            here = all(rule.holds_unchanged for rule in self.of(node))
            known = here and all(self.is_steady(below) for below in node.children() if below.has_rules)
            self._steady[id(node)] = known
        return known


def check_rules(place: Place, node: Node, rules: Rulebook) -> Iterator[Cause]:
    """Causes of all rules at a place and below."""
    if place.value is None or not node.has_rules or (place.value is place.old and rules.is_steady(node)):
        return
    yield from _check_here(place, rules.of(node), node)
    if isinstance(place.value, Mapping):
        yield from _check_object(place, node, rules)
    elif isinstance(place.value, list) and node.items is not None:
        stored = place.old if isinstance(place.old, list) and node.list_type == "map" else []
        by_key = {list_key(each, node): each for each in stored}
        for index, each in enumerate(place.value):
            old = by_key.get(list_key(each, node), ABSENT)
            yield from check_rules(place.below(each, old, f"{place.path}[{index}]"), node.items, rules)


def _check_object(place: Place, node: Node, rules: Rulebook) -> Iterator[Cause]:
    old = place.old if isinstance(place.old, Mapping) else {}
    for key, each in place.value.items():
        child = node.child(key)
        if child is not None and child.has_rules:
            plain = f"{place.path}.{key}" if place.path else key
            path = plain if key in node.properties else f"{place.path}[{key}]"
            yield from check_rules(place.below(each, old.get(key, ABSENT), path), child, rules)


def _check_here(place: Place, rules: tuple[Rule, ...], typed: Node) -> Iterator[Cause]:
    has_old = place.old is not ABSENT and place.old is not None
    uses_old = has_old and any(rule.uses_old for rule in rules)
    rules = tuple(rule for rule in rules if has_old or rule.optional_old or not rule.uses_old)
    if rules and place.is_unchanged():  # what is wrong with such a value counts only if the change is what is wrong
        rules = tuple(rule for rule in rules if not rule.holds_unchanged)
    if not rules:
        return
    variables = _variables(place, rules, typed, uses_old=uses_old)
    context = cel.Context(variables=variables, functions=_functions(*rules))
    for rule in rules:
        cause = _check_rule(rule, place, typed, _with_optional(rule, variables) if rule.optional_old else context)
        if cause is not None:
            yield cause


def _variables(place: Place, rules: tuple[Rule, ...], typed: Node, *, uses_old: bool) -> dict[str, Any]:
    """Only of what the rules look at: the library takes longer to read a value than to evaluate a rule."""
    known = [rule.fields for rule in rules if rule.fields is not None]
    only = frozenset[str]().union(*known) if len(known) == len(rules) else None
    variables = {"self": to_cel(place.value, typed, is_root=place.is_root, only=only)}
    if uses_old:
        old = align(place.old, place.value, typed)
        variables["oldSelf"] = to_cel(old, typed, is_root=place.is_root, only=only)
    return variables


def _functions(*rules: Rule) -> dict[str, Function]:
    """Only those that the rules call: it takes the library microseconds to hear of each."""
    return {name: FUNCTIONS[name] for rule in rules for name in rule.functions}


def _with_optional(rule: Rule, variables: Mapping[str, Any]) -> cel.Context:
    old = cel.OptionalValue.of(variables["oldSelf"]) if "oldSelf" in variables else cel.OptionalValue.none()
    return cel.Context(variables={**variables, "oldSelf": old}, functions=_functions(rule))


def _check_rule(rule: Rule, place: Place, typed: Node, context: cel.Context) -> Cause | None:
    field = place.path or wording.NOWHERE
    try:
        if rule.program.execute(context) is True:
            return None
    except EVALUATION_ERRORS as error:
        kind = typed.types[0] if typed.types and not typed.int_or_string else ""
        return wording.invalid(field, kind, describe_error(error, rule.wording))
    if rule.field_path:
        field = f"{place.path}.{rule.field_path}" if place.path else rule.field_path
    detail = _message(rule, context)
    if rule.reason in ("FieldValueForbidden", "FieldValueRequired"):
        return wording.without_value(field, detail, rule.reason)
    if rule.reason == "FieldValueDuplicate":
        detail = ""
    if isinstance(place.value, Mapping | list):
        return wording.without_value(field, detail, rule.reason)
    return wording.invalid(field, place.value, detail, rule.reason)


def _message(rule: Rule, context: cel.Context) -> str:
    if rule.expression is not None:
        try:
            made = rule.expression.execute(context)
        except EVALUATION_ERRORS:
            made = None
        if isinstance(made, str) and 0 < len(made.strip().encode()) <= _LONGEST_MESSAGE and "\n" not in made.strip():
            return made.strip()
    return rule.message.strip() or f"failed rule: {rule.text.strip()}"
