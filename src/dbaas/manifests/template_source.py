"""A template's source, cut into text and actions, and actions into tokens; each knows its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dbaas.core.errors import DbaasError

_TOKEN = re.compile(
    r"""
      (?P<blank>\s+)
    | (?P<field>\.[^\W\d]\w*)
    | (?P<text>"(?:[^"\\\n]|\\.)*"|`[^`]*`)
    | (?P<word>[^\W\d]\w*)
    | (?P<mark>[|()])
    """,
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "'": "'", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


class InvalidTemplate(DbaasError):
    """A template that cannot be used; the message tells the line and column."""

    reason = "InvalidTemplate"


@dataclass(frozen=True)
class Piece:
    """Text between actions, or the inside of one; `start` is where it begins in the source."""

    is_action: bool
    content: str
    start: int


@dataclass(frozen=True)
class Token:
    """One word of an action; `kind` is field, text, word or mark."""

    kind: str
    text: str
    start: int


class Source:
    """The whole text of a template."""

    def __init__(self, text: str) -> None:
        self.text = text

    def split(self) -> Iterator[Piece]:
        """Text and actions in turns; the white space that markers eat is gone. Raises InvalidTemplate."""
        position, trims = 0, False
        while True:
            opening = self.text.find("{{", position)
            text = self.text[position : opening if opening >= 0 else None]
            text = text.lstrip() if trims else text
            if opening < 0:
                yield Piece(False, text, position)
                return
            start = opening + 2
            if re.match(r"-\s", self.text[start : start + 2]):
                text, start = text.rstrip(), start + 1
            yield Piece(False, text, position)
            end = self._find_end(start, opening)
            content, position = self.text[start:end], end + 2
            trims = bool(re.search(r"\s-$", content))
            yield Piece(True, content[:-1] if trims else content, start)

    def _find_end(self, start: int, opening: int) -> int:
        """The closing braces, not those in a text or in a comment."""
        if self.text[start:].lstrip().startswith("/*"):
            end = self.text.find("*/", start)
            position = end + 2 if end >= 0 else len(self.text)
        else:
            position = start
        for match in re.compile(r'"(?:[^"\\\n]|\\.)*"|`[^`]*`|\}\}').finditer(self.text, position):
            if match.group() == "}}":
                return match.start()
        raise self.wrong("an action that is not closed: }} is missing", opening)

    def cut(self, piece: Piece) -> Iterator[Token]:
        """The words of an action. Raises InvalidTemplate."""
        position = 0
        while position < len(piece.content):
            match = _TOKEN.match(piece.content, position)
            if match is None or match.lastgroup is None:
                raise self.wrong(f"{piece.content[position]!r} is not expected here", piece.start + position)
            if match.lastgroup != "blank":
                yield Token(match.lastgroup, match.group(), piece.start + position)
            position = match.end()

    def read_text(self, token: Token) -> str:
        """What a text in quotes or backquotes says. Raises InvalidTemplate."""
        if token.text.startswith("`"):
            return token.text[1:-1]

        def replace(match: re.Match[str]) -> str:
            if match[4] is None:
                code = int(match[1] or match[2] or match[3], 16)
                if code < 0x110000 and not 0xD800 <= code < 0xE000:
                    return chr(code)
            elif match[4] in _ESCAPED:
                return _ESCAPED[match[4]]
            raise self.wrong(f"{match.group()!r} is not an escape", token.start)

        return _ESCAPE.sub(replace, token.text[1:-1])

    def wrong(self, what: str, position: int) -> InvalidTemplate:
        """What to raise about that position."""
        return InvalidTemplate(f"{self.place(position)}: {what}")

    def place(self, position: int) -> str:
        """For people: "line 2, column 7"."""
        before = self.text[:position]
        return f"line {before.count(chr(10)) + 1}, column {position - before.rfind(chr(10))}"
