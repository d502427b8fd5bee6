"""Tables as the server prints them (`meta.k8s.io/v1` Table), so that every kind of every server has its columns."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from dbaas.cli.kinds import ServedKind
from dbaas.contracts.rest import Selection
from dbaas.contracts.transport import Request, Transport
from dbaas.kube.answers import error_of
from dbaas.kube.verbs import TABLE, end_stream

WATCH_SECONDS = 300


@dataclass(frozen=True)
class Row:
    """One object: its cells in the table's order, and its header."""

    cells: Sequence[str]
    metadata: Mapping[str, Any]


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
    transport: Transport, served: ServedKind, selection: Selection, table: Table
) -> AsyncIterator[tuple[str, Row]]:
    """Changes after `table`, with the kind of change, until the server ends the watch."""
    query = {
        "watch": "true", "resourceVersion": table.version, "timeoutSeconds": str(WATCH_SECONDS),
        "labelSelector": selection.labels, "fieldSelector": selection.fields,
    }  # fmt: skip
    query = {name: value for name, value in query.items() if value}
    path = served.kind.path(selection.namespace)
    response = await transport.request(Request("GET", path, query, {"accept": TABLE}))
    if response.stream is None:
        raise error_of(response, f"watch {served.kind.plural}")
    try:
        async for piece in response.stream:
            for line in piece.splitlines():
                event = orjson.loads(line)
                if event["type"] in ("ADDED", "MODIFIED", "DELETED"):
                    for row in read_table(event["object"]).rows:
                        yield event["type"], row
    finally:
        await end_stream(response.stream)


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    return str(cell)
