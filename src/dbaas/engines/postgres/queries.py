"""Statements as values: a fixed text with typed holes, put together by psycopg's own composer when it is needed.

Plans are made of them, so they compare, hash, and show without a connection and without loading the driver. A
password is only ever the hole for its verifier: shown as asterisks, and filled at the moment of sending.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, LiteralString

from dbaas.core.secrets import MASK, Secret

if TYPE_CHECKING:
    from psycopg import AsyncConnection, sql

_KEYWORD = re.compile(r"[A-Z]+( [A-Z]+)*")


@dataclass(frozen=True)
class Identifier:
    """A name, qualified where there are several parts."""

    parts: tuple[str, ...]

    def __init__(self, *parts: str) -> None:
        if any("\0" in part or not part for part in parts):
            raise ValueError("a name must not be empty or contain the character NUL")
        object.__setattr__(self, "parts", parts)


@dataclass(frozen=True)
class Literal:
    """A string, a number or a truth value."""

    value: str | int | bool


@dataclass(frozen=True)
class Keyword:
    """Words of the language itself, in capitals. Raises ValueError where they are anything else."""

    words: str

    def __post_init__(self) -> None:
        if not _KEYWORD.fullmatch(self.words):
            raise ValueError(f"{self.words!r} is not a keyword")


@dataclass(frozen=True)
class Verifier:
    """The hole for what the server stores instead of a password."""

    username: str
    password: Secret


@dataclass(frozen=True)
class Query:
    """`template` has holes such as `{name}`; a hole with several arguments is filled with all of them and commas."""

    template: str
    arguments: tuple[tuple[str, Argument | tuple[Argument, ...]], ...] = ()

    @property
    def verifiers(self) -> Iterator[Verifier]:
        """The verifiers to be made before it can be sent."""
        for _, value in self.arguments:
            for argument in value if isinstance(value, tuple) else (value,):
                if isinstance(argument, Verifier):
                    yield argument
                elif isinstance(argument, Query):
                    yield from argument.verifiers

    def __str__(self) -> str:
        return render(self, lambda verifier: MASK).as_string(None)


Argument = Identifier | Literal | Keyword | Verifier | Query


def compose(template: LiteralString, /, **arguments: Argument | Sequence[Argument]) -> Query:
    """The only way to make a statement. The template is always text of ours."""
    return Query(
        template,
        tuple((name, tuple(v) if isinstance(v, Sequence) else v) for name, v in arguments.items()),
    )


def join_clauses(clauses: Sequence[Query]) -> Query:
    """Clauses one after the other, with blanks between them."""
    holes = [f"clause{number}" for number in range(len(clauses))]
    return Query(" ".join(f"{{{hole}}}" for hole in holes), tuple(zip(holes, clauses, strict=True)))


def render(query: Query, resolve: Callable[[Verifier], str]) -> sql.Composed:
    """As the driver composes it, with each verifier replaced by what `resolve` gives for it."""
    from psycopg import sql  # loaded when first used: it is slow to import

    def piece(argument: Argument) -> sql.Composable:
        match argument:
            case Identifier(parts=parts):
                return sql.Identifier(*parts)
            case Literal(value=value):
                return sql.SQL(str(value)) if type(value) is int else sql.Literal(value)
            case Keyword(words=words):
                return sql.SQL(words)
            case Verifier():
                return sql.Literal(resolve(argument))
            case Query():
                return render(argument, resolve)

    filled = {
        name: sql.SQL(", ").join(map(piece, value)) if isinstance(value, tuple) else piece(value)
        for name, value in query.arguments
    }
    return sql.SQL(query.template).format(**filled)


def encode(query: Query, connection: AsyncConnection, resolve: Callable[[Verifier], str]) -> bytes:
    """What is sent."""
    return render(query, resolve).as_bytes(connection)
