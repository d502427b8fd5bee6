"""Templates of the values of Secrets: the part of Go's text/template that texts need, parsed before it is used.

`{{ .Name }}`, functions with arguments, pipes (`{{ .Password | urlEncode | quote }}`: what comes through the pipe is
the last argument), parentheses, texts in quotes or backquotes, `{{-` and `-}}` that eat white space, comments, and
`if`, `else if`, `else`, `end`. Anything else is refused with its position (https://pkg.go.dev/text/template).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from dbaas.manifests.template_functions import FUNCTIONS, WrongArgument
from dbaas.manifests.template_source import InvalidTemplate, Source, Token

LONGEST = 65_536
KEPT = 256  # templates that were parsed: rules and reconciles ask for the same few again and again
DEEPEST = 32

_NOT_HERE = frozenset({"range", "with", "define", "template", "block", "break", "continue"})


@dataclass(frozen=True)
class Text:
    """What stands there as it is."""

    value: str


@dataclass(frozen=True)
class Field:
    """A variable."""

    name: str


@dataclass(frozen=True)
class Call:
    """A function with its arguments."""

    function: str
    arguments: tuple[Expression, ...]
    at: str


@dataclass(frozen=True)
class Choice:
    """The first part whose condition holds; the condition of an `else` is None."""

    branches: tuple[tuple[Expression | None, tuple[Node, ...]], ...]


Expression = Text | Field | Call
Node = Text | Field | Call | Choice


@dataclass(frozen=True)
class Template:
    """A template that was parsed."""

    nodes: tuple[Node, ...]

    def render(self, variables: Mapping[str, str]) -> str:
        """With the value of each variable. Raises InvalidTemplate where a function cannot take what it is given."""
        return "".join(_render(self.nodes, variables))


def parse_template(source: str, variables: Sequence[str]) -> Template:
    """Raises InvalidTemplate for what is wrong, or names a variable that is not one of `variables`."""
    if len(source) > LONGEST:
        raise InvalidTemplate(f"a template has at most {LONGEST} characters")
    return _parse(source, frozenset(variables))


@lru_cache(KEPT)
def _parse(source: str, variables: frozenset[str]) -> Template:
    return Template(_Parser(source, variables).parse())


def _render(nodes: Sequence[Node], variables: Mapping[str, str]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, Choice):
            for condition, inner in node.branches:
                if condition is None or _evaluate(condition, variables):
                    yield from _render(inner, variables)
                    break
        else:
            yield _evaluate(node, variables)


def _evaluate(expression: Expression, variables: Mapping[str, str]) -> str:
    match expression:
        case Text(value=value):
            return value
        case Field(name=name):
            return variables.get(name, "")
        case Call(function=name, arguments=arguments, at=at):
            try:
                return FUNCTIONS[name].apply(*(_evaluate(argument, variables) for argument in arguments))
            except WrongArgument as error:
                raise InvalidTemplate(f"{at}: {name}: {error}") from None  # the cause may quote a password


class _Parser:
    """Recursive descent: pieces make nodes, tokens make expressions."""

    def __init__(self, source: str, variables: frozenset[str]) -> None:
        self._source = Source(source)
        self._variables = variables
        self._pieces = [*self._source.split()]
        self._next = 0
        self._depth = 0

    def parse(self) -> tuple[Node, ...]:
        nodes, end = self._parse_list()
        if end is not None:
            raise self._source.wrong(f"{end[0].text!r} without an if", end[0].start)
        return nodes

    def _parse_list(self) -> tuple[tuple[Node, ...], list[Token] | None]:
        """Nodes until `else` or `end`, whose tokens are the second answer, or until the source ends."""
        nodes: list[Node] = []
        while self._next < len(self._pieces):
            piece = self._pieces[self._next]
            self._next += 1
            if not piece.is_action:
                nodes += [Text(piece.content)] if piece.content else []
                continue
            if re.fullmatch(r"\s*/\*.*?\*/\s*", piece.content, re.DOTALL):
                continue
            tokens = [*self._source.cut(piece)]
            if not tokens:
                raise self._source.wrong("an action that says nothing", piece.start)
            if tokens[0].text in ("else", "end"):
                return tuple(nodes), tokens
            nodes.append(self._parse_choice(tokens) if tokens[0].text == "if" else self._parse_pipeline(tokens))
        return tuple(nodes), None

    def _parse_choice(self, opening: list[Token]) -> Choice:
        self._deeper(opening[0])
        branches: list[tuple[Expression | None, tuple[Node, ...]]] = []
        condition: Expression | None = self._parse_condition(opening, 1)
        while True:
            nodes, end = self._parse_list()
            branches.append((condition, nodes))
            if end is None:
                raise self._source.wrong("an if without its end", opening[0].start)
            if end[0].text == "end":
                if len(end) > 1:
                    raise self._source.wrong("nothing can follow end", end[1].start)
                self._depth -= 1
                return Choice(tuple(branches))
            if condition is None:
                raise self._source.wrong("a second else", end[0].start)
            is_if = len(end) > 1 and end[1].text == "if"
            if len(end) > 1 and not is_if:
                raise self._source.wrong("only if can follow else", end[1].start)
            condition = self._parse_condition(end, 2) if is_if else None

    def _parse_condition(self, tokens: list[Token], skipped: int) -> Expression:
        if len(tokens) == skipped:
            raise self._source.wrong("a condition is missing", tokens[-1].start)
        return self._parse_pipeline(tokens[skipped:])

    def _parse_pipeline(self, tokens: list[Token]) -> Expression:
        """Commands with pipes between them, up to the end of the tokens."""
        expression, rest = self._parse_commands(tokens)
        if rest:
            raise self._source.wrong(f"{rest[0].text!r} is not expected here", rest[0].start)
        return expression

    def _parse_commands(self, tokens: list[Token]) -> tuple[Expression, list[Token]]:
        piped: Expression | None = None
        while True:
            first = tokens[0]
            arguments, tokens = self._parse_operands(tokens)
            piped = self._command(first, arguments, piped)
            if not tokens or tokens[0].text != "|" or tokens[0].kind != "mark":
                return piped, tokens
            if len(tokens) == 1:
                raise self._source.wrong("nothing follows the pipe", tokens[0].start)
            tokens = tokens[1:]

    def _parse_operands(self, tokens: list[Token]) -> tuple[list[Expression], list[Token]]:
        """Arguments; a function's name at the beginning is left to the caller."""
        arguments: list[Expression] = []
        rest = tokens[1:] if tokens[0].kind == "word" else tokens
        while rest and not (rest[0].kind == "mark" and rest[0].text in "|)"):
            token = rest[0]
            if token.kind == "mark":
                inner, rest = self._parse_parenthesis(rest)
                arguments.append(inner)
                continue
            arguments.append(self._operand(token))
            rest = rest[1:]
        return arguments, rest

    def _parse_parenthesis(self, tokens: list[Token]) -> tuple[Expression, list[Token]]:
        opening = tokens[0]
        self._deeper(opening)
        if len(tokens) == 1:
            raise self._source.wrong("a parenthesis that is not closed", opening.start)
        inner, rest = self._parse_commands(tokens[1:])
        if not rest:
            raise self._source.wrong("a parenthesis that is not closed", opening.start)
        self._depth -= 1
        return inner, rest[1:]

    def _operand(self, token: Token) -> Expression:
        if token.kind == "text":
            return Text(self._source.read_text(token))
        if token.kind == "field":
            name = token.text[1:]
            if name not in self._variables:
                known = ", ".join(sorted(self._variables))
                raise self._source.wrong(f"there is no variable {token.text}: choose from {known}", token.start)
            return Field(name)
        if token.text in FUNCTIONS and not FUNCTIONS[token.text].least:
            return Call(token.text, (), self._source.place(token.start))
        raise self._source.wrong(f"{token.text!r} is not a value: put a call in parentheses", token.start)

    def _command(self, first: Token, arguments: list[Expression], piped: Expression | None) -> Expression:
        if first.kind != "word":
            if not arguments:
                raise self._source.wrong(f"{first.text!r} is not expected here", first.start)
            if len(arguments) > 1 or piped is not None:
                raise self._source.wrong(f"{first.text} is not a function and takes nothing", first.start)
            return arguments[0]
        name = first.text
        if name in _NOT_HERE:
            raise self._source.wrong(f"{name} is not supported: there are only if, else and end", first.start)
        if name not in FUNCTIONS:
            raise self._source.wrong(
                f"there is no function {name}: choose from {', '.join(sorted(FUNCTIONS))}", first.start
            )
        given = (*arguments, piped) if piped is not None else tuple(arguments)
        if not FUNCTIONS[name].takes(len(given)):
            raise self._source.wrong(f"{name} takes {FUNCTIONS[name].counted}, and {len(given)} are given", first.start)
        return Call(name, given, self._source.place(first.start))

    def _deeper(self, token: Token) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._source.wrong("it is nested too deeply", token.start)
