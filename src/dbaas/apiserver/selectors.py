"""Label and field selectors, as `labelSelector` and `fieldSelector` write them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from dbaas.apiserver.failures import Failure, bad_request
from dbaas.apiserver.metadata import validate_key, validate_label_value

Operator = Literal["=", "!=", "in", "notin", "exists", "!", "gt", "lt"]
METADATA_FIELDS = ("metadata.name", "metadata.namespace")
_SYMBOLS = frozenset(("=", "==", "!=", "!", "(", ")", ",", "<", ">"))
_OPERATORS: Mapping[str, Operator] = {
    "=": "=", "==": "=", "!=": "!=", ">": "gt", "<": "lt", "in": "in", "notin": "notin",
}  # fmt: skip
_TOKEN = re.compile(r"\s*(==|!=|=|!|\(|\)|,|<|>|[^\s=!(),<>]+)")


@dataclass(frozen=True)
class Requirement:
    """One clause; all of a selector's must hold."""

    key: str
    operator: Operator
    values: frozenset[str] = frozenset()

    def holds(self, labels: Mapping[str, str]) -> bool:
        value = labels.get(self.key)
        match self.operator:
            case "exists":
                return value is not None
            case "!":
                return value is None
            case "=" | "in":
                return value in self.values
            case "!=" | "notin":
                return value is None or value not in self.values
        if value is None or not re.fullmatch(r"-?[0-9]+", value):
            return False
        (bound,) = self.values
        return int(value) > int(bound) if self.operator == "gt" else int(value) < int(bound)


@dataclass(frozen=True)
class LabelSelector:
    """Empty: everything."""

    requirements: tuple[Requirement, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        return all(requirement.holds(labels) for requirement in self.requirements)


def parse_labels(text: str) -> LabelSelector:
    """Raises Failure 400."""
    return LabelSelector(tuple(_Parser(text).requirements()))


class _Parser:
    """Worded as apimachinery's `labels.Parse` words its refusals. The end of the text is the token ""."""

    def __init__(self, text: str) -> None:
        self._tokens = [match.group(1) for match in _TOKEN.finditer(text)]

    def requirements(self) -> Iterator[Requirement]:
        while self._next:
            if self._next != "!" and self._next in _SYMBOLS:
                raise bad_request(f"found '{self._next}', expected: !, identifier, or 'end of string'")
            yield self._requirement()
            following = self._take()
            if following not in (",", ""):
                raise bad_request(f"found '{following}', expected: ',' or 'end of string'")
            if following and (not self._next or (self._next in _SYMBOLS and self._next != "!")):
                raise bad_request(f"found '{self._next}', expected: identifier after ','")

    @property
    def _next(self) -> str:
        return self._tokens[0] if self._tokens else ""

    def _take(self) -> str:
        return self._tokens.pop(0) if self._tokens else ""

    def _requirement(self) -> Requirement:
        if self._next == "!":
            self._take()
            return Requirement(self._key(), "!")
        key = self._key()
        if self._next in ("", ","):
            return Requirement(key, "exists")
        symbol = self._take()
        operator = _OPERATORS.get(symbol)
        if operator is None:
            raise _unparsed(f"found '{symbol}', expected: in, notin, =, ==, !=, gt, lt")
        if operator in ("in", "notin"):
            return Requirement(key, operator, self._values(key))
        value = "" if self._next in ("", ",") else self._take()
        if value in _SYMBOLS:
            raise _unparsed(f"found '{value}', expected: identifier")
        if operator in ("gt", "lt") and not re.fullmatch(r"-?\d+", value):
            message = "for 'Gt', 'Lt' operators, the value must be an integer"
            raise _unparsed(f'values[0]: Invalid value: "{value}": {message}')
        return Requirement(key, operator, frozenset({_valid(key, value)}))

    def _key(self) -> str:
        key = self._take()
        if not key or key in _SYMBOLS:
            raise _unparsed(f"found '{key}', expected: identifier")
        if causes := validate_key("key", key):
            raise _unparsed(f"<nil>: {causes[0].message}")
        return key

    def _values(self, key: str) -> frozenset[str]:
        opening = self._take()
        if opening != "(":
            raise _unparsed(f"found '{opening}' expected: '('")
        values = {""} if self._next in (",", ")") else set()
        while (token := self._take()) != ")":
            if token == ",":
                if self._next in (",", ")"):
                    values.add("")
            elif not token or token in _SYMBOLS:
                raise _unparsed(f"found '{token}', expected: ',', or identifier")
            elif self._next not in (",", ")"):
                raise _unparsed(f"found '{self._next}', expected: ',' or ')'")
            else:
                values.add(_valid(key, token))
        return frozenset(values)


def _unparsed(why: str) -> Failure:
    return bad_request(f"unable to parse requirement: {why}")


def _valid(key: str, value: str) -> str:
    if causes := validate_label_value(f"values[0][{key}]", value):
        raise _unparsed(f"values[0][{key}]: {causes[0].message}")
    return value


@dataclass(frozen=True)
class FieldSelector:
    """`matches` is given a function that reads a field of the object."""

    clauses: tuple[tuple[str, bool, str], ...] = ()

    def matches(self, read: Callable[[str], str]) -> bool:
        return all((read(field) == value) is equal for field, equal, value in self.clauses)

    def required(self, field: str) -> str | None:
        """The value this field must have, if the selector names one."""
        return next((value for name, equal, value in self.clauses if name == field and equal), None)


def parse_fields(text: str, known: Collection[str], *, custom: bool = False) -> FieldSelector:
    """Raises Failure 400 for a field that this kind cannot be selected by."""
    clauses = []
    for term in re.split(r"(?<!\\),", text):
        if not term.strip():
            continue
        match = re.fullmatch(r"([^=!]*)(==|!=|=)(.*)", term.strip())
        if match is None:
            raise bad_request(f"invalid selector: '{text}'; can't understand '{term}'")
        field, operator, value = match.groups()
        if not field and not value:
            continue
        if field not in known:
            if custom or set(known) != set(METADATA_FIELDS):
                raise bad_request(f"field label not supported: {field}")
            quoted = ", ".join(f'"{each}"' for each in known)
            raise bad_request(f'"{field}" is not a known field selector: only {quoted}')
        clauses.append((field, operator != "!=", re.sub(r"\\([,=\\])", r"\1", value)))
    return FieldSelector(tuple(clauses))
