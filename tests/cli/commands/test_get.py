"""Tables for people, text for machines, and what is said about what is not there."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import yaml

from cli.conftest import Printed, open_session, put, put_status
from dbaas.api.database import DATABASE
from dbaas.api.resource import Key
from dbaas.api.user import DATABASE_USER
from dbaas.cli.commands.get import GetOptions, get
from dbaas.cli.exits import Finished, WrongUsage
from dbaas.cli.formats import Format
from dbaas.cli.session import Session
from fixtures.operating import virtually

SPEC = {"instanceRef": {"name": "main"}, "owner": "shop-owner"}


async def test_a_table_has_the_columns_of_the_kind(session: Session, printed: Printed) -> None:
    await put(session, DATABASE, "shop", SPEC)
    await put_status(session, DATABASE, "shop", "True", "Ready")
    await get(session, GetOptions(what=["databases"]))
    header, row = printed().splitlines()
    assert header.split() == ["NAME", "SERVER", "DATABASE", "OWNER", "PHASE", "READY", "AGE"]
    assert row.split()[:4] == ["shop", "main", "Ready", "True"]


async def test_several_kinds_are_several_tables_with_full_names(session: Session, printed: Printed) -> None:
    await put(session, DATABASE, "shop", SPEC)
    await put(session, DATABASE_USER, "shop-app", {"instanceRef": {"name": "main"}})
    await get(session, GetOptions(what=["databases,users"]))
    tables = printed().split("\n\n")
    assert tables[0].splitlines()[1].startswith("database.dbaas.io/shop ")
    assert tables[1].splitlines()[1].startswith("databaseuser.dbaas.io/shop-app ")


async def test_one_object_as_yaml_is_the_object(session: Session, printed: Printed) -> None:
    await put(session, DATABASE, "shop", SPEC)
    await get(session, GetOptions(what=["db", "shop"], output=Format.YAML))
    assert yaml.safe_load(printed())["spec"]["owner"] == "shop-owner"


async def test_all_objects_as_json_are_a_list(session: Session, printed: Printed) -> None:
    await put(session, DATABASE, "shop", SPEC)
    await get(session, GetOptions(what=["db"], output=Format.JSON))
    listed = json.loads(printed())
    assert listed["kind"] == "List"
    assert [item["metadata"]["name"] for item in listed["items"]] == ["shop"]


async def test_names_can_be_given_to_other_commands(session: Session, printed: Printed) -> None:
    await put(session, DATABASE, "shop", SPEC)
    await get(session, GetOptions(what=["database/shop"], output=Format.NAME))
    assert printed() == "database.dbaas.io/shop\n"


async def test_all_namespaces_have_a_column_for_them(session: Session, printed: Printed) -> None:
    await put(session, DATABASE, "shop", SPEC)
    await get(session, GetOptions(what=["db"], all_namespaces=True))
    assert printed().splitlines()[1].split()[:2] == ["default", "shop"]


async def test_what_is_absent_is_an_error_after_what_is_there(
    session: Session, printed: Printed, remarked: Printed
) -> None:
    await put(session, DATABASE, "shop", SPEC)
    with pytest.raises(Finished):
        await get(session, GetOptions(what=["db", "shop", "shpo"]))
    assert "shop" in printed()
    assert remarked() == "error: there is no Database 'shpo' in namespace 'default'; did you mean 'shop'?\n"


async def test_nothing_there_is_said_and_no_error(session: Session, printed: Printed, remarked: Printed) -> None:
    await get(session, GetOptions(what=["db"]))
    assert printed() == ""
    assert remarked() == "there are no databases in namespace 'default'\n"


async def test_a_misspelt_kind_is_suggested(session: Session) -> None:
    with pytest.raises(WrongUsage) as caught:
        await get(session, GetOptions(what=["databses"]))
    assert caught.value.advice == ("did you mean 'databases'?",)


async def test_labels_choose(session: Session, remarked: Printed) -> None:
    await put(session, DATABASE, "shop", SPEC)
    await get(session, GetOptions(what=["db"], selector="team=a"))
    assert "there are no databases" in remarked()


@asynccontextmanager
async def watching(session: Session, *what: str) -> AsyncIterator[None]:
    """Until the block ends; what happens in it has been printed then."""
    task = asyncio.create_task(get(session, GetOptions(what=list(what), watch=True)))
    await session.clock.sleep(1)
    yield
    await session.clock.sleep(1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def lines(session: Session) -> list[str]:
    assert isinstance(session.terminal.out, io.StringIO)
    return [" ".join(line.split()[:4]) for line in session.terminal.out.getvalue().splitlines()]


@virtually
async def test_a_watch_goes_on_with_rows_under_the_same_columns() -> None:
    async with open_session() as session:
        await put(session, DATABASE, "shop", SPEC)
        async with watching(session, "databases"):
            await put(session, DATABASE, "s", SPEC)
            await session.rest.delete(DATABASE, Key("default", "shop"))
        assert isinstance(session.terminal.out, io.StringIO)
        _, first, second, third = session.terminal.out.getvalue().splitlines()
    assert [first.index("main"), second.index("main")] == [7, 7]
    assert third == first.replace("0s", "1s   deleted")


@virtually
async def test_a_watch_of_nothing_yet_names_the_columns_with_the_first_row() -> None:
    async with open_session() as session:
        async with watching(session, "databases"):
            await put(session, DATABASE, "shop", SPEC)
        assert lines(session) == ["NAME SERVER DATABASE OWNER", "shop main 0s"]


@virtually
async def test_a_watch_of_several_kinds_has_full_names() -> None:
    async with open_session() as session:
        await put(session, DATABASE, "shop", SPEC)
        async with watching(session, "databases,users"):
            await put(session, DATABASE, "shop", {**SPEC, "owner": "x"})
        assert [line.split()[0] for line in lines(session)[1:]] == ["database.dbaas.io/shop"] * 2


@virtually
async def test_a_watch_of_one_object_sees_no_others() -> None:
    async with open_session() as session:
        await put(session, DATABASE, "shop", SPEC)
        async with watching(session, "database", "shop"):
            await put(session, DATABASE, "other", SPEC)
            await put(session, DATABASE, "shop", {**SPEC, "owner": "x"})
        assert [line.split()[0] for line in lines(session)] == ["NAME", "shop", "shop"]


async def test_a_watch_of_several_names_is_refused_before_anything_is_printed(
    session: Session, printed: Printed
) -> None:
    await put(session, DATABASE, "shop", SPEC)
    with pytest.raises(WrongUsage, match="--watch follows one object, or all of a kind"):
        await get(session, GetOptions(what=["db", "shop", "other"], watch=True))
    assert printed() == ""


async def test_wide_tables_have_all_columns(session: Session, printed: Printed) -> None:
    await put(session, DATABASE, "shop", SPEC)
    await get(session, GetOptions(what=["db"], output=Format.WIDE))
    assert printed().splitlines()[0].split()[:2] == ["NAME", "SERVER"]
