"""Cuts a list of statements into what one connection does at once, without changing their order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from dbaas.contracts.statement import Statement


@dataclass(frozen=True)
class Group:
    """Statements of one database. Several make one transaction; a statement that cannot be in one is alone."""

    database: str
    statements: tuple[Statement, ...]

    @property
    def locks(self) -> frozenset[str]:
        return frozenset[str]().union(*(statement.locks for statement in self.statements))

    @property
    def is_long(self) -> bool:
        """What cannot be in a transaction copies or removes files, and may wait for the server's disk for minutes."""
        return any(not statement.transactional for statement in self.statements)

    @property
    def vacated(self) -> frozenset[str]:
        return frozenset(statement.vacates for statement in self.statements if statement.vacates)


def group_statements(statements: Sequence[Statement], administrative: str) -> Iterator[Group]:
    """Neighbours share a transaction where database and `run_as` are the same and all are transactional."""
    numbered = enumerate(statements)

    def kind(pair: tuple[int, Statement]) -> tuple[str, str | None, int]:
        number, statement = pair
        return statement.database or administrative, statement.run_as, -1 if statement.transactional else number

    for (database, _, _), members in groupby(numbered, key=kind):
        yield Group(database, tuple(statement for _, statement in members))


def join_groups(groups: Iterable[Group]) -> Iterator[Sequence[Group]]:
    """Neighbours of one database, which one connection can do in turn."""
    for _, members in groupby(groups, key=lambda group: group.database):
        yield tuple(members)
