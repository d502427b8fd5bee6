"""Whose login a connection takes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cli.conftest import Printed, put, put_status
from dbaas.api.core import NAMESPACE, SECRET, SERVICE
from dbaas.api.database import DATABASE
from dbaas.api.resource import Key
from dbaas.api.user import DATABASE_USER
from dbaas.cli.commands.connect import ConnectOptions, build_command, write_files
from dbaas.cli.exits import CommandError
from dbaas.cli.logins import choose_user
from dbaas.cli.session import Session
from dbaas.contracts.client import NotFound
from dbaas.core.home import Home

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


async def test_encryption_is_as_published_and_the_authority_goes_to_a_file_that_is_kept_once(
    session: Session, tmp_path: Path
) -> None:
    await publish(session, **{"sslmode": "verify-full", "ca.crt": "-----BEGIN CERTIFICATE-----"})
    command = await build_command(session, ConnectOptions(database="shop"))
    assert "verify-full" in command.env.values()
    home = Home(tmp_path / "home")
    (path,) = {*write_files(home, command.files).values(), *write_files(home, command.files).values()}
    assert Path(path).read_text() == "-----BEGIN CERTIFICATE-----"
    assert Path(path).stat().st_mode & 0o777 == 0o600
    (known,) = command.files
    assert write_files(home, {known: "another"})[known] != path


async def test_on_a_laptop_the_name_of_a_service_leads_to_its_server(session: Session, tmp_path: Path) -> None:
    name = "db.shop.svc.cluster.local"
    await publish(session, host=name)
    laptop = replace(session, target=replace(session.target, home=Home(tmp_path)))
    with pytest.raises(CommandError, match="there is no Service shop/db"):
        await build_command(laptop, ConnectOptions(database="shop"))
    spec = {"type": "ExternalName", "externalName": "localhost", "ports": [{"port": 5433, "targetPort": 40001}]}
    metadata = {"name": "db", "namespace": "shop"}
    await session.rest.create(NAMESPACE, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    await session.rest.create(SERVICE, {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec})
    command = await build_command(laptop, ConnectOptions(database="shop"))
    assert {name, "127.0.0.1", "40001"} <= set(command.env.values())


async def test_a_secret_of_another_shape_is_told(session: Session) -> None:
    await publish(session, host="")
    with pytest.raises(CommandError, match="the Secret of 'app' has a shape of its own"):
        await build_command(session, ConnectOptions(database="shop"))
