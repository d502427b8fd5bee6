"""`dbaas connect`: the engine's own client, logged in with a published login."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from dbaas.api.resource import Key, Resource
from dbaas.cli.exits import CommandError
from dbaas.cli.logins import Published, choose_user, find_user, read_login
from dbaas.cli.options import NamespaceOptions
from dbaas.cli.selection import fetch_one
from dbaas.cli.session import Session, run_on_target
from dbaas.cli.targets import find_home
from dbaas.core.home import Home

if TYPE_CHECKING:
    from dbaas.contracts.engine import Address, ClientCommand


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
    files = write_files(find_home(options), command.files)
    sys.stdout.flush()
    try:
        os.execvpe(command.argv[0], [*command.argv, *(options.arguments or ())], {**os.environ, **command.env, **files})
    except OSError as error:
        raise CommandError(f"cannot start {command.argv[0]}: {error.strerror}") from error


def write_files(home: Home, files: Mapping[str, str]) -> Mapping[str, str]:
    """Their paths, by the same names. They stay, because this program is gone when they are read.

    One text is one file for ever, however often it is asked for. Raises HomeNotUsable.
    """
    return {name: str(home.keep_certificate(text)) for name, text in files.items()}


async def build_command(session: Session, options: ConnectOptions) -> ClientCommand:
    """Raises CommandError where there is no login, or no client for the engine."""
    from dbaas.contracts.engine import ClientLogin
    from dbaas.contracts.registry import find_registry

    database = await _find_database(session, options)
    user = await (find_user(session, options.user) if options.user else choose_user(session, database))
    login = await read_login(session, user)
    if not login.plain("type") or not login.plain("host") or "password" not in login.values:
        raise CommandError(
            f"the Secret of {login.user!r} has a shape of its own, which does not say where its server is",
            "choose a user whose Secret has no template: --user NAME",
        )
    engine = find_registry().engine(login.plain("type"))
    if engine is None or engine.client is None:
        raise CommandError(f"there is no client here for engine {login.plain('type')!r}")
    name = str((database.status.get("database") or {}).get("name") or database.spec.get("name") or options.database)
    session.terminal.remark(f"database {name!r} as {login.plain('username')!r}")
    return engine.client(ClientLogin(await _find_address(session, login, name), name))


async def _find_database(session: Session, options: ConnectOptions) -> Resource:
    served = (await session.kinds()).one("databases.dbaas.io")
    return await fetch_one(session.rest, served, Key(session.namespace, options.database))


async def _find_address(session: Session, login: Published, database: str) -> Address:
    """With the encryption that was published. On a laptop no DNS knows the names of Services, so they are looked up."""
    from dbaas.contracts.engine import Address, Tls
    from dbaas.contracts.reconcile import Waiting
    from dbaas.controllers.cluster_names import ClusterNames

    host, port = login.plain("host"), _port(login)
    try:
        via = await ClusterNames(session.find).resolve(host, port) if session.target.is_laptop else None
    except Waiting as waiting:
        raise CommandError(f"cannot find the server of {login.user!r}: {waiting.message}") from waiting
    tls = Tls(login.plain("sslmode"), login.plain("ca.crt"))
    return Address(host, port, login.plain("username"), login.values["password"], database, tls=tls, via=via)


def _port(login: Published) -> int:
    try:
        return int(login.plain("port"))
    except ValueError as error:
        raise CommandError(f"the login of {login.user!r} has no port yet") from error
