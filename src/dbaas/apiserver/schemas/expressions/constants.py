"""Constants that a call cannot take, whatever the rest of the expression is: patterns, times and durations.

Source: cel-go, `cel/validator.go`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from dbaas.apiserver.schemas.expressions.conversions import is_duration, is_time
from dbaas.apiserver.schemas.expressions.failures import Failure
from dbaas.apiserver.schemas.expressions.literals import parts_of
from dbaas.apiserver.schemas.expressions.mistakes import Mistake
from dbaas.apiserver.schemas.expressions.static_types import Type
from dbaas.apiserver.schemas.expressions.syntax import Call, Constant, Elements, Entries, Expression
from dbaas.apiserver.schemas.expressions.text_formats import clauses_of, read_clause, refusal
from dbaas.apiserver.schemas.patterns import PatternRefused, compile_pattern


def invalid_constant(call: Call) -> Constant | None:
    """The argument that is invalid."""
    place = 1 if call.function == "matches" and call.target is None else 0
    found = call.arguments[place] if place < len(call.arguments) else None
    if not isinstance(found, Constant):
        return None
    if call.function == "duration" and found.type == "int":
        return found
    is_valid = _CHECKS.get(call.function)
    return None if is_valid is None or found.text is None or is_valid(found.text) else found


def _is_pattern(text: str) -> bool:
    try:
        compile_pattern(text)
    except PatternRefused:
        return False
    return True


_CHECKS: Mapping[str, Callable[[str], bool]] = {
    **dict.fromkeys(("matches", "find", "findAll"), _is_pattern),
    "duration": is_duration,
    "timestamp": is_time,
}


def format_mistakes(root: Expression, types: Mapping[int, Type]) -> Iterator[Mistake]:
    """Of texts with clauses that stand for what is written beside them; at most one of each text."""
    for part in parts_of(root):
        match part:
            case Call(function="format", target=Constant(text=str(text)), arguments=(Elements(elements=given),)):
                mistake = _format_mistake(part, text, given, types)
                if mistake is not None:
                    yield mistake


def _format_mistake(call: Call, text: str, given: Sequence[Expression], types: Mapping[int, Type]) -> Mistake | None:
    index = 0
    try:
        for found in clauses_of(text):
            if isinstance(found, str):
                continue
            if index >= len(given):
                return Mistake(call.at, f"index {index} out of range")
            clause = read_clause(found)
            bad = _misfit(clause.letter, given[index], types)
            if bad is not None:
                why = refusal(clause.letter, types[bad.at].name)
                return Mistake(bad.at, f"error during formatting: {why}")
            index += 1
    except Failure as error:
        return Mistake(call.at, str(error))
    if len(given) > index:
        wrong = f"(expected {index}, got {len(given)})"
        return Mistake(call.at, f"too many arguments supplied to string.format {wrong}")
    return None


def _misfit(letter: str, part: Expression, types: Mapping[int, Type]) -> Expression | None:
    """The part that cannot stand where a clause is; for `%s`, also one inside a list or map that is written out."""
    found = types[part.at]
    is_any = found.is_open or (found.fields is None and found.name == "string" and letter in "fe")
    if not is_any and refusal(letter, found.name):
        return part
    inside: Sequence[Expression] = ()
    if letter == "s" and isinstance(part, Elements):
        inside = part.elements
    elif letter == "s" and isinstance(part, Entries):
        inside = [each for pair in part.entries for each in pair]
    return next((bad for each in inside if (bad := _misfit(letter, each, types)) is not None), None)
