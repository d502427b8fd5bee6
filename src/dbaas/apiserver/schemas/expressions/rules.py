"""Rules of a schema: compiled once, checked against an object, with causes as kube-apiserver words them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dbaas.apiserver.schemas import wording
from dbaas.apiserver.schemas.causes import Cause
from dbaas.apiserver.schemas.equality import equal
from dbaas.apiserver.schemas.expressions.evaluation import plan
from dbaas.apiserver.schemas.expressions.failures import (
    EVALUATION_ERRORS,
    Failure,
    TakesLong,
    TooDear,
    describe_cost,
    describe_error,
)
from dbaas.apiserver.schemas.expressions.literals import mentions
from dbaas.apiserver.schemas.expressions.mistakes import Unreadable
from dbaas.apiserver.schemas.expressions.runs import LIMIT_OF_CALL, Run, Step
from dbaas.apiserver.schemas.expressions.syntax import parse
from dbaas.apiserver.schemas.expressions.things import Maybe
from dbaas.apiserver.schemas.expressions.values import to_cel
from dbaas.apiserver.schemas.nodes import ABSENT, Node
from dbaas.apiserver.schemas.validation import list_key

Path = str
_STEP = re.compile(r"\.([^.\[\]]+)|\['((?:\\.|[^'\\])*)'\]")
_LONGEST_MESSAGE = 5 * 1024
_SELF = re.compile(r"\b(?:self|oldSelf)\b(?:\.(\w+)\b(?!\s*\())?")
_IMMUTABLE = re.compile(r"self == oldSelf|has\(self\.(\w+)\) == has\(oldSelf\.\1\)")


LIMIT_OF_OBJECT = 10_000_000
LIMIT_OF_TRIAL = 50_000  # some 20 ms on a machine of 2024


class RuleRefused(ValueError):
    """A rule that cannot be evaluated, whatever the object is."""


@dataclass(frozen=True)
class Rule:
    """One entry of `x-kubernetes-validations`."""

    text: str
    program: Step
    uses_old: bool
    optional_old: bool = False
    message: str = ""
    expression: Step | None = None
    source_of_message: str = ""
    reason: str = "FieldValueInvalid"
    field_path: str = ""
    fields: frozenset[str] | None = None  # all that it looks at in an object; None where that is not known

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


@dataclass
class Purse:
    """What the rules of one object may still cost; below zero, nothing more is checked."""

    left: int = LIMIT_OF_OBJECT
    is_trial: bool = False

    def begin(self, names: Mapping[str, Any]) -> Run:
        """It is stopped where it exceeds what is left, which `pay` then tells."""
        return Run(names, min(self.left, LIMIT_OF_CALL))

    def pay(self, run: Run) -> bool:
        """Whether there was enough. Raises TakesLong in a trial."""
        if run.spent > self.left:
            self.close()
            return False
        self.left -= run.spent
        return True

    def close(self) -> None:
        """Raises TakesLong in a trial."""
        if self.is_trial:
            raise TakesLong
        self.left = -1


def compile_rule(spec: Mapping[str, Any]) -> Rule:
    """Raises RuleRefused."""
    expression = spec.get("messageExpression")
    return Rule(
        text=spec["rule"],
        program=compile_expression(spec["rule"]),
        uses_old=mentions(parse(spec["rule"]), "oldSelf"),
        optional_old=bool(spec.get("optionalOldSelf")),
        message=spec.get("message", ""),
        expression=compile_expression(expression) if expression else None,
        source_of_message=expression or "",
        reason=spec.get("reason") or "FieldValueInvalid",
        field_path=".".join(steps_of_path(spec.get("fieldPath", ""))),
        fields=_fields_of(f"{spec['rule']} {expression or ''}"),
    )


def _fields_of(source: str) -> frozenset[str] | None:
    """The fields that follow each `self` and `oldSelf`; None where one of these stands for itself, or may do so."""
    found = _SELF.findall(source)
    return frozenset(found) if all(found) else None


def compile_expression(source: str) -> Step:
    """Raises RuleRefused."""
    try:
        return plan(parse(source))
    except (Unreadable, Failure) as error:
        raise RuleRefused(str(error)) from error


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


def check_rules(place: Place, node: Node, rules: Rulebook, *, is_trial: bool = False) -> Iterator[Cause]:
    """Causes of all rules at a place and below, as long as they do not cost too much together.

    A trial ends within some 20 ms; it raises TakesLong where it would have to go on.
    """
    yield from _check(place, node, rules, Purse(LIMIT_OF_TRIAL, is_trial=True) if is_trial else Purse())


def _check(place: Place, node: Node, rules: Rulebook, purse: Purse) -> Iterator[Cause]:
    if place.value is None or not node.has_rules or (place.value is place.old and rules.is_steady(node)):
        return
    yield from _check_here(place, rules.of(node), node, purse)
    if isinstance(place.value, Mapping):
        yield from _check_object(place, node, rules, purse)
    elif isinstance(place.value, list) and node.items is not None:
        stored = place.old if isinstance(place.old, list) and node.list_type == "map" else []
        by_key = {list_key(each, node): each for each in stored}
        for index, each in enumerate(place.value):
            old = by_key.get(list_key(each, node), ABSENT)
            if purse.left >= 0:
                yield from _check(place.below(each, old, f"{place.path}[{index}]"), node.items, rules, purse)


def _check_object(place: Place, node: Node, rules: Rulebook, purse: Purse) -> Iterator[Cause]:
    old = place.old if isinstance(place.old, Mapping) else {}
    for key, each in place.value.items():
        child = node.child(key)
        if child is not None and child.has_rules and purse.left >= 0:
            plain = f"{place.path}.{key}" if place.path else key
            path = plain if key in node.properties else f"{place.path}[{key}]"
            yield from _check(place.below(each, old.get(key, ABSENT), path), child, rules, purse)


def _check_here(place: Place, rules: tuple[Rule, ...], typed: Node, purse: Purse) -> Iterator[Cause]:
    has_old = place.old is not ABSENT and place.old is not None
    uses_old = has_old and any(rule.uses_old for rule in rules)
    rules = tuple(rule for rule in rules if has_old or rule.optional_old or not rule.uses_old)
    if rules and place.is_unchanged():  # what is wrong with such a value counts only if the change is what is wrong
        rules = tuple(rule for rule in rules if not rule.holds_unchanged)
    if not rules or purse.left < 0:
        return
    names = _variables(place, rules, typed, uses_old=uses_old)
    for rule in rules:
        if purse.left >= 0:
            checked = _Check(rule, place, typed, _with_optional(names) if rule.optional_old else names)
            yield from checked.causes(purse)


def _variables(place: Place, rules: tuple[Rule, ...], typed: Node, *, uses_old: bool) -> dict[str, Any]:
    """Only of what the rules look at."""
    known = [rule.fields for rule in rules if rule.fields is not None]
    only = frozenset[str]().union(*known) if len(known) == len(rules) else None
    variables = {"self": to_cel(place.value, typed, is_root=place.is_root, only=only)}
    if uses_old:
        variables["oldSelf"] = to_cel(place.old, typed, is_root=place.is_root, only=only)
    return variables


def _with_optional(names: Mapping[str, Any]) -> dict[str, Any]:
    old = Maybe(names["oldSelf"], is_present=True) if "oldSelf" in names else Maybe()
    return {**names, "oldSelf": old}


_OUT_OF_BUDGET = "running out of cost budget, no further validation rules will be run"


@dataclass(frozen=True)
class _Check:
    """One rule at one place."""

    rule: Rule
    place: Place
    typed: Node
    names: Mapping[str, Any]

    def causes(self, purse: Purse) -> Iterator[Cause]:
        run = purse.begin(self.names)
        failure: Exception | None = None
        holds = False
        try:
            holds = self.rule.program(run) is True
            run.check()
        except (*EVALUATION_ERRORS, TooDear) as error:
            failure = error
        if not purse.pay(run):
            yield self._failed(f"validation failed due to {_OUT_OF_BUDGET}")
        elif isinstance(failure, TooDear):
            purse.close()
            yield self._failed(describe_cost(self.rule.wording))
        elif failure is not None:
            yield self._failed(describe_error(failure, self.rule.wording))
        elif not holds:
            yield self._broken(purse)

    def _failed(self, detail: str, field: str = "") -> Cause:
        kind = self.typed.types[0] if self.typed.types and not self.typed.int_or_string else ""
        return wording.invalid(field or self.place.path or wording.NOWHERE, kind, detail)

    def _broken(self, purse: Purse) -> Cause:
        rule, path = self.rule, self.place.path
        field = path or wording.NOWHERE
        if rule.field_path:
            field = f"{path}.{rule.field_path}" if path else rule.field_path
        detail = self._written_message(purse) if rule.expression is not None else ""
        if purse.left < 0:
            return self._failed(detail, field)
        detail = detail or rule.message.strip() or f"failed rule: {rule.text.strip()}"
        if rule.reason in ("FieldValueForbidden", "FieldValueRequired"):
            return wording.without_value(field, detail, rule.reason)
        if rule.reason == "FieldValueDuplicate":
            detail = ""
        if isinstance(self.place.value, Mapping | list):
            return wording.without_value(field, detail, rule.reason)
        return wording.invalid(field, self.place.value, detail, rule.reason)

    def _written_message(self, purse: Purse) -> str:
        """Empty if there is none; why there is none if that was too dear."""
        assert self.rule.expression is not None
        run = purse.begin(self.names)
        made: object = None
        is_too_dear = False
        try:
            made = self.rule.expression(run)
            run.check()
        except EVALUATION_ERRORS:
            made = None
        except TooDear:
            is_too_dear = True
        if not purse.pay(run):
            return f"messageExpression evaluation failed due to {_OUT_OF_BUDGET}"
        if is_too_dear:
            purse.close()
            why = "no further validation rules will be run due to call cost exceeds limit for messageExpression: "
            return why + wording.quote(self.rule.source_of_message)
        text = made.strip() if isinstance(made, str) else ""
        return text if len(text.encode()) <= _LONGEST_MESSAGE and "\n" not in text else ""
