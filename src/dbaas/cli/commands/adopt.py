"""`dbaas adopt`: manifests for what is on a server already, which leave it as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, cast

import typer

from dbaas.cli.exits import CommandError, WrongUsage
from dbaas.cli.formats import DataOption, Format, dump
from dbaas.cli.options import NamespaceOptions
from dbaas.cli.session import Session, run_on_target
from dbaas.cli.terminal import format_table

if TYPE_CHECKING:
    from dbaas.cli.manifests import Manifest, Problem
    from dbaas.controllers.managed.adopting import Field, Found, Sought

FIELDS = ("databases", "users", "roles")
NOBODY = "nobody"


@dataclass(frozen=True, kw_only=True)
class AdoptOptions(NamespaceOptions):
    """What is adopted, and from where."""

    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[databases|users|roles [NAME]...]", show_default=False),
    ] = None
    instance: Annotated[str, typer.Option("--instance", "-i", help="Server.", show_default=False)] = ""
    everything: Annotated[bool, typer.Option("--all", help="All that no object stands for.", show_default=False)] = (
        False
    )
    with_privileges: Annotated[
        bool, typer.Option("--with-privileges", help="State as well what users and roles may do.", show_default=False)
    ] = False
    apply: Annotated[bool, typer.Option("--apply", help="Apply the manifests.", show_default=False)] = False
    output: DataOption = Format.TABLE


def run(options: AdoptOptions) -> None:
    """Show what is on a server, and write manifests that leave it as it is.

    Without names and --all, what there is is listed with the object that stands for it. With them, manifests are
    printed (or applied): they state everything as it is, and keep the real thing when they are deleted.
    """
    read_request(options, "")  # before anything is looked for
    run_on_target(options, lambda session: adopt(session, options), show_target=options.output.is_for_people)


async def adopt(session: Session, options: AdoptOptions) -> None:
    from dbaas.app.reading import find_unmanaged

    sought = read_request(options, session.namespace)
    found = await find_unmanaged(session.transport, sought, on_laptop=session.target.is_laptop)
    if not (sought.names or sought.everything):
        _list(session, found, options.output)
        return
    manifests = await _check(session, sought, found)
    for each in found:
        for what in each.left_out if each.body is not None else ():
            session.terminal.remark(f"note: the manifest of {each.name!r} does not say {what}")
    if options.apply:
        await _apply(session, manifests)
    elif manifests:
        _print(session, manifests, options.output)
    else:
        session.terminal.remark("nothing is left to adopt")


def read_request(options: AdoptOptions, namespace: str) -> Sought:
    """Raises WrongUsage."""
    from dbaas.controllers.managed.adopting import Sought

    first, *names = options.words or [""]
    if not options.instance:
        raise WrongUsage("say from which server: --instance NAME")
    if first and first not in FIELDS:
        raise WrongUsage(f"{first!r} is not databases, users or roles")
    if names and options.everything:
        raise WrongUsage("give either names or --all")
    if options.apply and not (names or options.everything):
        raise WrongUsage("say what to apply: names or --all")
    fields = cast("tuple[Field, ...]", (first,) if first else FIELDS)
    return Sought(namespace, options.instance, fields, tuple(names), options.everything, options.with_privileges)


def _list(session: Session, found: Sequence[Found], form: Format) -> None:
    if form in (Format.JSON, Format.YAML):
        facts = [{"type": each.field, "name": each.name, "managedBy": each.managed_by} for each in found]
        session.terminal.print(dump(facts, form))
        return
    rows = [[each.field.removesuffix("s"), each.name, each.managed_by or NOBODY] for each in found]
    for line in format_table(["Type", "Name", "Managed by"], rows, session.terminal):
        session.terminal.print(line)


async def _check(session: Session, sought: Sought, found: Sequence[Found]) -> list[Manifest]:
    """Without what our rules would refuse, which is remarked. Raises CommandError where it was asked for by name."""
    from dbaas.cli.checking import check_manifests, open_rulebook
    from dbaas.cli.manifests import Manifest

    manifests = [Manifest(dict(each.body), each.name, 0) for each in found if each.body is not None]
    problems = await check_manifests(manifests, open_rulebook(session.target.site), session.namespace, session.find)
    refused = {problem.about for problem in problems}
    told = [_tell(problem) for problem in problems]
    if told and sought.names:
        raise CommandError("not all of it can be managed; nothing was changed", *told)
    for line in told:
        session.terminal.remark(f"left out: {line}")
    return [each for each in manifests if f"{each.kind} {each.name}" not in refused]


def _tell(problem: Problem) -> str:
    """The place of one is the real name that it is about."""
    return f"{problem.place.rpartition(':')[0]!r}: {problem.field}: {problem.message}"


def _print(session: Session, manifests: Sequence[Manifest], form: Format) -> None:
    """As YAML that can be applied, unless JSON is asked for."""
    bodies = [manifest.body for manifest in manifests]
    if form is Format.JSON:
        session.terminal.print(dump({"apiVersion": "v1", "kind": "List", "items": bodies}, form))
        return
    session.terminal.print("\n---\n".join(dump(body, Format.YAML) for body in bodies))


async def _apply(session: Session, manifests: Sequence[Manifest]) -> None:
    from dbaas.cli.applying import locate, send
    from dbaas.cli.formats import full_name
    from dbaas.cli.problems import refuse

    targets, problems = locate(manifests, await session.kinds(), session.namespace)
    if problems:
        raise refuse(problems, len(manifests))
    for one in await send(session, targets, force=False, dry_run=False):
        session.terminal.print(f"{full_name(one.target.served, one.target.key.name)} {one.effect}")
