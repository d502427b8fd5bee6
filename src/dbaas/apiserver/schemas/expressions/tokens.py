"""The words of an expression.

Source: https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from dbaas.apiserver.schemas.expressions.mistakes import Mistake, Unreadable

Kind = Literal["name", "int", "uint", "double", "string", "bytes", "sign", "end"]

_ESCAPE = r"\\(?:[abfnrtv\\'\"`?]|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2})"
_ESCAPED = re.compile(_ESCAPE)
_LETTERS = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_LETTERS |= {each: each for each in "\\'\"`?"}
_QUOTED = "|".join(
    (
        r"[rR](?:\"\"\"(?s:.*?)\"\"\"|'''(?s:.*?)'''|\"[^\"\r\n]*\"|'[^'\r\n]*')",
        rf"\"\"\"(?:{_ESCAPE}|[^\\])*?\"\"\"|'''(?:{_ESCAPE}|[^\\])*?'''",
        rf"\"(?:{_ESCAPE}|[^\\\"\r\n])*\"|'(?:{_ESCAPE}|[^\\'\r\n])*'",
    )
)
_TOKEN = re.compile(
    rf"""(?P<skip>\s+|//[^\n]*)
    |(?P<bytes>[bB](?:{_QUOTED}))
    |(?P<string>{_QUOTED})
    |(?P<double>\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?)
    |(?P<uint>(?:0[xX][0-9a-fA-F]+|\d+)[uU])
    |(?P<int>0[xX][0-9a-fA-F]+|\d+)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<sign>==|!=|<=|>=|&&|\|\||[-+*/%<>!?:.,()\[\]{{}}])""",
    re.VERBOSE,
)


class Token(NamedTuple):
    """A word as it is written. `at` counts characters from the start of the text."""

    kind: Kind
    text: str
    at: int


def read_tokens(source: str) -> Iterator[Token]:
    """The last one is the end. Raises Unreadable."""
    at = 0
    while at < len(source):
        found = _TOKEN.match(source, at)
        if found is None:
            reason = f"Syntax error: token recognition error at: '{source[at]}'"
            raise Unreadable(Mistake(at, reason))
        kind = found.lastgroup
        if kind != "skip":
            yield Token(kind, found.group(), at)  # type: ignore[arg-type]  # the groups are the kinds
        at = found.end()
    yield Token("end", "<EOF>", at)


class Tokens:
    """The tokens of an expression, read one by one. Raises Unreadable."""

    def __init__(self, source: str) -> None:
        self._tokens = list(read_tokens(source))
        self._index = 0

    @property
    def next(self) -> Token:
        return self._tokens[self._index]

    def advance(self) -> Token:
        token = self.next
        self._index += token.kind != "end"
        return token

    def take(self, *texts: str) -> Token | None:
        """The next token if it is one of these signs or words."""
        return self.advance() if self.next.kind in ("sign", "name") and self.next.text in texts else None

    def expect(self, text: str, *others: str) -> Token:
        """The next token, which is this sign; `others` are what else there could be."""
        found = self.take(text)
        if found is not None:
            return found
        wanted = ", ".join(f"'{each}'" for each in (*others, text))
        wanted = f"{{{wanted}}}" if others else wanted
        if text in ")]" and not others:
            raise self.refuse(f"missing '{text}' at '{self.next.text}'")
        raise self.refuse(f"mismatched input '{self.next.text}' expecting {wanted}")

    def refuse(self, reason: str) -> Unreadable:
        """The error that says why the next token cannot be here."""
        return Unreadable(Mistake(self.next.at, f"Syntax error: {reason}"))


def quoted_text(token: Token) -> str | None:
    """What a string without escapes stands for; None for one with escapes."""
    body, is_raw = _quoted(token)
    return body if is_raw or "\\" not in body else None


def quoted_size(token: Token) -> int:
    """How many characters a string has, or how many bytes what is written as bytes. Raises Unreadable."""
    body, is_raw = _quoted(token)
    written = body if is_raw else _ESCAPED.sub("x", body)
    if token.kind == "string":
        return len(written)
    if not is_raw and any(each[1] in "uU" for each in _ESCAPED.findall(body)):
        raise Unreadable(Mistake(token.at, "unable to unescape string"))
    return len(written.encode())


def unquote(written: str) -> str | bytes:
    """What a string or bytes stand for, as they are written."""
    token = Token("bytes" if written[:2].lower().startswith(("b", "rb")) else "string", written, 0)
    body, is_raw = _quoted(token)
    if token.kind == "string":
        return body if is_raw else _ESCAPED.sub(lambda found: chr(_code(found.group())), body)
    if is_raw:
        return body.encode()
    parts = re.split(f"({_ESCAPE})", body)
    return b"".join(bytes([_code(each)]) if index % 2 else each.encode() for index, each in enumerate(parts))


def _code(escape: str) -> int:
    if escape[1] in _LETTERS:
        return ord(_LETTERS[escape[1]])
    return int(escape[2:], 16) if escape[1] in "xXuU" else int(escape[1:], 8)


def _quoted(token: Token) -> tuple[str, bool]:
    """What stands between the quotes, and whether it is raw."""
    prefix, body = token.text[:2], token.text.lstrip("bBrR")
    quotes = 3 if body[:3] in ("'''", '"""') else 1
    return body[quotes:-quotes], "r" in prefix.split(body[0])[0].lower()
