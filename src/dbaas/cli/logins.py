"""Published logins: which Secret holds them, and what is in it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dbaas.api.resource import Key, Kind, Resource
from dbaas.cli.exits import CommandError
from dbaas.cli.kinds import KindIndex
from dbaas.cli.selection import fetch_one
from dbaas.cli.session import Session
from dbaas.cli.states import read_state
from dbaas.contracts.client import NotFound
from dbaas.contracts.rest import Selection
from dbaas.core.secrets import Secret

SECRET = Kind("", "v1", "Secret", "secrets")
HIDDEN = ("password", "uri", "jdbcUri")


@dataclass(frozen=True)
class Published:
    """One login as it is published. Values that hold the password are in `Secret`s."""

    user: str
    values: Mapping[str, Secret]

    def plain(self, key: str) -> str:
        """Empty where it is not there."""
        value = self.values.get(key)
        return value.reveal() if value else ""

    def shown(self, key: str, *, show: bool) -> str:
        return self.plain(key) if show or key not in HIDDEN else str(self.values[key])


async def read_login(session: Session, user: Resource) -> Published:
    """Raises CommandError where nothing is published yet, with why."""
    served = (await session.kinds()).one("databaseusers.dbaas.io")
    name = (user.status.get("secret") or {}).get("name")
    if not name:
        why = read_state(user, served).text
        raise CommandError(
            f"user {user.metadata.name!r} has no published login yet" + (f": {why}" if why else ""),
            f"wait for it: dbaas wait user/{user.metadata.name} -n {user.metadata.namespace}",
        )
    try:
        secret = await session.rest.get(SECRET, Key(user.metadata.namespace, name))
    except NotFound as error:
        raise CommandError(f"Secret {name!r} of user {user.metadata.name!r} is not there") from error
    return Published(user.metadata.name, _decode(secret))


async def find_user(session: Session, name: str) -> Resource:
    index: KindIndex = await session.kinds()
    return await fetch_one(session.rest, index.one("databaseusers.dbaas.io"), Key(session.namespace, name))


async def choose_user(session: Session, database: Resource) -> Resource:
    """The user that an application would be: points to the database and does not own it. Raises CommandError."""
    index = await session.kinds()
    users = await session.rest.list(index.one("databaseusers.dbaas.io").kind, Selection(database.metadata.namespace))
    pointing = [user for user in users if (user.spec.get("databaseRef") or {}).get("name") == database.metadata.name]
    owner = database.spec.get("owner")
    applications = [user for user in pointing if (user.spec.get("username") or user.metadata.name) != owner]
    if len(applications) == 1 or (not applications and len(pointing) == 1):
        return (applications or pointing)[0]
    raise CommandError(*_explain_choice(database, applications or pointing))


def _explain_choice(database: Resource, users: Sequence[Resource]) -> tuple[str, str]:
    name = database.metadata.name
    if users:
        names = ", ".join(user.metadata.name for user in users)
        return f"several users point to database {name!r}", f"choose one: --user NAME, of {names}"
    return (
        f"no DatabaseUser points to database {name!r}",
        f"give one databaseRef: {{name: {name}}}, or choose any: --user NAME",
    )


def _decode(secret: Resource) -> dict[str, Secret]:
    try:
        data = secret.body().get("data") or {}
        return {key: Secret(base64.b64decode(value, validate=True).decode()) for key, value in data.items()}
    except (binascii.Error, UnicodeDecodeError) as error:
        raise CommandError(f"cannot read Secret {secret.metadata.name!r}: {error}") from error
