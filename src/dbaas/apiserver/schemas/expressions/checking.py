"""Finds the type of an expression and all that cannot be right in it, before there is any value.

Source: https://github.com/google/cel-spec/blob/master/doc/langdef.md#gradual-type-checking; the words are cel-go's.
What is `dyn` (int-or-string, and what follows from it) goes with everything.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from dbaas.apiserver.schemas.expressions import static_types
from dbaas.apiserver.schemas.expressions.constants import format_mistakes, invalid_constant
from dbaas.apiserver.schemas.expressions.loops import names_of_loop
from dbaas.apiserver.schemas.expressions.mistakes import Mistake
from dbaas.apiserver.schemas.expressions.signatures import SIGNATURES, Signature
from dbaas.apiserver.schemas.expressions.static_types import BOOL, DYN, INT, Type, list_of, map_of, optional_of
from dbaas.apiserver.schemas.expressions.syntax import (
    Call,
    Constant,
    Elements,
    Entries,
    Expression,
    Name,
    Select,
    parse,
)
from dbaas.apiserver.schemas.expressions.unification import Bindings, is_as_wide

_LOGICAL = frozenset({"_&&_", "_||_"})
_OPTIONAL_MACROS = frozenset({"optMap", "optFlatMap"})
_TYPE_NAMES: Mapping[str, Type] = {
    **{name: static_types.type_of(Type(name)) for name in ("int", "uint", "double", "bool", "string", "bytes")},
    "list": static_types.type_of(list_of(DYN)),
    "map": static_types.type_of(map_of(DYN, DYN)),
    "type": static_types.type_of(Type("type")),
    "null_type": static_types.type_of(static_types.NULL),
}


@dataclass(frozen=True)
class Typed:
    """An expression, the type of each part and the signatures that each call fits, both by `at`. The types say nothing
    if there are mistakes."""

    root: Expression
    mistakes: Sequence[Mistake]
    types: Mapping[int, Type]
    calls: Mapping[int, Sequence[Signature]]

    @property
    def type(self) -> Type:
        return self.types[self.root.at]


def find_types(source: str, variables: Mapping[str, Type]) -> Typed:
    """Raises Unreadable."""
    checker = _Checker(variables)
    root = parse(source)
    found = checker.bindings.resolve(checker.check(root))
    mistakes = checker.mistakes or [*checker.bad_constants, *_find_mixtures(checker.literals, checker.bindings)]
    types = {at: checker.bindings.resolve(each, unknown_is_any=True) for at, each in checker.types.items()}
    if not mistakes:
        mistakes = list(format_mistakes(root, types))
    return Typed(root, mistakes, {**types, root.at: found}, checker.calls)


def _find_mixtures(literals: Iterable[Sequence[tuple[int, Type]]], bindings: Bindings) -> Iterator[Mistake]:
    """Lists and maps that are written with elements of several types."""
    for literal in literals:
        shown = [(at, bindings.show(found)) for at, found in literal]
        other = next(((at, found) for at, found in shown if found != shown[0][1]), None)
        if other is not None:
            yield Mistake(other[0], f"expected type '{shown[0][1]}' but found '{other[1]}'")


class _Checker:
    """`bad_constants` and mixtures of `literals` are what cel-go looks for only where there is no mistake."""

    def __init__(self, variables: Mapping[str, Type]) -> None:
        self.bindings = Bindings()
        self.mistakes: list[Mistake] = []
        self.bad_constants: list[Mistake] = []
        self.types: dict[int, Type] = {}
        self.calls: dict[int, Sequence[Signature]] = {}
        self._variables = variables
        self.literals: list[list[tuple[int, Type]]] = []
        self._formats = 0  # how many calls of `format` are around, where elements may be of several types

    def check(self, part: Expression) -> Type:
        found = self.types[part.at] = self._check(part)
        return found

    def _check(self, part: Expression) -> Type:
        match part:
            case Constant():
                return Type(part.type)
            case Name():
                found = self._variables.get(part.name) or _TYPE_NAMES.get(part.name)
                return found or self._refuse(part.at, f"undeclared reference to '{part.name}' (in container '')")
            case Select():
                return self._check_select(part, part.at)
            case Elements():
                return list_of(self._join(part.elements, part.optional))
            case Entries():
                keys = self._join([key for key, _ in part.entries])
                return map_of(keys, self._join([value for _, value in part.entries], part.optional))
            case Call():
                return self._check_call(part)

    def _refuse(self, at: int, message: str) -> Type:
        self.mistakes.append(Mistake(at, message))
        return DYN

    def _check_select(self, part: Select, at: int) -> Type:
        operand = self.bindings.resolve(self.check(part.operand))
        is_optional = operand.name == "optional_type"
        found = self._field_type(operand.parameters[0] if is_optional else operand, part.field, at)
        if not (is_optional or part.optional) or found.name == "optional_type":
            return found
        return optional_of(found)

    def _field_type(self, holder: Type, field: str, at: int) -> Type:
        if holder.fields is not None:
            return holder.fields.get(field) or self._refuse(at, f"undefined field '{field}'")
        if holder.name == "map":
            return holder.parameters[1]
        if holder.is_variable:
            self.bindings.accept([DYN], [holder])
        elif not holder.is_open:
            return self._refuse(at, f"type '{self.bindings.show(holder)}' does not support field selection")
        return DYN

    def _join(self, parts: Sequence[Expression], optional: Collection[int] = ()) -> Type:
        """The type that all parts have, `dyn` where they differ."""
        joined: Type | None = None
        seen: list[tuple[int, Type]] = []
        for index, part in enumerate(parts):
            found = self.bindings.resolve(self.check(part))
            if index in optional:
                found = self._unwrap(part, found)
            seen.append((part.at, found))
            if joined is None:
                joined = found
            elif self.bindings.accept([joined], [found]):
                joined = joined if is_as_wide(joined, found) else found
            else:
                joined = DYN
        if not self._formats:
            self.literals.append(seen)
        return joined or self.bindings.new_variable()

    def _unwrap(self, part: Expression, found: Type) -> Type:
        if found.name == "optional_type":
            return found.parameters[0]
        if not found.is_open:
            shown = self.bindings.show(found)
            self._refuse(part.at, f"expected type 'optional_type({shown})' but found '{shown}'")
        return found

    def _check_call(self, part: Call) -> Type:
        if part.function in _LOGICAL:
            for each in part.arguments:
                self._expect_bool(each, self.check(each))
            return BOOL
        if part.function == "has" and part.target is None and len(part.arguments) == 1:
            return self._check_presence(part)
        if part.target is not None and names_of_loop(part.function, len(part.arguments)):
            return self._check_macro(part, part.target)
        if part.target is not None and part.function == "sortBy" and len(part.arguments) == 2:
            keys = self._check_macro(Call("map", part.arguments, part.arguments[0].at, part.target), part.target)
            return self._resolve("@sortByAssociatedKeys", [self.check(part.target), keys], part.at, is_method=True)
        if part.target is not None and part.function in _OPTIONAL_MACROS and len(part.arguments) == 2:
            return self._check_optional_macro(part, part.target)
        bad = invalid_constant(part)
        if bad is not None:
            self.bad_constants.append(Mistake(bad.at, f"invalid {part.function} argument"))
        name, target = part.function, part.target
        if isinstance(target, Name) and f"{target.name}.{name}" in SIGNATURES:
            name, target = f"{target.name}.{name}", None
        self._formats += name == "format"
        given = [self.check(each) for each in ((target, *part.arguments) if target is not None else part.arguments)]
        self._formats -= name == "format"
        return self._resolve(name, given, part.at, is_method=target is not None)

    def _expect_bool(self, part: Expression, found: Type) -> None:
        if not self.bindings.accept([found], [BOOL]):
            self._refuse(part.at, f"expected type 'bool' but found '{self.bindings.show(found)}'")

    def _check_presence(self, part: Call) -> Type:
        (field,) = part.arguments
        if isinstance(field, Select) and not field.optional:
            self._check_select(field, part.at)
        else:
            self._refuse(field.at, "invalid argument to has() macro")
        return BOOL

    def _check_macro(self, part: Call, target: Expression) -> Type:
        """Where a condition chooses what is kept, it is to cel-go that of a `?:`, and its mistakes read so."""
        count = names_of_loop(part.function, len(part.arguments))
        names, mistake = _names_of(part, count)
        if mistake is not None:
            return self._refuse(mistake.at, mistake.message)
        rest = part.arguments[count:]
        elements = self._elements_of(target, count)
        outside = self._variables
        for name, element in zip(names, elements, strict=True):
            self.types[name.at] = element
        self._variables = {**outside, **{name.name: each for name, each in zip(names, elements, strict=True)}}
        found = [self.check(each) for each in rest]
        self._variables = outside
        if part.function in ("all", "exists"):
            self._expect_bool(rest[0], found[0])
            return BOOL
        kept = found[-1]
        if part.function == "transformMapEntry":
            kept = self._resolve("cel.@mapInsert", [map_of(DYN, DYN), kept], part.at, is_method=False)
        kept = _kept_by(part.function, elements, kept)
        if len(found) > 1 or part.function in ("exists_one", "existsOne", "filter"):
            self._resolve("_?_:_", [found[0], kept, kept], part.at, is_method=False)
        return BOOL if kept == INT and part.function in ("exists_one", "existsOne") else kept

    def _check_optional_macro(self, part: Call, target: Expression) -> Type:
        name, body = part.arguments
        if not isinstance(name, Name):
            return self._refuse(name.at, f"{part.function}() variable name must be a simple identifier")
        found = self.check(target)
        self._resolve("hasValue", [found], part.at, is_method=True)
        outside = self._variables
        self.types[name.at] = self._resolve("value", [found], part.at, is_method=True)
        self._variables = {**outside, name.name: self.types[name.at]}
        made = self.check(body)
        self._variables = outside
        made = optional_of(made) if part.function == "optMap" else made
        nothing = self._resolve("optional.none", [], part.at, is_method=False)
        return self._resolve("_?_:_", [BOOL, made, nothing], part.at, is_method=False)

    def _elements_of(self, target: Expression, count: int) -> Sequence[Type]:
        """What the names of a macro stand for: with one, an element or a key; with two, its index or key and it."""
        ranged = self.bindings.resolve(self.check(target))
        if ranged.name in ("list", "map"):
            first = INT if ranged.name == "list" else ranged.parameters[0]
            return (ranged.parameters[0],) if count == 1 else (first, ranged.parameters[-1])
        if not ranged.is_open and not ranged.is_variable:
            why = "cannot be range of a comprehension (must be list, map, or dynamic)"
            self._refuse(target.at, f"expression of type '{self.bindings.show(ranged)}' {why}")
        return (DYN,) * count

    def _resolve(self, name: str, given: list[Type], at: int, *, is_method: bool) -> Type:
        """What a call gives: `dyn` where several signatures fit and give different types."""
        signatures = SIGNATURES.get(name)
        if signatures is None:
            return self._refuse(at, f"undeclared reference to '{name}' (in container '')")
        result: Type | None = None
        fitting: list[Signature] = []
        for each in signatures:
            *wanted, gives = self.bindings.instantiate((*each.arguments, each.result))
            if each.is_method == is_method and self.bindings.accept(given, wanted):
                fitting.append(each)
                gives = self.bindings.resolve(gives)
                result = gives if result is None or result == gives else DYN
        if result is not None:
            self.calls[at] = fitting
            return result
        shown = [self.bindings.show(each) for each in given]
        called = f"{shown[0]}.({', '.join(shown[1:])})" if is_method else f"({', '.join(shown)})"
        return self._refuse(at, f"found no matching overload for '{name}' applied to '{called}'")


def _names_of(part: Call, count: int) -> tuple[Sequence[Name], Mistake | None]:
    """What a macro binds, or why it cannot."""
    names: list[Name] = []
    for each in part.arguments[:count]:
        if not isinstance(each, Name):
            what = "is not an identifier" if part.function in ("map", "filter") else "must be a simple name"
            return [], Mistake(each.at, f"argument {what}")
        if names and names[0].name == each.name:
            return [], Mistake(each.at, f"duplicate variable name: {each.name}")
        names.append(each)
    return names, None


def _kept_by(function: str, elements: Sequence[Type], made: Type) -> Type:
    """What the loop of a macro has for its result."""
    match function:
        case "exists_one" | "existsOne":
            return INT
        case "filter":
            return list_of(elements[0])
        case "transformMap":
            return map_of(elements[0], made)
        case "transformMapEntry":
            return made
    return list_of(made)
