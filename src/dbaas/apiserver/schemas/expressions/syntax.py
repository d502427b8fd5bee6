"""Expressions as trees, each part with its place in the text: what a check of types walks over.

The library that evaluates reads expressions too, but shows nothing of them. Operators are calls, under the names that
cel-go gives them. Source: https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax
"""

from __future__ import annotations

from dataclasses import dataclass

from dbaas.apiserver.schemas.expressions.mistakes import Mistake, Unreadable
from dbaas.apiserver.schemas.expressions.tokens import Token, quoted_text, read_tokens

_RESERVED = frozenset(
    "as break const continue else for function if import let loop package namespace return var void while".split()
)
_KEYWORDS = frozenset({"in", "true", "false", "null"})
_RELATIONS = ("==", "!=", "<", "<=", ">", ">=", "in")
_LEVELS: tuple[tuple[str, ...], ...] = (("||",), ("&&",), _RELATIONS, ("+", "-"), ("*", "/", "%"))
_BEGINNINGS = (
    "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"
)
_DEEPEST = 250
_INT64 = 2**63


@dataclass(frozen=True, slots=True)
class Constant:
    """`type` is the name of its type; `text` that of a string that is easily read."""

    type: str
    at: int
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Name:
    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Select:
    operand: Expression
    field: str
    at: int
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """`target` is what a method is called on."""

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
    parser = _Parser(list(read_tokens(source)))
    found = parser.expression()
    parser.expect_end()
    return found


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self._depth = 0

    def expression(self) -> Expression:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Unreadable(Mistake(self._peek.at, f"expression recursion limit exceeded: {_DEEPEST}"))
        condition = self._binary(0)
        sign = self._take("?")
        if sign is not None:
            one = self._binary(0)
            self._expect(":", "mismatched")
            condition = Call("_?_:_", (condition, one, self.expression()), sign.at)
        self._depth -= 1
        return condition

    def expect_end(self) -> None:
        if self._peek.kind != "end":
            raise self._refuse(f"mismatched input '{self._peek.text}' expecting <EOF>")

    @property
    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _advance(self) -> Token:
        token = self._tokens[self._next]
        self._next += token.kind != "end"
        return token

    def _take(self, *texts: str) -> Token | None:
        token = self._peek
        return self._advance() if token.kind in ("sign", "name") and token.text in texts else None

    def _expect(self, text: str, problem: str = "missing") -> Token:
        found = self._take(text)
        if found is not None:
            return found
        if problem == "missing":
            raise self._refuse(f"missing '{text}' at '{self._peek.text}'")
        raise self._refuse(f"mismatched input '{self._peek.text}' expecting '{text}'")

    def _refuse(self, reason: str) -> Unreadable:
        return Unreadable(Mistake(self._peek.at, f"Syntax error: {reason}"))

    def _binary(self, level: int) -> Expression:
        if level == len(_LEVELS):
            return self._unary()
        left = self._binary(level + 1)
        while (sign := self._take(*_LEVELS[level])) is not None:
            function = "@in" if sign.text == "in" else f"_{sign.text}_"
            left = Call(function, (left, self._binary(level + 1)), sign.at)
        return left

    def _unary(self) -> Expression:
        first = self._take("!", "-")
        if first is None:
            return self._member(self._primary())
        count = 1
        while self._take(first.text) is not None:
            count += 1
        if first.text == "-" and self._peek.kind in ("int", "double") and count == 1:
            return self._member(self._number(self._advance(), first))
        operand = self._member(self._primary())
        return operand if count % 2 == 0 else Call(f"{first.text}_", (operand,), first.at)

    def _member(self, operand: Expression) -> Expression:
        while (sign := self._take(".", "[")) is not None:
            is_optional = self._take("?") is not None
            if sign.text == "[":
                index = self.expression()
                self._expect("]")
                operand = Call("_[?_]" if is_optional else "_[_]", (operand, index), sign.at)
                continue
            name = self._peek
            if name.kind != "name" or name.text in _KEYWORDS:
                raise self._refuse(f"mismatched input '{name.text}' expecting IDENTIFIER")
            self._advance()
            opening = None if is_optional else self._take("(")
            if opening is None:
                operand = Select(operand, name.text, sign.at, is_optional)
            else:
                operand = Call(name.text, self._list(")"), opening.at, operand)
        return operand

    def _primary(self) -> Expression:
        token = self._peek
        if token.kind in ("int", "uint", "double"):
            return self._number(self._advance())
        if token.kind in ("string", "bytes"):
            self._advance()
            return Constant(token.kind, token.at, quoted_text(token) if token.kind == "string" else None)
        if self._take("("):
            inner = self.expression()
            self._expect(")")
            return inner
        if self._take("["):
            return self._elements(token.at)
        if self._take("{"):
            return self._entries(token.at)
        self._take(".")
        return self._named()

    def _number(self, token: Token, minus: Token | None = None) -> Constant:
        if token.kind != "double":
            value = int(token.text.rstrip("uU"), 0 if token.text[:2] in ("0x", "0X") else 10)
            if value >= 2 * _INT64 or (token.kind == "int" and value >= _INT64 + (minus is not None)):
                raise Unreadable(Mistake(token.at, f"invalid {token.kind} literal"))
        return Constant(token.kind, (minus or token).at)

    def _named(self) -> Expression:
        token = self._peek
        if token.kind != "name" or token.text == "in":
            raise self._refuse(f"mismatched input '{token.text}' expecting {_BEGINNINGS}")
        self._advance()
        if token.text in _KEYWORDS:
            return Constant("null" if token.text == "null" else "bool", token.at)
        if token.text in _RESERVED:
            raise Unreadable(Mistake(token.at, f"reserved identifier: {token.text}"))
        opening = self._take("(")
        if opening is not None:
            return Call(token.text, self._list(")"), opening.at)
        return Name(token.text, token.at)

    def _list(self, end: str) -> tuple[Expression, ...]:
        found: list[Expression] = []
        while self._take(end) is None:
            if found:
                self._expect(",", "mismatched")
            found.append(self.expression())
        return tuple(found)

    def _elements(self, at: int) -> Elements:
        found: list[Expression] = []
        optional = set()
        while self._take("]") is None:
            if found:
                self._expect_more("]")
                if self._take("]"):
                    break
            if self._take("?"):
                optional.add(len(found))
            found.append(self.expression())
        return Elements(tuple(found), at, frozenset(optional))

    def _entries(self, at: int) -> Entries:
        found: list[tuple[Expression, Expression]] = []
        optional = set()
        while self._take("}") is None:
            if found:
                self._expect_more("}")
                if self._take("}"):
                    break
            if self._take("?"):
                optional.add(len(found))
            key = self.expression()
            self._expect(":", "mismatched")
            found.append((key, self.expression()))
        return Entries(tuple(found), at, frozenset(optional))

    def _expect_more(self, end: str) -> None:
        if self._take(",") is None:
            raise self._refuse(f"mismatched input '{self._peek.text}' expecting {{'{end}', ','}}")
