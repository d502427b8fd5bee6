"""Logins are shown masked unless they are asked for."""

from __future__ import annotations

import pytest

from cli.conftest import Printed, put, put_status
from dbaas.api.core import SECRET
from dbaas.api.user import DATABASE_USER
from dbaas.cli.commands.credentials import CredentialsOptions, LoginFormat, show
from dbaas.cli.exits import CommandError
from dbaas.cli.session import Session
from dbaas.contracts.client import NotFound

LOGIN = {"username": "app", "password": "hunter2", "host": "127.0.0.1", "uri": "x://app:hunter2@127.0.0.1", "type": "x"}


@pytest.fixture
async def published(session: Session) -> Session:
    await put(session, DATABASE_USER, "app", {"instanceRef": {"name": "main"}})
    await put_status(session, DATABASE_USER, "app", "True", "Ready", secret={"name": "app-credentials"})
    metadata = {"name": "app-credentials", "namespace": "default"}
    await session.rest.create(SECRET, {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": LOGIN})
    return session


async def test_passwords_are_masked(published: Session, printed: Printed) -> None:
    await show(published, CredentialsOptions(user="app"))
    assert "username   app" in printed()
    assert "password   ********" in printed()
    assert "hunter2" not in printed()


async def test_passwords_are_shown_when_asked_for(published: Session, printed: Printed) -> None:
    await show(published, CredentialsOptions(user="app", show=True, output=LoginFormat.URI))
    assert printed() == "x://app:hunter2@127.0.0.1\n"


async def test_an_environment_can_be_read_by_a_shell(published: Session, printed: Printed) -> None:
    await show(published, CredentialsOptions(user="app", show=True, output=LoginFormat.ENV))
    assert "DATABASE_URL=x://app:hunter2@127.0.0.1" in printed().splitlines()
    assert "DATABASE_PASSWORD=hunter2" in printed().splitlines()


async def test_a_user_without_a_login_says_why(session: Session) -> None:
    await put(session, DATABASE_USER, "app", {"instanceRef": {"name": "main"}})
    await put_status(session, DATABASE_USER, "app", "False", "InstanceNotReady")
    with pytest.raises(CommandError, match="no published login yet: because of InstanceNotReady"):
        await show(session, CredentialsOptions(user="app"))


async def test_an_unknown_user_is_told(session: Session) -> None:
    with pytest.raises(NotFound, match="there is no DatabaseUser 'app' in namespace 'default'"):
        await show(session, CredentialsOptions(user="app"))
