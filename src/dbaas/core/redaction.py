"""Passwords that are written out in SQL: shown to nobody, wherever the text is.

A text is not understood, only cut into literals, comments and the rest; where that is not certain, all of it is hidden.
"""

from __future__ import annotations

import re

from dbaas.core.secrets import MASK

_MENTIONED = re.compile(r"passw(?:or)?d|identified\s+(?:by|with)", re.IGNORECASE)
# Bounded, because whoever writes a text must not choose how long it is looked at.
_AUTHORITY = re.compile(r"(://[^\s:/@'\"]{0,256}:)[^\s@'\"{}]{1,512}(?=@)")
_TEMPLATE = re.compile(r"'\{\{[^'{}]*\}\}'")
# What has no end goes on to that of the text, or it would be looked for again and again.
_TOKEN = re.compile(
    r"""
      (?P<comment> --[^\n]* | /\*.*?(?:\*/|\Z) )
    | (?P<literal> '(?:[^']|'')*' | (?P<tag>\$(?:[^\W\d]\w*)?\$)(?:.*?(?P=tag)|.*) )
    | (?P<name> "(?:[^"]|"")*" )
    | (?P<end> ; )
    """,
    re.VERBOSE | re.DOTALL,
)


def mask_passwords(text: str) -> str:
    """The text, with a mask for each literal and comment of a statement that speaks of a password, and in addresses.

    The same text where there is none. What stands in double quotes is a name, and shown, as are places of templates.
    """
    if not _MENTIONED.search(text):
        return _AUTHORITY.sub(rf"\g<1>{MASK}", text)
    if "\\'" in text:  # whether that ends a literal depends on the server
        return MASK
    shown = "".join(_mask(statement) for statement in _split(text))
    return MASK if "'" in _TOKEN.sub("", text) else _AUTHORITY.sub(rf"\g<1>{MASK}", shown)


def _split(text: str) -> list[str]:
    """At the semicolons that are not in literals, names or comments, each with its semicolon."""
    ends = [token.end() for token in _TOKEN.finditer(text) if token["end"]]
    return [text[start:end] for start, end in zip([0, *ends], [*ends, len(text)], strict=True)]


def _mask(statement: str) -> str:
    return _TOKEN.sub(_hide, statement) if _MENTIONED.search(statement) else statement


def _hide(token: re.Match[str]) -> str:
    literal = token["literal"]
    if literal is not None and literal != "''" and not _TEMPLATE.fullmatch(literal):
        return f"'{MASK}'"
    if token["comment"] is not None and _MENTIONED.search(token["comment"]):
        return f"/* {MASK} */"
    return token[0]
