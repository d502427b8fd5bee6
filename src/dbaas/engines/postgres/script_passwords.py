"""Passwords that a user's SQL gives to roles: the server gets their verifiers, so that it cannot log or keep them.

Lexical rules are those of PostgreSQL's manual, section "Lexical Structure"; what is not plainly a literal behind the
word PASSWORD of a CREATE or ALTER ROLE is sent as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

TOKEN = re.compile(
    r"""
      (?P<blank> \s+ | --[^\n]* | /\*.*?(?:\*/|\Z) )
    | (?P<literal> '(?:[^']|'')*' | (?P<tag>\$(?:[^\W\d]\w*)?\$).*?(?P=tag) )
    | (?P<endless> \$(?:[^\W\d]\w*)?\$.* )
    | (?P<escaped> \b[eE]'(?:[^'\\]|\\.|'')*' )
    | (?P<word> [^\W\d][\w$]* )
    | (?P<end> ; )
    | (?P<other> "(?:[^"]|"")*" | . )
    """,
    re.VERBOSE | re.DOTALL,
)
"""Whatever stands in a text is one of these; a quote without an end is `other`, or `endless` where it is of dollars."""
_STORED = re.compile(r"SCRAM-SHA-256\$.*|md5[0-9a-f]{32}", re.DOTALL)
NESTED_COMMENTS = re.compile(r"/\*(?:(?!\*/).)*/\*", re.DOTALL)
_VERBS, _NOUNS = frozenset({"create", "alter"}), frozenset({"role", "user", "group"})


@dataclass(frozen=True)
class Place:
    """Where a literal stands, and the password that it is."""

    start: int
    end: int
    password: str


@dataclass(frozen=True)
class Disguised:
    """`text` is what the server gets of `source`. `swaps` are start in the source, length there, and length now."""

    source: str
    text: str
    swaps: tuple[tuple[int, int, int], ...] = ()

    def find_position(self, position: int) -> int:
        """Of a character of `text`, counted from 1, in the source."""
        for start, before, now in self.swaps:
            if position - 1 >= start + now:
                position += before - now
            elif position - 1 > start:
                position = start + 1
        return position


def find_passwords(text: str) -> Iterator[Place]:
    """In order. None in a text with comments in comments: where those end is not looked for."""
    if NESTED_COMMENTS.search(text):
        return
    words: list[str] = []
    found: Place | None = None
    for token in TOKEN.finditer(text):
        if token["blank"] is not None:
            continue
        if found is not None and token["literal"] is None:  # literals in a row are one, and left alone
            yield found
        was_password = bool(words) and words[-1] == "password" and _makes_role(words)
        found = _place(token) if token["literal"] is not None and was_password else None
        if token["end"] is not None:
            words = []
        else:
            words.append(token[0].lower() if token["word"] is not None else "")
    if found is not None:
        yield found


def _makes_role(words: list[str]) -> bool:
    return words[0] in _VERBS and words[1] in _NOUNS and words[2] != "mapping"


def _place(token: re.Match[str]) -> Place | None:
    tag = token["tag"]
    value = token[0][len(tag) : -len(tag)] if tag else token[0][1:-1].replace("''", "'")
    return Place(token.start(), token.end(), value) if value and not _STORED.fullmatch(value) else None


def disguise(text: str, verifiers: Mapping[str, str]) -> Disguised:
    """With the verifiers of the passwords, which are given for all of them, in their places."""
    parts, swaps, done = [], [], 0
    for place in find_passwords(text):
        literal = f"'{verifiers[place.password]}'"
        parts += [text[done : place.start], literal]
        swaps.append((place.start, place.end - place.start, len(literal)))
        done = place.end
    return Disguised(text, "".join([*parts, text[done:]]), tuple(swaps))
