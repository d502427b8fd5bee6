"""What can be told of an expression before anything is evaluated: values of constants, names that are used."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbaas.apiserver.schemas.expressions.syntax import Call, Constant, Elements, Entries, Expression, Name, Select
from dbaas.apiserver.schemas.expressions.things import TypeName, UInt, Value
from dbaas.apiserver.schemas.expressions.tokens import unquote

_TYPE_NAMES = frozenset({"int", "uint", "double", "bool", "string", "bytes", "list", "map", "type", "null_type"})


def named_type(name: str) -> TypeName | None:
    """The type that a name stands for wherever it stands."""
    return TypeName("null" if name == "null_type" else name) if name in _TYPE_NAMES else None


def constant_value(part: Constant) -> Value:
    text = part.written
    match part.type:
        case "int":
            return part.number
        case "uint":
            digits = text.rstrip("uU")
            return UInt(digits, 16 if re.match("0[xX]", digits) else 10)
        case "double":
            return float(text)
        case "bool":
            return text == "true"
        case "null":
            return None
    return unquote(text)


def parts_of(part: Expression) -> Iterator[Expression]:
    """The part and all inside it."""
    yield part
    match part:
        case Select(operand=operand):
            yield from parts_of(operand)
        case Elements(elements=inside):
            for each in inside:
                yield from parts_of(each)
        case Entries(entries=pairs):
            for key, value in pairs:
                yield from parts_of(key)
                yield from parts_of(value)
        case Call(target=target, arguments=arguments):
            for each in arguments if target is None else (target, *arguments):
                yield from parts_of(each)


def mentions(part: Expression, name: str) -> bool:
    return any(isinstance(each, Name) and each.name == name for each in parts_of(part))
