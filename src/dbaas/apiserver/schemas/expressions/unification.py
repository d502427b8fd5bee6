"""Which types stand for the variables in signatures, and whether a value of one type may be where another is wanted.

Source: cel-go, `checker/types.go`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dbaas.apiserver.schemas.expressions.static_types import DYN, LIBRARY_TYPES, Type

_MAY_BE_NULL = frozenset({"null", "timestamp", "duration", "optional_type"}) | LIBRARY_TYPES


class Bindings:
    """What is known of the variables of one expression."""

    def __init__(self) -> None:
        self._known: dict[Type, Type] = {}
        self._count = 0

    def new_variable(self) -> Type:
        self._count += 1
        return Type(f"_var{self._count}", is_variable=True)

    def instantiate(self, types: Iterable[Type]) -> list[Type]:
        """The same types with variables of their own."""
        renamed: dict[str, Type] = {}

        def rename(each: Type) -> Type:
            if each.is_variable:
                return renamed.setdefault(each.name, self.new_variable())
            return each.with_parameters(*map(rename, each.parameters)) if each.parameters else each

        return [rename(each) for each in types]

    def resolve(self, type_: Type, *, unknown_is_any: bool = False) -> Type:
        """With what is known for its variables."""
        if type_ in self._known:
            return self.resolve(self._known[type_], unknown_is_any=unknown_is_any)
        if type_.is_variable:
            return DYN if unknown_is_any else type_
        if not type_.parameters:
            return type_
        return type_.with_parameters(*(self.resolve(each, unknown_is_any=unknown_is_any) for each in type_.parameters))

    def show(self, type_: Type) -> str:
        return str(self.resolve(type_, unknown_is_any=True))

    def accept(self, given: Sequence[Type], wanted: Sequence[Type]) -> bool:
        """Whether each may be where the other is wanted; if all may, what that says of variables is known from now."""
        before = dict(self._known)
        if len(given) == len(wanted) and all(map(self._fits, given, wanted)):
            return True
        self._known = before
        return False

    def _fits(self, given: Type, wanted: Type) -> bool:
        if wanted.is_variable:
            fits, was_known = self._bind(wanted, given)
            if fits or was_known:
                return fits
        if given.is_variable:
            return self._bind(given, wanted)[0]
        if given.is_open or wanted.is_open:
            return True
        if given.name == "null" or wanted.name == "null":
            other = wanted if given.name == "null" else given
            return other.name in _MAY_BE_NULL or other.fields is not None
        if given.name == wanted.name == "type":
            return True
        return given.name == wanted.name and all(map(self._fits, given.parameters, wanted.parameters))

    def _bind(self, variable: Type, type_: Type) -> tuple[bool, bool]:
        """Whether it may stand for the type, and whether something was known of it."""
        if variable == type_:
            return True, True
        known = self._known.get(variable)
        if known is None:
            if self._mentions(type_, variable):
                return False, False
            self._known[variable] = type_
            return True, False
        if known == type_:
            return True, True
        if not self._fits(type_, known):
            return False, True
        wider = type_ if is_as_wide(type_, known) else known
        if not self._mentions(wider, variable):
            self._known[variable] = wider
        return True, True

    def _mentions(self, type_: Type, variable: Type) -> bool:
        if type_ == variable:
            return True
        if type_ in self._known:
            return self._mentions(self._known[type_], variable)
        return any(self._mentions(each, variable) for each in type_.parameters)


def is_as_wide(one: Type, other: Type) -> bool:
    """Whether the one holds all that the other holds."""
    if one.is_open or one.is_variable:
        return True
    if other.is_open or other.is_variable:
        return False
    return (
        one.name == other.name
        and len(one.parameters) == len(other.parameters)
        and all(map(is_as_wide, one.parameters, other.parameters))
    )
