"""Validation of values by a schema's bounds, in the words and with the causes of kube-apiserver.

Errors of parts that an update leaves as they were are dropped ("ratcheting"), so that a stored object stays writable
when its schema has become stricter.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dbaas.apiserver.schemas import wording
from dbaas.apiserver.schemas.causes import Cause
from dbaas.apiserver.schemas.equality import equal
from dbaas.apiserver.schemas.formats import format_check
from dbaas.apiserver.schemas.nodes import ABSENT, Limits, Node

_LARGEST_EXACT = 2**53 - 1
TYPE_NAMES: Mapping[type, str] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}
_NUMBERS = {int: "int64", float: "float64"}


@dataclass(slots=True)
class Findings:
    """Causes, and how many checks passed: of several alternatives that all fail, the closest one is reported.

    `counts`: this is inside an alternative, so what passes must be counted.
    """

    causes: list[Cause] = field(default_factory=list)
    passed: int = 0
    counts: bool = False

    def add(self, other: Findings) -> None:
        self.passed += other.passed
        if other.causes:
            self.causes += [each for each in other.causes if each not in self.causes]

    def fail(self, cause: Cause) -> None:
        if cause not in self.causes:
            self.causes.append(cause)


def check(value: Any, node: Node, path: str, old: Any = ABSENT, *, counts: bool = False) -> Findings:
    """`old` is the stored value at the same place, ABSENT where nothing corresponds to it. `path` is "" at the root.

    Whatever is found in a value that did not change is dropped, so such a value is not even looked at where nobody
    counts.
    """
    found = Findings(counts=counts)
    if not counts and old is not ABSENT and equal(value, old):
        return found
    if value is None:
        _check_type(value, node, path, found)
        _check_enum(value, node.limits, path, found)
    else:
        _check_type(value, node, path, found)
        if node.all_of or node.any_of or node.one_of or node.none_of is not None:
            _check_branches(value, node, path, old, found)
        _CHECKS[type(value)](value, node, path, old, found)
        _check_enum(value, node.limits, path, found)
        found.passed += 4
    if found.causes and old is not ABSENT and equal(value, old):
        found.causes.clear()
    return found


def _check_type(value: Any, node: Node, path: str, found: Findings) -> None:
    if not node.types:
        return
    if value is None:
        if not node.nullable:
            found.fail(_type_cause(path, ",".join(node.types), "null"))
        return
    actual = TYPE_NAMES[type(value)]
    if node.limits.is_format and type(value) is not str:
        if type(value) is not list:  # to which kube-apiserver says nothing, whatever is in it
            found.fail(_type_cause(path, node.limits.format, _NUMBERS.get(type(value), "")))
        return
    if actual in node.types or _is_acceptable_number(value, node.types):
        found.passed += 2
        return
    found.fail(_type_cause(path, ",".join(node.types), actual))
    found.passed += 1


def _is_acceptable_number(value: Any, types: Sequence[str]) -> bool:
    if type(value) is int:
        return "number" in types
    return type(value) is float and "integer" in types and value.is_integer()


def _type_cause(path: str, expected: str, actual: str) -> Cause:
    detail = f"{path} in body must be of type {expected}: {wording.quote(actual)}"
    return wording.invalid(path, actual, detail, "FieldValueTypeInvalid")


def _check_enum(value: Any, limits: Limits, path: str, found: Findings) -> None:
    if limits.enum and not any(_is_choice(value, choice) for choice in limits.enum):
        found.fail(wording.unsupported(path, value, limits.enum))


def _is_choice(value: Any, choice: Any) -> bool:
    if isinstance(value, bool) or isinstance(choice, bool) or value is None:
        return value is choice and value is not None
    if isinstance(value, int | float) and isinstance(choice, int | float):
        return value == choice
    return equal(value, choice)


def _check_string(value: str, node: Node, path: str, old: Any, found: Findings) -> None:
    limits = node.limits
    found.passed += 1
    if limits.max_length is not None and len(value) > limits.max_length:
        found.fail(wording.too_long(path, limits.max_length))
    elif limits.min_length is not None and len(value) < limits.min_length:
        found.fail(wording.invalid(path, value, f"{path} in body should be at least {limits.min_length} chars long"))
    elif limits.regex is not None and not limits.regex.search(value):
        found.fail(wording.invalid(path, value, f"{path} in body should match '{limits.pattern}'"))
    accepts = format_check(limits.format) if limits.format else None
    if accepts is not None:
        found.passed += 1
        if not accepts(value):
            detail = f"{path} in body must be of type {limits.format}: {wording.quote(value)}"
            found.fail(wording.invalid(path, value, detail, "FieldValueTypeInvalid"))


def _check_number(value: float, node: Node, path: str, old: Any, found: Findings) -> None:
    limits = node.limits
    found.passed += 2
    if limits.multiple_of is not None and isinstance(value, int) and int(limits.multiple_of) == 0:
        found.fail(wording.invalid(path, 0, f"factor MultipleOf declared for {path} must be positive: 0"))
    elif limits.multiple_of is not None and not _is_multiple(value, limits.multiple_of):
        found.fail(_number_cause(path, value, "a multiple of", limits.multiple_of))
    if limits.minimum is not None:
        exclusive = limits.exclusive_minimum
        if value < limits.minimum or (exclusive and value == limits.minimum):
            words = "greater than" if exclusive else "greater than or equal to"
            found.fail(_number_cause(path, value, words, limits.minimum))
    if limits.maximum is not None:
        exclusive = limits.exclusive_maximum
        if value > limits.maximum or (exclusive and value == limits.maximum):
            words = "less than" if exclusive else "less than or equal to"
            found.fail(_number_cause(path, value, words, limits.maximum))


def _number_cause(path: str, value: float, words: str, bound: float) -> Cause:
    shown = int(bound) if isinstance(value, int) else float(bound)
    return wording.invalid(path, value, f"{path} in body should be {words} {wording.format_plain(shown)}")


def _is_multiple(value: float, factor: float) -> bool:
    if isinstance(value, int):
        return value % int(factor) == 0
    quotient = value / factor if factor >= 1 else 1 / factor * value
    if abs(quotient) > _LARGEST_EXACT:
        return False
    return quotient == math.trunc(quotient) or math.isclose(quotient, round(quotient), rel_tol=1e-9)


def _check_list(value: Sequence[Any], node: Node, path: str, old: Any, found: Findings) -> None:
    limits = node.limits
    found.passed += 2
    if node.items is not None:
        stored = _stored_items(value, node, old)
        for index, each in enumerate(value):
            found.add(check(each, node.items, f"{path}[{index}]", stored[index], counts=found.counts))
    if limits.min_items is not None and len(value) < limits.min_items:
        detail = f"{path} in body should have at least {limits.min_items} items"
        found.fail(wording.invalid(path, len(value), detail))
    if limits.max_items is not None and len(value) > limits.max_items:
        found.fail(wording.too_many(path, len(value), limits.max_items))


def _stored_items(value: Sequence[Any], node: Node, old: Any) -> Sequence[Any]:
    """What corresponds to each element in the stored list: only lists that are maps tell."""
    if not isinstance(old, list) or node.list_type != "map":
        return [ABSENT] * len(value)
    by_key = {list_key(each, node): each for each in old}
    return [by_key.get(list_key(each, node), ABSENT) for each in value]


def list_key(element: Any, node: Node) -> str:
    """What identifies an element of a list of type map."""
    if len(node.list_keys) == 1 and isinstance(element, dict):
        content = element.get(node.list_keys[0])
        if isinstance(content, str):
            return f"text {content}"  # the most frequent one; all others are written as objects
    key = {name: element.get(name) for name in node.list_keys} if isinstance(element, Mapping) else {}
    return wording.format_json(key)


def _check_object(value: Mapping[str, Any], node: Node, path: str, old: Any, found: Findings) -> None:
    limits = node.limits
    found.passed += 1
    if limits.min_properties is not None and len(value) < limits.min_properties:
        detail = f"{path} in body should have at least {limits.min_properties} properties"
        found.fail(wording.invalid(path, len(value), detail))
    if limits.max_properties is not None and len(value) > limits.max_properties:
        found.fail(wording.too_many(path, len(value), limits.max_properties))
    stored = old if isinstance(old, Mapping) else {}
    for key, each in value.items():
        child = node.child(key)
        if child is not None and (found.counts or type(each) is not child.unbound):
            where = f"{path}.{key}" if path else key
            found.add(check(each, child, where, stored.get(key, ABSENT), counts=found.counts))
    for key in limits.required:
        if key not in value:
            found.fail(wording.required(f"{path}.{key}" if path else key))


def _check_scalar(value: Any, node: Node, path: str, old: Any, found: Findings) -> None:
    """Booleans have no bounds."""


_CHECKS: Mapping[type, Callable[[Any, Node, str, Any, Findings], None]] = {
    bool: _check_scalar,
    int: _check_number,
    float: _check_number,
    str: _check_string,
    list: _check_list,
    dict: _check_object,
}


def _composite(detail: str) -> Cause:
    """A cause of anyOf and the like: Kubernetes gives these no field, the path is in the text."""
    return wording.invalid(wording.NOWHERE, "", detail)


def _check_branches(value: Any, node: Node, path: str, old: Any, found: Findings) -> None:
    where = wording.quote(path)
    if node.any_of:
        _check_any(value, node.any_of, path, old, found)
    if node.one_of:
        _check_one(value, node.one_of, path, old, found)
    if node.all_of:
        results = [check(value, each, path, old, counts=True) for each in node.all_of]
        for each in results:
            found.add(each)
        if any(each.causes for each in results):
            ending = "" if any(not each.causes for each in results) else ". None validated"
            found.fail(_composite(f"{where} must validate all the schemas (allOf){ending}"))
    if node.none_of is not None and not check(value, node.none_of, path, old, counts=True).causes:
        found.fail(_composite(f"{where} must not validate the schema (not)"))


def _check_any(value: Any, branches: Sequence[Node], path: str, old: Any, found: Findings) -> None:
    results = []
    for branch in branches:
        result = check(value, branch, path, old, counts=True)
        if not result.causes:
            found.add(result)
            return
        results.append(result)
    found.fail(_composite(f"{wording.quote(path)} must validate at least one schema (anyOf)"))
    found.add(max(results, key=lambda each: each.passed))


def _check_one(value: Any, branches: Sequence[Node], path: str, old: Any, found: Findings) -> None:
    results = [check(value, branch, path, old, counts=True) for branch in branches]
    valid = [each for each in results if not each.causes]
    if len(valid) == 1:
        found.add(valid[0])
        return
    ending = f"Found {len(valid)} valid alternatives" if valid else "Found none valid"
    found.fail(_composite(f"{wording.quote(path)} must validate one and only one schema (oneOf). {ending}"))
    if not valid:
        found.add(max(results, key=lambda each: each.passed))
