"""Whose login a connection takes."""

from __future__ import annotations

import pytest

from cli.conftest import Printed, put, put_status
from dbaas.api.core import SECRET
from dbaas.api.database import DATABASE
from dbaas.api.resource import Key
from dbaas.api.user import DATABASE_USER
from dbaas.cli.commands.connect import ConnectOptions, build_command
from dbaas.cli.exits import CommandError
from dbaas.cli.logins import choose_user
from dbaas.cli.session import Session
from dbaas.contracts.client import NotFound

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


async def publish(session: Session, **more: str) -> None:
    """The database `shop`, and the login of its user `app` with what is asked for."""
    await put(session, DATABASE, "shop", {**SPEC, "name": "Real Shop"})
    await put(session, DATABASE_USER, "app", POINTING)
    await put_status(session, DATABASE_USER, "app", "True", "Ready", secret={"name": "app-credentials"})
    login = {"type": "postgres", "host": "127.0.0.1", "port": "5433", "username": "app", "password": "hunter2", **more}
    metadata = {"name": "app-credentials", "namespace": "default"}
    await session.rest.create(SECRET, {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": login})


async def test_the_client_is_told_where_to_go_and_never_the_password_in_its_arguments(
    session: Session, remarked: Printed
) -> None:
    await publish(session)
    command = await build_command(session, ConnectOptions(database="shop"))
    assert "hunter2" not in " ".join(command.argv)
    assert "hunter2" in command.env.values()
    for part in ("127.0.0.1", "5433", "app", "Real Shop"):
        assert any(part in text for text in (*command.argv, *command.env.values()))
    assert remarked() == "database 'Real Shop' as 'app'\n"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"type": "basalt"}, "there is no client here for engine 'basalt'"),
        ({"port": "soon"}, "the login of 'app' has no port yet"),
    ],
)
async def test_a_login_that_cannot_be_used_is_told(session: Session, more: dict[str, str], message: str) -> None:
    await publish(session, **more)
    with pytest.raises(CommandError) as caught:
        await build_command(session, ConnectOptions(database="shop", user="app"))
    assert caught.value.message == message


async def test_an_unknown_database_is_told(session: Session) -> None:
    with pytest.raises(NotFound, match="there is no Database 'shop' in namespace 'default'"):
        await build_command(session, ConnectOptions(database="shop"))
