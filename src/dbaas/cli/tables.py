"""Tables as the server prints them (`meta.k8s.io/v1` Table), so that every kind of every server has its columns."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import orjson

from dbaas.api.resource import Key
from dbaas.cli.kinds import ServedKind
from dbaas.cli.session import Session
from dbaas.contracts.client import ApiError
from dbaas.contracts.rest import Selection
from dbaas.contracts.transport import Request
from dbaas.kube.answers import error_of, status_error
from dbaas.kube.verbs import TABLE, end_stream

WATCH_SECONDS = 300
PAUSE_SECONDS = 0.2


@dataclass(frozen=True)
class Row:
    """One object: its cells in the table's order, and its header."""

    cells: Sequence[str]
    metadata: Mapping[str, Any]

    @property
    def place(self) -> Key:
        return Key(str(self.metadata.get("namespace") or ""), str(self.metadata.get("name") or ""))


@dataclass(frozen=True)
class Table:
    """`columns` are names and priorities; those above 0 are for wide tables only."""

    columns: Sequence[tuple[str, int]]
    rows: Sequence[Row]
    version: str = ""


@dataclass(frozen=True)
class Layout:
    """Which columns are shown, and what is put before them."""

    wide: bool = False
    namespaces: bool = False
    label: str = ""

    def columns(self, table: Table) -> list[str]:
        shown = [name for name, priority in table.columns if self.wide or not priority]
        return ["Namespace", *shown] if self.namespaces else shown

    def cells(self, table: Table, row: Row) -> list[str]:
        """`label` goes before the name, which is the first column of every kind."""
        cells = [
            cell for cell, (_, priority) in zip(row.cells, table.columns, strict=False) if self.wide or not priority
        ]
        if self.label and cells:
            cells[0] = f"{self.label}/{cells[0]}"
        return [str(row.metadata.get("namespace") or ""), *cells] if self.namespaces else cells


def read_table(document: Mapping[str, Any]) -> Table:
    """From the server's JSON; later parts of a watch may have no columns."""
    columns = [(str(c["name"]), int(c.get("priority") or 0)) for c in document.get("columnDefinitions") or ()]
    rows = [
        Row([_text(cell) for cell in row["cells"]], (row.get("object") or {}).get("metadata") or {})
        for row in document.get("rows") or ()
    ]
    return Table(columns, rows, str((document.get("metadata") or {}).get("resourceVersion") or ""))


async def watch_rows(
    session: Session, served: ServedKind, selection: Selection, table: Table
) -> AsyncGenerator[tuple[str, Row], None]:
    """Changes after `table`, with the kind of change; never ends. Raises ApiError, TransportError.

    Where the server does not remember what changed since then, the difference is worked out from a new table.
    """
    known = {row.place: row for row in table.rows}
    version = table.version
    while True:
        try:
            async with aclosing(_watch(session, served, selection, version)) as parts:
                async for change, part in parts:
                    version = part.version or version
                    for row in part.rows if change != "BOOKMARK" else ():
                        known.pop(row.place, None)
                        if change != "DELETED":
                            known[row.place] = row
                        yield change, row
        except ApiError as error:
            if error.code != 410:
                raise
            anew = read_table(await session.rest.table(served.kind, selection))
            for difference in _compare(known, anew):
                yield difference
            known, version = {row.place: row for row in anew.rows}, anew.version
        await session.clock.sleep(PAUSE_SECONDS)


async def _watch(
    session: Session, served: ServedKind, selection: Selection, version: str
) -> AsyncGenerator[tuple[str, Table], None]:
    """Until the server ends it."""
    query = {
        "watch": "true", "resourceVersion": version, "timeoutSeconds": str(WATCH_SECONDS),
        "allowWatchBookmarks": "true", "labelSelector": selection.labels, "fieldSelector": selection.fields,
    }  # fmt: skip
    query = {name: value for name, value in query.items() if value}
    path = served.kind.path(selection.namespace)
    response = await session.transport.request(Request("GET", path, query, {"accept": TABLE}))
    attempted = f"watch {served.kind.plural}"
    if response.stream is None:
        raise error_of(response, attempted)
    try:
        async for piece in response.stream:
            for line in piece.splitlines():
                event = orjson.loads(line)
                if event["type"] == "ERROR":
                    raise status_error(orjson.dumps(event["object"]), 0, attempted)
                yield event["type"], read_table(event["object"])
    finally:
        await end_stream(response.stream)


def _compare(known: Mapping[Key, Row], table: Table) -> Iterator[tuple[str, Row]]:
    places = {row.place for row in table.rows}
    yield from (("DELETED", row) for place, row in known.items() if place not in places)
    for row in table.rows:
        before = known.get(row.place)
        if before is None:
            yield "ADDED", row
        elif before.metadata.get("resourceVersion") != row.metadata.get("resourceVersion"):
            yield "MODIFIED", row


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    return str(cell)
