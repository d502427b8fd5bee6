"""Mistakes in the text of an expression, shown with their place as cel-go shows them.

Source: cel-go, `common/error.go`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from unicodedata import east_asian_width


@dataclass(frozen=True, order=True)
class Mistake:
    """`at` counts characters from the start of the text."""

    at: int
    message: str


class Unreadable(ValueError):
    """A text that is no expression."""

    def __init__(self, mistake: Mistake) -> None:
        super().__init__(mistake.message)
        self.mistake = mistake


def show_mistakes(source: str, mistakes: Iterable[Mistake]) -> str:
    """Each with its line of the text and an arrow, in the order of their places."""
    return "\n".join(_show(source, each) for each in sorted(set(mistakes)))


def _show(source: str, mistake: Mistake) -> str:
    line_start = source.rfind("\n", 0, mistake.at) + 1
    number = source.count("\n", 0, mistake.at) + 1
    line = source[line_start:].split("\n", 1)[0].replace("\t", " ")
    column = mistake.at - line_start
    dots = "".join(_dot(letter) for letter in line[:column]).ljust(column, ".")
    return f"ERROR: <input>:{number}:{column + 1}: {mistake.message}\n | {line}\n | {dots}^"


def _dot(letter: str) -> str:
    """As wide as the letter: what takes more than a byte gets a wide dot."""
    return "." if letter.isascii() and east_asian_width(letter) != "W" else "．"  # noqa: RUF001 - cel-go's own dot
