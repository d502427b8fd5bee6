"""Published logins are read from where the user says they are, and keep their secrets."""

from __future__ import annotations

import pytest

from cli.conftest import put, put_status
from dbaas.api.core import SECRET
from dbaas.api.resource import Key
from dbaas.api.user import DATABASE_USER
from dbaas.cli.exits import CommandError
from dbaas.cli.logins import Published, find_user, read_login
from dbaas.cli.session import Session
from dbaas.contracts.client import NotFound
from dbaas.core.secrets import MASK, Secret

LOGIN = Published("app", {"username": Secret("app"), "password": Secret("hunter2"), "uri": Secret("x://app:hunter2@h")})


async def publish(session: Session, data: dict[str, str] | None) -> Published:
    """What is read from a Secret with this data (in base64); None: it is not there."""
    await put(session, DATABASE_USER, "app", {"instanceRef": {"name": "main"}})
    await put_status(session, DATABASE_USER, "app", "True", "Ready", secret={"name": "app-credentials"})
    if data is not None:
        metadata = {"name": "app-credentials", "namespace": "default"}
        await session.rest.create(SECRET, {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data})
    return await read_login(session, await find_user(session, "app"))


def test_what_holds_the_password_is_masked_unless_shown() -> None:
    assert [LOGIN.shown(key, show=False) for key in LOGIN.values] == ["app", MASK, MASK]
    assert [LOGIN.shown(key, show=True) for key in LOGIN.values] == ["app", "hunter2", "x://app:hunter2@h"]


def test_a_login_does_not_tell_its_password_when_it_is_printed() -> None:
    assert "hunter2" not in f"{LOGIN} {LOGIN!r}"


def test_an_absent_value_is_empty() -> None:
    assert LOGIN.plain("port") == ""


async def test_a_login_is_read_from_the_secret_that_the_user_names(session: Session) -> None:
    login = await publish(session, {"password": "aHVudGVyMg=="})
    assert (login.user, login.plain("password")) == ("app", "hunter2")


async def test_a_secret_that_is_not_there_is_told(session: Session) -> None:
    with pytest.raises(CommandError, match=r"^Secret 'app-credentials' of user 'app' is not there$"):
        await publish(session, None)


async def test_a_secret_that_is_no_text_is_told(session: Session) -> None:
    with pytest.raises(CommandError, match=r"^cannot read Secret 'app-credentials': "):
        await publish(session, {"password": "/w=="})


async def test_a_user_without_a_login_says_how_to_wait_for_it(session: Session) -> None:
    await put(session, DATABASE_USER, "app", {"instanceRef": {"name": "main"}})
    with pytest.raises(CommandError) as caught:
        await read_login(session, await session.rest.get(DATABASE_USER, Key("default", "app")))
    assert caught.value.message == "user 'app' has no published login yet: nothing has looked at it yet"
    assert caught.value.advice == ("wait for it: dbaas wait user/app -n default",)


async def test_a_user_is_looked_for_in_the_namespace_of_the_session(session: Session) -> None:
    await put(session, DATABASE_USER, "app", {"instanceRef": {"name": "main"}})
    session.namespace = "kube-public"
    with pytest.raises(NotFound, match="there is no DatabaseUser 'app' in namespace 'kube-public'"):
        await find_user(session, "app")
