"""Tables as servers print them: any kind of any server has its columns."""

from __future__ import annotations

from contextlib import aclosing

import pytest

from cli.conftest import put
from dbaas.api.database import DATABASE
from dbaas.api.resource import Key
from dbaas.cli.kinds import ServedKind
from dbaas.cli.session import Session
from dbaas.cli.tables import Layout, Row, Table, read_table, watch_rows
from dbaas.contracts.client import Forbidden
from dbaas.contracts.rest import Selection
from fixtures.faults import FaultyTransport, is_watch

SPEC = {"instanceRef": {"name": "main"}}
DOCUMENT = {
    "metadata": {"resourceVersion": "7"},
    "columnDefinitions": [{"name": "Name"}, {"name": "Ready", "priority": 0}, {"name": "Why", "priority": 1}],
    "rows": [{"cells": ["shop", True, None], "object": {"metadata": {"name": "shop", "namespace": "team"}}}],
}
TABLE = read_table(DOCUMENT)


def test_cells_are_text() -> None:
    assert TABLE.columns == [("Name", 0), ("Ready", 0), ("Why", 1)]
    assert TABLE.rows == [Row(["shop", "true", ""], {"name": "shop", "namespace": "team"})]
    assert TABLE.version == "7"


def test_a_later_part_of_a_watch_has_no_columns() -> None:
    assert read_table({"rows": DOCUMENT["rows"]}).columns == []
    assert read_table({}) == Table([], [])


@pytest.mark.parametrize(
    ("layout", "columns", "cells"),
    [
        (Layout(), ["Name", "Ready"], ["shop", "true"]),
        (Layout(wide=True), ["Name", "Ready", "Why"], ["shop", "true", ""]),
        (Layout(namespaces=True), ["Namespace", "Name", "Ready"], ["team", "shop", "true"]),
        (Layout(label="database.dbaas.io"), ["Name", "Ready"], ["database.dbaas.io/shop", "true"]),
    ],
    ids=["usual", "wide", "all namespaces", "several kinds"],
)
def test_a_layout_chooses_columns(layout: Layout, columns: list[str], cells: list[str]) -> None:
    assert layout.columns(TABLE) == columns
    assert layout.cells(TABLE, TABLE.rows[0]) == cells


async def databases(session: Session) -> tuple[ServedKind, Table]:
    served = (await session.kinds()).one("databases")
    return served, read_table(await session.rest.table(served.kind, Selection("default")))


async def test_what_changes_after_a_table_comes_as_rows(session: Session) -> None:
    await put(session, DATABASE, "before", SPEC)
    served, table = await databases(session)
    await put(session, DATABASE, "shop", SPEC)
    await put(session, DATABASE, "shop", {**SPEC, "owner": "a"})
    await session.rest.delete(DATABASE, Key("default", "shop"))
    async with aclosing(watch_rows(session, served, Selection("default"), table)) as rows:
        seen = [await anext(rows) for _ in range(3)]
    assert [(change, row.cells[0]) for change, row in seen] == [
        ("ADDED", "shop"), ("MODIFIED", "shop"), ("DELETED", "shop"),
    ]  # fmt: skip


async def test_a_watch_follows_only_what_is_selected(session: Session) -> None:
    served, table = await databases(session)
    for name in ("other", "shop"):
        await put(session, DATABASE, name, SPEC)
    selection = Selection("default", fields="metadata.name=shop")
    async with aclosing(watch_rows(session, served, selection, table)) as rows:
        assert (await anext(rows))[1].cells[0] == "shop"


@pytest.fixture
def faulty(session: Session) -> FaultyTransport:
    """In between the session and its server."""
    session.transport = made = FaultyTransport(session.transport)
    return made


async def test_a_watch_that_the_server_ends_goes_on_where_it_was(session: Session, faulty: FaultyTransport) -> None:
    served, table = await databases(session)
    await put(session, DATABASE, "first", SPEC)
    async with aclosing(watch_rows(session, served, Selection("default"), table)) as rows:
        assert (await anext(rows))[1].cells[0] == "first"
        faulty.close_streams()
        await put(session, DATABASE, "second", SPEC)
        assert [(change, row.cells[0]) for change, row in [await anext(rows)]] == [("ADDED", "second")]


@pytest.mark.parametrize("where", ["in the answer", "in the stream"])
async def test_what_the_server_has_forgotten_is_worked_out(
    session: Session, faulty: FaultyTransport, where: str
) -> None:
    for name in ("goes", "changes", "stays"):
        await put(session, DATABASE, name, SPEC)
    served, table = await databases(session)
    async with aclosing(watch_rows(session, served, Selection("default"), table)) as rows:
        await put(session, DATABASE, "begins", SPEC)
        assert (await anext(rows))[1].cells[0] == "begins"
        if where == "in the stream":
            faulty.break_streams(410, "Expired")
        else:
            faulty.close_streams()
            faulty.answer(410, "Expired", is_watch)
        await session.rest.delete(DATABASE, Key("default", "goes"))
        await put(session, DATABASE, "changes", {**SPEC, "owner": "a"})
        await put(session, DATABASE, "comes", SPEC)
        seen = [await anext(rows) for _ in range(3)]
    assert [(change, row.cells[0]) for change, row in seen] == [
        ("DELETED", "goes"), ("MODIFIED", "changes"), ("ADDED", "comes"),
    ]  # fmt: skip


async def test_other_errors_of_a_watch_are_errors(session: Session, faulty: FaultyTransport) -> None:
    served, table = await databases(session)
    faulty.answer(403, "Forbidden", is_watch)
    with pytest.raises(Forbidden, match="cannot watch databases: injected"):
        await anext(watch_rows(session, served, Selection("default"), table))
