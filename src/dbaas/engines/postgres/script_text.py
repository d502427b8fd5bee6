"""How much must be known of a user's SQL: whether it may end a transaction, and where in it something is.

Lexical rules are those of PostgreSQL's manual, section "Lexical Structure".
"""

from __future__ import annotations

import re

# What has no end goes on to that of the text, or it would be looked for again and again.
_TOKEN = re.compile(
    r"""
      (?P<skipped> --[^\n]* | /\*.*?(?:\*/|\Z) | '(?:[^']|'')*' | "(?:[^"]|"")*"
                   | (?P<tag>\$(?:[^\W\d]\w*)?\$)(?:.*?(?P=tag)|.*) )
    | (?P<escaped> \b[eE]'(?:[^'\\]|\\.|'')*' )
    | (?P<word> [^\W\d][\w$]* )
    | (?P<end> ; )
    """,
    re.VERBOSE | re.DOTALL,
)
_CONTROL = frozenset({"begin", "start", "commit", "end", "rollback", "abort", "prepare"})


def ends_transactions(text: str) -> bool:
    """Whether a statement in it may begin or end a transaction. Where that is not clear, it may.

    A body between BEGIN ATOMIC and END counts as one that may; a comment in a comment is taken for its end.
    """
    at_start = True
    for token in _TOKEN.finditer(text):
        match token.lastgroup:
            case "end":
                at_start = True
            case "word":
                if at_start and token.group().lower() in _CONTROL:
                    return True
                at_start = False
            case "escaped":
                at_start = False
    return False


def find_place(text: str, position: int) -> str:
    """Line and column of a character, both from 1, as the server counts characters."""
    before = text[: position - 1]
    line = before.count("\n") + 1
    return f"line {line}, column {len(before) - before.rfind(chr(10))}"
