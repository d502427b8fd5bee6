"""The part of the engine that answers reviewers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dbaas.contracts.engine import Item
from dbaas.contracts.reviewing import Path, Question
from dbaas.engines.postgres.access.catalogue import read_catalogue
from dbaas.engines.postgres.access.explaining import explain_access
from dbaas.engines.postgres.access.marks import find_marks
from dbaas.engines.postgres.session import PostgresSession


class PostgresReviewing:
    """Implements `contracts.reviewing.Reviewing`."""

    async def explain(self, session: PostgresSession, question: Question) -> Sequence[Path] | None:
        catalogue = await read_catalogue(session, question)
        if question.about == "role":
            is_there = question.name in catalogue.roles
        else:
            is_there = any((each.schema, each.name) == (question.schema, question.name) for each in catalogue.holdings)
        return explain_access(catalogue, question) if is_there else None

    def marks(self, item: Item) -> Iterable[str]:
        return find_marks(item)
