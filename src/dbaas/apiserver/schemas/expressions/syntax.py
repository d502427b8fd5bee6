"""Expressions as trees, each part with its place in the text: what a check of types walks over.

The library that evaluates reads expressions too, but shows nothing of them. Operators are calls, under the names that
cel-go gives them. Source: https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax
"""

from __future__ import annotations

from dataclasses import dataclass

from dbaas.apiserver.schemas.expressions.mistakes import Mistake, Unreadable
from dbaas.apiserver.schemas.expressions.tokens import Token, Tokens, quoted_size, quoted_text

_RESERVED = frozenset({"as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop"})
_RESERVED |= {"package", "namespace", "return", "var", "void", "while"}
_KEYWORDS = frozenset({"in", "true", "false", "null"})
RANKS = {"||": 1, "&&": 2, **dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "in"), 3)}
RANKS |= {"+": 4, "-": 4, "*": 5, "/": 5, "%": 5}
_LOGICAL = frozenset({"_||_", "_&&_"})
_BEGINNINGS = (
    "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"
)
_DEEPEST = 100
_INT64 = 2**63


@dataclass(frozen=True, slots=True)
class Constant:
    """`type` is the name of its type; `text` that of a string that is easily read, `number` that of an int. `size`
    counts the characters of a string and the bytes of bytes."""

    type: str
    at: int
    written: str
    text: str | None = None
    size: int = 1
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Name:
    """A variable, or a type."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Select:
    """A field of the operand. `optional`: it may be missing (`.?`)."""

    operand: Expression
    field: str
    at: int
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """`target` is what a method is called on. All that is joined by one logical operator is one call."""

    function: str
    arguments: tuple[Expression, ...]
    at: int
    target: Expression | None = None


@dataclass(frozen=True, slots=True)
class Elements:
    """A list. `optional` are the places of elements that may be missing."""

    elements: tuple[Expression, ...]
    at: int
    optional: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Entries:
    """A map. `optional` are the places of entries that may be missing."""

    entries: tuple[tuple[Expression, Expression], ...]
    at: int
    optional: frozenset[int] = frozenset()


Expression = Constant | Name | Select | Call | Elements | Entries


def parse(source: str) -> Expression:
    """Raises Unreadable."""
    tokens = Tokens(source)
    found = _Parser(tokens).expression()
    if tokens.next.kind != "end":
        raise tokens.refuse(f"mismatched input '{tokens.next.text}' expecting <EOF>")
    return found


class _Parser:
    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._depth = 0

    def expression(self) -> Expression:
        self._depth += 1
        if self._depth > _DEEPEST:
            reason = f"expression recursion limit exceeded: {_DEEPEST}"
            raise Unreadable(Mistake(self._tokens.next.at, reason))
        found = self._binary(1)
        sign = self._tokens.take("?")
        if sign is not None:
            one = self._binary(1)
            self._tokens.expect(":")
            found = Call("_?_:_", (found, one, self.expression()), sign.at)
        self._depth -= 1
        return found

    def _binary(self, rank: int) -> Expression:
        left = self._unary()
        while (found := RANKS.get(self._tokens.next.text, 0)) >= rank and self._tokens.next.kind in ("sign", "name"):
            sign = self._tokens.advance()
            function = "@in" if sign.text == "in" else f"_{sign.text}_"
            right = self._binary(found + 1)
            if function in _LOGICAL and isinstance(left, Call) and left.function == function:
                left = Call(function, (*left.arguments, right), left.at)
            else:
                left = Call(function, (left, right), sign.at)
        return left

    def _unary(self) -> Expression:
        first = self._tokens.take("!", "-")
        if first is None:
            return self._member(self._primary())
        count = 1
        while self._tokens.take(first.text) is not None:
            count += 1
        if first.text == "-" and self._tokens.next.kind in ("int", "double") and count == 1:
            return self._member(_number(self._tokens.advance(), first))
        operand = self._member(self._primary())
        return operand if count % 2 == 0 else Call(f"{first.text}_", (operand,), first.at)

    def _member(self, operand: Expression) -> Expression:
        while (sign := self._tokens.take(".", "[")) is not None:
            is_optional = self._tokens.take("?") is not None
            if sign.text == "[":
                index = self.expression()
                self._tokens.expect("]")
                operand = Call("_[?_]" if is_optional else "_[_]", (operand, index), sign.at)
                continue
            name = self._tokens.next
            if name.kind != "name" or name.text in _KEYWORDS:
                raise self._tokens.refuse(f"mismatched input '{name.text}' expecting IDENTIFIER")
            self._tokens.advance()
            opening = None if is_optional else self._tokens.take("(")
            if opening is None:
                operand = Select(operand, name.text, sign.at, is_optional)
            else:
                operand = Call(name.text, self._arguments(), opening.at, operand)
        return operand

    def _primary(self) -> Expression:
        token = self._tokens.next
        if token.kind in ("int", "uint", "double"):
            return _number(self._tokens.advance())
        if token.kind in ("string", "bytes"):
            self._tokens.advance()
            text = quoted_text(token) if token.kind == "string" else None
            return Constant(token.kind, token.at, token.text, text, quoted_size(token))
        if self._tokens.take("("):
            inner = self.expression()
            self._tokens.expect(")")
            return inner
        if self._tokens.take("["):
            return self._elements(token.at)
        if self._tokens.take("{"):
            return self._entries(token.at)
        self._tokens.take(".")
        return self._named()

    def _named(self) -> Expression:
        token = self._tokens.next
        if token.kind != "name" or token.text == "in":
            raise self._tokens.refuse(f"mismatched input '{token.text}' expecting {_BEGINNINGS}")
        self._tokens.advance()
        if token.text in _KEYWORDS:
            return Constant("null" if token.text == "null" else "bool", token.at, token.text)
        if token.text in _RESERVED:
            raise Unreadable(Mistake(token.at, f"reserved identifier: {token.text}"))
        opening = self._tokens.take("(")
        if opening is not None:
            return Call(token.text, self._arguments(), opening.at)
        return Name(token.text, token.at)

    def _arguments(self) -> tuple[Expression, ...]:
        found: list[Expression] = []
        while self._tokens.take(")") is None:
            if found:
                self._tokens.expect(",", ")")
            found.append(self.expression())
        return tuple(found)

    def _elements(self, at: int) -> Elements:
        found: list[Expression] = []
        optional = set()
        while not self._ends("]", has_some=bool(found)):
            if self._tokens.take("?"):
                optional.add(len(found))
            found.append(self.expression())
        return Elements(tuple(found), at, frozenset(optional))

    def _entries(self, at: int) -> Entries:
        found: list[tuple[Expression, Expression]] = []
        optional = set()
        while not self._ends("}", has_some=bool(found)):
            if self._tokens.take("?"):
                optional.add(len(found))
            key = self.expression()
            self._tokens.expect(":")
            found.append((key, self.expression()))
        return Entries(tuple(found), at, frozenset(optional))

    def _ends(self, end: str, *, has_some: bool) -> bool:
        """Whether a list or a map ends here; a comma may stand before its end."""
        if self._tokens.take(end):
            return True
        if has_some:
            self._tokens.expect(",", end)
            return self._tokens.take(end) is not None
        return False


def _number(token: Token, minus: Token | None = None) -> Constant:
    at, written = (token.at, token.text) if minus is None else (minus.at, f"-{token.text}")
    if token.kind == "double":
        return Constant(token.kind, at, written)
    value = int(token.text.rstrip("uU"), 16 if token.text[:2] in ("0x", "0X") else 10)
    if value >= 2 * _INT64 or (token.kind == "int" and value >= _INT64 + (minus is not None)):
        raise Unreadable(Mistake(token.at, f"invalid {token.kind} literal"))
    number = (-value if minus else value) if token.kind == "int" else None
    return Constant(token.kind, at, written, number=number)
