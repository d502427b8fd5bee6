"""`dbaas access`: who can do what, through which path, and which manifest says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from dbaas.cli.exits import WrongUsage
from dbaas.cli.formats import DataOption, Format, dump
from dbaas.cli.options import NamespaceOptions
from dbaas.cli.session import Session, run_on_target

if TYPE_CHECKING:
    from dbaas.controllers.managed.reviewing import Asked

LONGEST = {"table": 3, "schema": 2, "database": 1}
FORMS = (
    "dbaas access DATABASE.SCHEMA.TABLE, or SCHEMA.TABLE --database DATABASE",
    "dbaas access schema DATABASE.SCHEMA",
    "dbaas access database DATABASE",
    "dbaas access --user USER",
)


@dataclass(frozen=True, kw_only=True)
class AccessOptions(NamespaceOptions):
    """What is asked about."""

    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[TABLE | schema SCHEMA | database DATABASE]", show_default=False),
    ] = None
    user: Annotated[str, typer.Option(help="What this DatabaseUser or DatabaseRole may do.", show_default=False)] = ""
    database: Annotated[str, typer.Option(help="Database that it is in.", show_default=False)] = ""
    instance: Annotated[
        str,
        typer.Option(
            "--instance", "-i", help="Server; then all names are those inside the server.", show_default=False
        ),
    ] = ""
    output: DataOption = Format.TABLE


def run(options: AccessOptions) -> None:
    """Show who can do what, through which path, and which manifest says so.

    Names with dots or blanks are written in double quotes, as in SQL. Without --instance, a database is a Database
    and a user a DatabaseUser, DatabaseRole or ClusterDatabaseRole. Nothing is changed.
    """
    read_question(options, "")  # before anything is looked for
    run_on_target(options, lambda session: access(session, options), show_target=options.output.is_for_people)


async def access(session: Session, options: AccessOptions) -> None:
    from dbaas.app.reading import review_access
    from dbaas.cli.reviewed import build_access, tell_access

    found = await review_access(
        session.transport, read_question(options, session.namespace), on_laptop=session.target.is_laptop
    )
    if options.output in (Format.JSON, Format.YAML):
        session.terminal.print(dump(build_access(found), options.output))
        return
    for line in tell_access(found, session.terminal):
        session.terminal.print(line)


def read_question(options: AccessOptions, namespace: str) -> Asked:
    """Raises WrongUsage where it is not one of `FORMS`."""
    from dbaas.controllers.managed.reviewing import Asked

    words = options.words or []
    if bool(words) == bool(options.user) or len(words) > 2:
        raise WrongUsage("say what to look at", *FORMS)
    if options.user:
        return Asked("role", namespace, options.user, database=options.database, instance=options.instance)
    about, text = words if len(words) == 2 else ("table", words[0])
    if about not in LONGEST:
        raise WrongUsage(f"{about!r} is not table, schema or database", *FORMS)
    parts = split_name(text)
    if options.database and about != "database":
        parts = [options.database, *parts]
    if len(parts) != LONGEST[about]:
        raise WrongUsage(f"{text!r} does not name one {about} of one database", *FORMS)
    database, *inner = parts
    name = parts[-1]
    return Asked(
        "table" if about == "table" else "schema" if about == "schema" else "database",
        namespace, name, inner[0] if about == "table" else "", database, options.instance,
    )  # fmt: skip


def split_name(text: str) -> list[str]:
    """The parts of a name with dots; what is in double quotes is one part, as it is. Raises WrongUsage."""
    parts: list[str] = []
    rest = text
    while rest or not parts:
        if rest.startswith('"'):
            part, rest = _read_quoted(rest, text)
        else:
            part, dot, after = rest.partition(".")
            rest = dot + after
        if not part or (rest and (not rest.startswith(".") or rest == ".")):
            raise WrongUsage(f"{text!r} is not a name")
        parts.append(part)
        rest = rest[1:]
    return parts


def _read_quoted(rest: str, text: str) -> tuple[str, str]:
    part, at = "", 1
    while at < len(rest):
        if rest[at] != '"':
            part += rest[at]
        elif rest[at + 1 : at + 2] == '"':
            part, at = part + '"', at + 1
        else:
            return part, rest[at + 1 :]
        at += 1
    raise WrongUsage(f"a double quote is not closed in {text!r}")
