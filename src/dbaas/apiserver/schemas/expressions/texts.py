"""Functions of texts: those of CEL, of cel-go's strings and of Kubernetes' regex.

`size` counts code points, and what is ASCII in the name of a function is nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from dbaas.apiserver.schemas.expressions.failures import Failure
from dbaas.apiserver.schemas.expressions.text_formats import write_clauses
from dbaas.apiserver.schemas.expressions.things import Value
from dbaas.apiserver.schemas.patterns import PatternRefused, compile_pattern

_ESCAPES = str.maketrans(
    {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}
    | {"\\": "\\\\", '"': '\\"'}
)


def matches(text: str, pattern: str) -> bool:
    try:
        return compile_pattern(pattern).search(text) is not None
    except PatternRefused as error:
        raise Failure(str(error)) from error


def _ascii_cased(text: str, change: Callable[[str], str]) -> str:
    return "".join(change(letter) if letter.isascii() else letter for letter in text)


def lower_ascii(text: str) -> str:
    return _ascii_cased(text, str.lower)


def upper_ascii(text: str) -> str:
    return _ascii_cased(text, str.upper)


def char_at(text: str, index: int) -> str:
    if not 0 <= index <= len(text):
        raise Failure(f"index out of range: {index}")
    return text[index : index + 1]


def substring(text: str, start: int, end: int | None = None) -> str:
    stop = len(text) if end is None else end
    for index in (start, stop):
        if not 0 <= index <= len(text):
            raise Failure(f"index out of range: {index}")
    if start > stop:
        raise Failure(f"invalid substring range. start: {start}, end: {stop}")
    return text[start:stop]


def replace(text: str, old: str, new: str, limit: int = -1) -> str:
    return text.replace(old, new, limit)


def split(text: str, separator: str, limit: int = -1) -> list[str]:
    if limit == 0:
        return []
    if separator == "":
        letters = list(text)
        return letters if limit < 0 else [*letters[: limit - 1], "".join(letters[limit - 1 :])]
    return text.split(separator, limit - 1 if limit > 0 else -1)


def join(parts: Sequence[str], separator: str = "") -> str:
    return separator.join(parts)


def find(text: str, pattern: str) -> str:
    found = compile_pattern(pattern).search(text)
    return found.group() if found else ""


def find_all(text: str, pattern: str, limit: int = -1) -> list[str]:
    found = [match.group() for match in compile_pattern(pattern).finditer(text)]
    return found if limit < 0 else found[:limit]


def quote_text(text: str) -> str:
    return f'"{text.translate(_ESCAPES)}"'


FUNCTIONS: Mapping[str, Callable[..., Value]] = {
    "matches": matches,
    "contains": lambda text, part: part in text,
    "startsWith": str.startswith,
    "endsWith": str.endswith,
    "lowerAscii": lower_ascii,
    "upperAscii": upper_ascii,
    "charAt": char_at,
    "substring": substring,
    "replace": replace,
    "trim": str.strip,
    "split": split,
    "join": join,
    "find": find,
    "findAll": find_all,
    "format": write_clauses,
    "strings.quote": quote_text,
}
