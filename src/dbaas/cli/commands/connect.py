"""`dbaas connect`: the engine's own client, logged in with a published login."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from dbaas.api.resource import Key, Resource
from dbaas.cli.exits import CommandError
from dbaas.cli.logins import Published, choose_user, find_user, read_login
from dbaas.cli.options import NamespaceOptions
from dbaas.cli.selection import fetch_one
from dbaas.cli.session import Session, run_on_target

if TYPE_CHECKING:
    from dbaas.contracts.engine import ClientCommand


@dataclass(frozen=True, kw_only=True)
class ConnectOptions(NamespaceOptions):
    """Where to, and as whom."""

    database: Annotated[str, typer.Argument(metavar="DATABASE", help="Name of the Database.")]
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="[-- ARGUMENT…]", help="For the client program.", show_default=False)
    ] = None
    user: Annotated[str, typer.Option(help="DatabaseUser to log in as.", show_default=False)] = ""


def run(options: ConnectOptions) -> None:
    """Open a database in its own client.

    The login is that of the application: the user that points to the database and does not own it.
    """
    found: list[ClientCommand] = []

    async def prepare(session: Session) -> None:
        found.append(await build_command(session, options))

    run_on_target(options, prepare)
    command = found[0]
    sys.stdout.flush()
    try:
        os.execvpe(command.argv[0], [*command.argv, *(options.arguments or ())], {**os.environ, **command.env})
    except OSError as error:
        raise CommandError(f"cannot start {command.argv[0]}: {error.strerror}") from error


async def build_command(session: Session, options: ConnectOptions) -> ClientCommand:
    """Raises CommandError where there is no login, or no client for the engine."""
    from dbaas.contracts.engine import Address, ClientLogin
    from dbaas.contracts.registry import find_registry

    database = await _find_database(session, options)
    user = await (find_user(session, options.user) if options.user else choose_user(session, database))
    login = await read_login(session, user)
    engine = find_registry().engine(login.plain("type"))
    if engine is None or engine.client is None:
        raise CommandError(f"there is no client here for engine {login.plain('type')!r}")
    name = str((database.status.get("database") or {}).get("name") or database.spec.get("name") or options.database)
    session.terminal.remark(f"database {name!r} as {login.plain('username')!r}")
    address = Address(login.plain("host"), _port(login), login.plain("username"), login.values["password"], name)
    return engine.client(ClientLogin(address, name))


async def _find_database(session: Session, options: ConnectOptions) -> Resource:
    served = (await session.kinds()).one("databases.dbaas.io")
    return await fetch_one(session.rest, served, Key(session.namespace, options.database))


def _port(login: Published) -> int:
    try:
        return int(login.plain("port"))
    except ValueError as error:
        raise CommandError(f"the login of {login.user!r} has no port yet") from error
