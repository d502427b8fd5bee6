"""Whose login a connection takes."""

from __future__ import annotations

import pytest

from cli.conftest import put
from dbaas.api.database import DATABASE
from dbaas.api.resource import Key
from dbaas.api.user import DATABASE_USER
from dbaas.cli.exits import CommandError
from dbaas.cli.logins import choose_user
from dbaas.cli.session import Session

SPEC = {"instanceRef": {"name": "main"}}
POINTING = {**SPEC, "databaseRef": {"name": "shop"}}


async def chosen(session: Session) -> str:
    await put(session, DATABASE, "shop", {**SPEC, "owner": "shop-owner"})
    database = await session.rest.get(DATABASE, Key("default", "shop"))
    return (await choose_user(session, database)).metadata.name


async def test_the_application_is_the_user_that_is_not_the_owner(session: Session) -> None:
    await put(session, DATABASE_USER, "shop-owner", POINTING)
    await put(session, DATABASE_USER, "shop-app", POINTING)
    await put(session, DATABASE_USER, "other", SPEC)
    assert await chosen(session) == "shop-app"


async def test_an_owner_alone_will_do(session: Session) -> None:
    await put(session, DATABASE_USER, "boss", {**POINTING, "username": "shop-owner"})
    assert await chosen(session) == "boss"


async def test_a_choice_must_be_made_by_the_user(session: Session) -> None:
    for name in ("a", "b"):
        await put(session, DATABASE_USER, name, POINTING)
    with pytest.raises(CommandError, match="several users point to database 'shop'") as caught:
        await chosen(session)
    assert caught.value.advice == ("choose one: --user NAME, of a, b",)


async def test_nobody_to_log_in_as_is_told(session: Session) -> None:
    with pytest.raises(CommandError, match="no DatabaseUser points to database 'shop'"):
        await chosen(session)
