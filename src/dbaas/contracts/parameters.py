"""What is given to a declared operation, read and checked. Pure: the same at admission and when it begins."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches

from dbaas.api.database_engine import EngineOperation, OperationParameter
from dbaas.contracts.admission import Violation
from dbaas.contracts.custom import HOLE, CustomStatements, Value

PLACE = "spec.custom.parameters"
LONGEST_MATCHED = 255
MOST_REPEATS = 4
_INTEGER = re.compile(r"-?[0-9]{1,15}")
# What can make a match take for ever: what is repeated and can be cut in several ways.
_PIECE = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|(?P<group>\)[*+{])|(?P<special>\(\?)|(?P<repeat>[*+?{])|.", re.DOTALL
)


class Unfit(ValueError):
    """Why a text cannot be what a parameter is given."""


def parse_value(parameter: OperationParameter, text: str, part: CustomStatements) -> Value:
    """Raises Unfit."""
    if parameter.values and text not in parameter.values:
        raise Unfit(f"choose from {', '.join(parameter.values)}")
    if parameter.pattern is not None:
        _match(parameter.pattern, text)
    value = Value(parameter.type, _convert(parameter, text))
    if problem := part.check_value(value):
        raise Unfit(problem)
    return value


def read_parameters(
    operation: EngineOperation, given: Mapping[str, str], part: CustomStatements
) -> tuple[dict[str, Value], Sequence[Violation]]:
    """The values of all parameters, or all that is wrong."""
    values: dict[str, Value] = {}
    wrong = list(_find_unknown(operation, given))
    for parameter in operation.parameters:
        text = given.get(parameter.name, parameter.default)
        field = f"{PLACE}[{parameter.name}]"
        if text is None:
            wrong.append(
                Violation(field, f"operation {operation.name!r} needs it: say what it is", "FieldValueRequired")
            )
            continue
        try:
            values[parameter.name] = parse_value(parameter, text, part)
        except Unfit as unfit:
            wrong.append(Violation(field, str(unfit)))
    return values, wrong


def find_operation(operations: Sequence[EngineOperation], name: str) -> EngineOperation | None:
    return next((each for each in operations if each.name == name), None)


def fill_database(text: str | None, values: Mapping[str, Value]) -> str | None:
    """A name as it is, a hole as what is given for it, and None where it is the administrative one."""
    hole = HOLE.fullmatch(text) if text is not None else None
    return str(values[hole[1]].value) if hole is not None else text


def suggest(word: str, known: Sequence[str]) -> str:
    """What was probably meant, as the end of a sentence; empty where nothing is like it."""
    near = get_close_matches(word, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def check_pattern(pattern: str) -> str:
    """Why it cannot be used; empty where it can. Those that could take for ever are left out, though not all could."""
    pieces = list(_PIECE.finditer(pattern))
    if any(piece["special"] for piece in pieces):
        return "groups with a question mark are not supported: use plain ones"
    if any(piece["group"] for piece in pieces) or sum(1 for piece in pieces if piece["repeat"]) > MOST_REPEATS:
        return f"it could take too long to match: repeat no group, and at most {MOST_REPEATS} other things"
    try:
        re.compile(pattern)
    except re.error as error:
        return f"it is no regular expression: {error}"
    return ""


def _match(pattern: str, text: str) -> None:
    if len(text) > LONGEST_MATCHED:
        raise Unfit(f"it has more than {LONGEST_MATCHED} characters")
    if re.fullmatch(pattern, text, re.ASCII) is None:
        raise Unfit(f"it must match {pattern}")


def _convert(parameter: OperationParameter, text: str) -> str | int | bool:
    match parameter.type:
        case "Integer":
            return _convert_integer(parameter, text)
        case "Boolean":
            if text not in ("true", "false"):
                raise Unfit("write true or false")
            return text == "true"
        case _:
            return text


def _convert_integer(parameter: OperationParameter, text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise Unfit("write a whole number of at most 15 digits")
    number = int(text)
    if parameter.minimum is not None and number < parameter.minimum:
        raise Unfit(f"it must be at least {parameter.minimum}")
    if parameter.maximum is not None and number > parameter.maximum:
        raise Unfit(f"it must be at most {parameter.maximum}")
    return number


def _find_unknown(operation: EngineOperation, given: Mapping[str, str]) -> Iterator[Violation]:
    known = [parameter.name for parameter in operation.parameters]
    for name in sorted(set(given) - set(known)):
        has = f"it has {', '.join(known)}" if known else "it has none"
        message = f"operation {operation.name!r} has no such parameter: {has}{suggest(name, known)}"
        yield Violation(f"{PLACE}[{name}]", message, "FieldValueNotSupported")
