"""Expressions as the library that evaluates them can read them.

It has no `.?`, `[?…]`, `optMap` and no functions with a dot in their name, but fields and elements of what is optional
are optional to it too; and some functions of its own answer otherwise than kube-apiserver's.
"""

from __future__ import annotations

from collections.abc import Mapping

from dbaas.apiserver.schemas.expressions.syntax import (
    RANKS,
    Call,
    Constant,
    Elements,
    Entries,
    Expression,
    Name,
    Select,
)

_SIGNS = {f"_{sign}_": (sign, rank) for sign, rank in RANKS.items()} | {"@in": ("in", RANKS["in"])}
_CHOICE, _UNARY, _MEMBER = 0, 6, 7


def write(part: Expression, names: Mapping[str, str]) -> str:
    """`names` are the functions that have another name for the library; those in a namespace are in it as `a.b`."""
    return _Writer(names).write(part)


class _Writer:
    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def write(self, part: Expression, least_rank: int = _CHOICE) -> str:
        """In brackets if it does not bind at least as strongly."""
        match part:
            case Constant():
                text, rank = part.written, _UNARY if part.written.startswith("-") else _MEMBER
            case Name():
                text, rank = part.name, _MEMBER
            case Select():
                holder = self._optional(part.operand) if part.optional else self.write(part.operand, _MEMBER)
                text, rank = f"{holder}.{part.field}", _MEMBER
            case Elements():
                text, rank = self._write_elements(part), _MEMBER
            case Entries():
                text, rank = self._write_entries(part), _MEMBER
            case Call():
                text, rank = self._write_call(part)
        return text if rank >= least_rank else f"({text})"

    def _write_elements(self, part: Elements) -> str:
        inside = f"[{', '.join(map(self.write, part.elements))}]"
        return f"{self._names['presentElements']}({inside}, {sorted(part.optional)})" if part.optional else inside

    def _write_entries(self, part: Entries) -> str:
        if not part.optional:
            return f"{{{', '.join(f'{self.write(key)}: {self.write(value)}' for key, value in part.entries)}}}"
        pairs = ", ".join(f"[{self.write(key)}, {self.write(value)}]" for key, value in part.entries)
        return f"{self._names['presentEntries']}([{pairs}], {sorted(part.optional)})"

    def _write_call(self, part: Call) -> tuple[str, int]:
        arguments = part.arguments
        if part.function in _SIGNS:
            sign, rank = _SIGNS[part.function]
            first, *rest = arguments
            return f" {sign} ".join([self.write(first, rank), *(self.write(each, rank + 1) for each in rest)]), rank
        if part.function == "_?_:_":
            condition, one, other = arguments
            return f"{self.write(condition, 1)} ? {self.write(one, 1)} : {self.write(other)}", _CHOICE
        if part.function in ("!_", "-_"):
            return f"{part.function[0]}{self.write(arguments[0], _MEMBER)}", _UNARY
        if part.function in ("_[_]", "_[?_]"):
            container, index = arguments
            is_optional = part.function == "_[?_]"
            holder = self._optional(container) if is_optional else self.write(container, _MEMBER)
            return f"{holder}[{self.write(index)}]", _MEMBER
        return self._write_function(part), _MEMBER

    def _write_function(self, part: Call) -> str:
        name, target = part.function, part.target
        if target is not None and name in ("optMap", "optFlatMap"):
            return self._write_optional_macro(part, target)
        if isinstance(target, Name) and f"{target.name}.{name}" in self._names:
            name, target = f"{target.name}.{name}", None
        called = f"{self._names.get(name, name)}({', '.join(map(self.write, part.arguments))})"
        return called if target is None else f"{self.write(target, _MEMBER)}.{called}"

    def _write_optional_macro(self, part: Call, target: Expression) -> str:
        """A loop over the value is what binds a name to it. What is optional comes out of it as what it has."""
        name, body = map(self.write, part.arguments)
        source = self.write(target, _MEMBER)
        wrap = "optional.of" if part.function == "optMap" else self._names["toOptional"]
        made = f"{wrap}([{source}.value()].map({name}, {body})[0])"
        return f"({source}.hasValue() ? {made} : optional.none())"

    def _optional(self, part: Expression) -> str:
        """What is certainly optional stays as it is, what is certainly not becomes so, the rest is looked at."""
        if _is_chain(part):
            return self.write(part, _MEMBER)
        is_plain = isinstance(part, Select) or (isinstance(part, Name) and part.name != "oldSelf")
        wrap = "optional.of" if is_plain else self._names["toOptional"]
        return f"{wrap}({self.write(part)})"


def _is_chain(part: Expression) -> bool:
    """Whether somewhere before its end it is `.?` or `[?…]`."""
    match part:
        case Select():
            return part.optional or _is_chain(part.operand)
        case Call(function="_[?_]"):
            return True
        case Call(function="_[_]"):
            return _is_chain(part.arguments[0])
    return False
