"""`dbaas credentials`: a published login, masked unless it is asked for."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import typer

from dbaas.cli.logins import Published, find_user, read_login
from dbaas.cli.options import NamespaceOptions
from dbaas.cli.session import Session, run_on_target


class LoginFormat(StrEnum):
    """How to print it."""

    TABLE = "table"
    ENV = "env"
    JSON = "json"
    URI = "uri"


@dataclass(frozen=True, kw_only=True)
class CredentialsOptions(NamespaceOptions):
    """Whose login."""

    user: Annotated[str, typer.Argument(metavar="USER", help="Name of the DatabaseUser.")]
    show: Annotated[bool, typer.Option("--show", help="Show passwords instead of ********.")] = False
    output: Annotated[LoginFormat, typer.Option("--output", "-o", help="How to print.")] = LoginFormat.TABLE


def run(options: CredentialsOptions) -> None:
    """Show the login of a user as its Secret has it.

    Into the environment of a shell: eval "$(dbaas credentials USER -o env --show)"
    """
    for_people = options.output is LoginFormat.TABLE
    run_on_target(options, lambda session: show(session, options), show_target=for_people)


async def show(session: Session, options: CredentialsOptions) -> None:
    login = await read_login(session, await find_user(session, options.user))
    for line in format_login(login, options.output, show=options.show):
        session.terminal.print(line)


def format_login(login: Published, form: LoginFormat, *, show: bool) -> list[str]:
    shown = {key: login.shown(key, show=show) for key in sorted(login.values)}
    if form is LoginFormat.JSON:
        return [json.dumps(shown, indent=2, ensure_ascii=False)]
    if form is LoginFormat.URI:
        return [shown.get("uri", "")]
    if form is LoginFormat.ENV:
        names = {"uri": "URL", "jdbcUri": "JDBC_URL", "database": "NAME"}
        return [f"DATABASE_{names.get(key, key.upper())}={shlex.quote(value)}" for key, value in shown.items()]
    width = max((len(key) for key in shown), default=0)
    return [f"{key.ljust(width)}   {value}" for key, value in shown.items()]
