"""What people see: text on standard output, remarks on standard error, colour only where it can be shown."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TextIO

Style = Literal["good", "bad", "busy", "faint", "strong"]
_CODES: Mapping[Style, str] = {"good": "32", "bad": "31", "busy": "33", "faint": "2", "strong": "1"}
_STYLES: Mapping[str, Style] = {
    "Ready": "good", "True": "good", "Normal": "faint", "Failed": "bad", "False": "bad", "Stalled": "bad",
    "Warning": "busy", "Pending": "busy", "Provisioning": "busy", "Updating": "busy", "Healing": "busy",
    "Deleting": "busy", "Drifted": "busy", "Unknown": "busy",
}  # fmt: skip


@dataclass(frozen=True)
class Terminal:
    """Where a command writes. `colour` concerns `out`, `live` says that `err` is a terminal that can be redrawn."""

    out: TextIO
    err: TextIO
    colour: bool = False
    live: bool = False

    def print(self, text: str = "") -> None:
        self.out.write(f"{text}\n")

    def remark(self, text: str) -> None:
        """For people: progress, the target, warnings. Never a part of the answer."""
        self.err.write(f"{text}\n")
        self.err.flush()

    def style(self, text: str, style: Style | None) -> str:
        return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if self.colour and style else text

    def colour_word(self, word: str) -> str:
        """By what the word means: phases and the status of conditions."""
        return self.style(word, _STYLES.get(word))


def open_terminal(environment: Mapping[str, str]) -> Terminal:
    """NO_COLOR (https://no-color.org) and TERM=dumb are honoured."""
    plain = bool(environment.get("NO_COLOR")) or environment.get("TERM") == "dumb"
    return Terminal(
        sys.stdout, sys.stderr, colour=sys.stdout.isatty() and not plain, live=sys.stderr.isatty() and not plain
    )


def format_table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], terminal: Terminal, *, header: bool = True
) -> list[str]:
    """Lines with aligned columns, three spaces apart; known words are coloured."""
    cells = [[_one_line(cell) for cell in row] for row in rows]
    lines = [[column.upper() for column in columns], *cells] if header else cells
    widths = [max((_width(line[i]) for line in lines), default=0) for i in range(len(columns))]
    table = []
    for number, line in enumerate(lines):
        is_header = header and number == 0
        parts = [
            _pad(terminal.style(cell, "strong") if is_header else terminal.colour_word(cell), width - _width(cell))
            for cell, width in zip(line, widths, strict=True)
        ]
        table.append("   ".join(parts).rstrip())
    return table


def shorten(lines: Sequence[str], shown: int) -> list[str]:
    """The first so many of them, and a line that says how many more there are."""
    more = [f"and {len(lines) - shown} more"] if len(lines) > shown else []
    return [*lines[:shown], *more]


def indent(text: str, spaces: int) -> str:
    return "\n".join(" " * spaces + line for line in text.splitlines())


def _pad(text: str, missing: int) -> str:
    return text + " " * missing


def _one_line(cell: str) -> str:
    return " ".join(cell.split("\n")) if "\n" in cell else cell


def _width(text: str) -> int:
    """In cells of a terminal: East Asian wide characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(unicodedata.combining(character) > 0 for character in text)


def write(text: str) -> None:
    """One answer to standard output, for commands that need no terminal."""
    sys.stdout.write(f"{text}\n")
