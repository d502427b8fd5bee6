"""Regular expressions of schemas: RE2's language, which Kubernetes speaks, on Python's engine.

The two differ in few places that schemas use: `$` must not match before a last line break, classes such as `\\d` are
ASCII, POSIX classes and `\\z` exist, and flags may stand anywhere, for what is left of their group. What cannot be
translated is refused when the schema is compiled.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

_POSIX = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": "\\x00-\\x7f",
    "blank": "\\t ",
    "cntrl": "\\x00-\\x1f\\x7f",
    "digit": "0-9",
    "graph": "!-\\~",
    "lower": "a-z",
    "print": " -\\~",
    "punct": "!-/:-@\\[-`{-\\~",
    "space": "\\t\\n\\v\\f\\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
_OUTSIDE = re.compile(r"\\.|\[\^?\]?|\(\?[ims-]+\)|\(\?(?:=|!|<=|<!|P=|P>|#|\()|.", re.DOTALL)
_INSIDE = re.compile(r"\[:[a-z]+:\]|\\.|.", re.DOTALL)
_REFUSED_ESCAPES = frozenset("pPCQEGZ123456789")


class PatternRefused(ValueError):
    """The pattern is not one of RE2's, or uses a part of it that is not translated."""


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """For `search`. Raises PatternRefused."""
    try:
        return re.compile("".join(_translate(pattern)), re.ASCII)
    except re.error as error:
        raise PatternRefused(f"pattern {pattern!r} cannot be compiled: {error}") from error


def _translate(pattern: str) -> Iterator[str]:
    position = 0
    in_class = False
    flags = _Flags()
    while match := (_INSIDE if in_class else _OUTSIDE).match(pattern, position):
        position = match.end()
        token = match.group()
        if token[0] == "\\" and len(token) > 1 and token[1] in _REFUSED_ESCAPES:
            raise PatternRefused(f"pattern {pattern!r} uses {token}, which is not supported")
        if in_class:
            in_class = token != "]"
            yield _translate_inside(token)
        else:
            in_class = token[0] == "["
            yield flags.translate(token) or _translate_outside(token, pattern)
    yield flags.end()


class _Flags:
    """Python has flags only at the start, or for a group: one is opened for what is left of theirs."""

    def __init__(self) -> None:
        self._opened: list[str] = [""]

    def translate(self, token: str) -> str:
        """Empty for what has nothing to do with them."""
        if token == "(":
            self._opened.append("")
        elif token == ")" and len(self._opened) > 1:
            return _close(self._opened.pop()) + ")"
        elif token == "|":
            return f"{_close(self._opened[-1])}|{self._opened[-1]}"
        elif token.startswith("(?") and token.endswith(")"):
            self._opened[-1] += (opened := f"{token[:-1]}:")
            return opened
        return ""

    def end(self) -> str:
        return _close(self._opened[0])


def _close(opened: str) -> str:
    return ")" * opened.count("(")


def _translate_inside(token: str) -> str:
    if token.startswith("[:"):
        return _POSIX[token[2:-2]]
    return "\\" + token if token in ("[", "&", "|", "~") else token


def _translate_outside(token: str, pattern: str) -> str:
    if token.startswith("(?"):
        raise PatternRefused(f"pattern {pattern!r} uses {token}, which RE2 does not have")
    return {"$": r"\Z", r"\z": r"\Z", "[]": r"[\]", "[^]": r"[^\]"}.get(token, token)
