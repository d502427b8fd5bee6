"""What must be known of a statement that a catalogue declares: where its holes are, and why it cannot be run. Pure.

A hole is filled by the driver's composer, with blanks around it, so it must stand where a value or a name does: within
quotes or a comment it would be text of a literal, or nothing. What is not certain is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dbaas.contracts.custom import HOLE
from dbaas.engines.postgres.script_passwords import NESTED_COMMENTS, TOKEN

_OPENED = re.compile(r"\$\(")
_CONTROL = frozenset(
    {"begin", "start", "commit", "end", "rollback", "abort", "savepoint", "release", "prepare"}
)  # fmt: skip
_OF_SESSIONS = frozenset({"set", "reset", "listen", "unlisten", "declare", "discard", "deallocate", "load"})
_CLIENTS = frozenset({"stdin", "stdout"})
_CONNECTING = re.compile(r"password\s*=", re.IGNORECASE)


@dataclass(frozen=True)
class Read:
    """A statement, cut into its parts. `holes` are the places of the recognised ones; `words` are in small letters."""

    holes: tuple[re.Match[str], ...]
    words: tuple[str, ...]
    literals: tuple[str, ...]
    is_open: bool
    goes_on: bool


def read(sql: str) -> Read:
    """`is_open`: a quote or a comment has no end. `goes_on`: something comes after the first semicolon."""
    holes: list[re.Match[str]] = []
    words: list[str] = []
    literals: list[str] = []
    is_open = has_ended = goes_on = False
    filled = 0  # up to here a hole reaches
    for token in TOKEN.finditer(sql):
        if token.start() < filled:
            continue
        is_open = is_open or _is_open(token)
        if token["blank"] is not None:
            continue
        goes_on = goes_on or (has_ended and token["end"] is None)
        has_ended = has_ended or token["end"] is not None
        hole = HOLE.match(sql, token.start()) if token["other"] == "$" else None
        if hole is not None:
            holes.append(hole)
            filled = hole.end()
        elif token["word"] is not None:
            words.append(token["word"].lower())
        elif token["literal"] is not None or token["escaped"] is not None:
            literals.append(token[0])
    return Read(tuple(holes), tuple(words), tuple(literals), is_open, goes_on)


def check(sql: str) -> Iterator[str]:
    """Each reason why it can never be run."""
    if "\0" in sql:
        yield "it contains the character NUL: remove it"
    if NESTED_COMMENTS.search(sql):
        yield "it has a comment within a comment, whose end is not certain: write them apart"
        return
    seen = read(sql)
    if seen.is_open:
        yield "a quote or a comment in it has no end: close it"
        return
    if not seen.words:
        yield "it is empty: write a statement"
    starts = {hole.start() for hole in seen.holes}
    if any(found.start() not in starts for found in _OPENED.finditer(sql)):
        yield (
            "a parameter $(name) stands in quotes, in a comment or at the end of a word: put it where a value or a "
            "name stands, without quotes"
        )
    if seen.goes_on:
        yield "it has several statements: write each as one of its own"
    yield from _check_words(seen)


def _check_words(seen: Read) -> Iterator[str]:
    first = seen.words[0] if seen.words else ""
    if first in _CONTROL:
        yield f"{first.upper()} begins or ends transactions, and each statement is one of its own: leave it out"
    elif first in _OF_SESSIONS:
        yield f"{first.upper()} is about a session, and each statement has one of its own: leave it out"
    elif first == "copy" and not _CLIENTS.isdisjoint(seen.words):
        yield "nobody is there to send or take rows: COPY works with files of the server alone"
    if _tells_password(seen):
        yield "it sets a password, and a catalogue is no place for secrets: make a DatabaseUser, which has a Secret"


def _tells_password(seen: Read) -> bool:
    first = seen.words[0] if seen.words else ""
    by_command = first in ("create", "alter") and "password" in seen.words
    return by_command or any(_CONNECTING.search(literal) for literal in seen.literals)


def _is_open(token: re.Match[str]) -> bool:
    if token["endless"] is not None or token["other"] in ("'", '"'):
        return True
    comment = token["blank"] or ""
    return comment.startswith("/*") and (len(comment) < len("/**/") or not comment.endswith("*/"))
