"""`dbaas describe`: everything about an object that people want to know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from dbaas.api.resource import Resource
from dbaas.cli.exits import ExitCode, Finished
from dbaas.cli.happenings import EVENT, Happening, is_about, read_happenings
from dbaas.cli.options import NamespaceOptions
from dbaas.cli.selection import Scope, choose, fetch
from dbaas.cli.session import Session, run_on_target
from dbaas.contracts.rest import Selection


@dataclass(frozen=True, kw_only=True)
class DescribeOptions(NamespaceOptions):
    """What to describe."""

    what: Annotated[list[str], typer.Argument(metavar="KINDS [NAME…] | KIND/NAME…", help="Which objects.")]
    selector: Annotated[str, typer.Option("--selector", "-l", help="Only with these labels.", show_default=False)] = ""


def run(options: DescribeOptions) -> None:
    """Tell all about objects.

    What they should be, how they are, what differs, what happened.
    """
    run_on_target(options, lambda session: show(session, options))


async def show(session: Session, options: DescribeOptions) -> None:
    from dbaas.cli.describing import describe, join

    choices = choose(options.what, await session.kinds(), Scope(session.namespace, options.selector))
    parts: list[list[str]] = []
    missing: list[str] = []
    for choice in choices:
        found, absent = await fetch(session.rest, choice)
        missing += absent
        parts += [describe(r, await _happenings(session, r), session.terminal, session.clock) for r in found]
    for line in join(parts):
        session.terminal.print(line)
    for text in missing or ([] if parts else ["nothing matches"]):
        session.terminal.remark(f"error: {text}")
    if missing or not parts:
        raise Finished(ExitCode.FAILED)


async def _happenings(session: Session, resource: Resource) -> list[Happening]:
    fields = f"involvedObject.kind={resource.kind.kind},involvedObject.name={resource.metadata.name}"
    namespace = resource.metadata.namespace or "default"
    events = await session.rest.list(EVENT, Selection(namespace, fields=fields))
    return read_happenings(event for event in events if is_about(event, resource.kind))
