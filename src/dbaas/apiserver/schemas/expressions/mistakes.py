"""Mistakes in the text of an expression, shown with their place as cel-go shows them.

Source: cel-go, `common/error.go`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


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
    dots = "".join("." if letter.isascii() else "．" for letter in line[:column])
    arrow = "^" if line[column : column + 1].isascii() else "＾"
    return f"ERROR: <input>:{number}:{column + 1}: {mistake.message}\n | {line}\n | {dots}{arrow}"
