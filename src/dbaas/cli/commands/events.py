"""`dbaas events`: what happened, newest last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from dbaas.api.resource import Kind
from dbaas.cli.happenings import COLUMNS, EVENT, Happening, is_about, read_happening, read_happenings
from dbaas.cli.options import NamespaceOptions
from dbaas.cli.selection import Choice, Scope, choose
from dbaas.cli.session import Session, run_on_target
from dbaas.cli.terminal import format_table
from dbaas.contracts.rest import Selection

WATCH_SECONDS = 300.0


@dataclass(frozen=True, kw_only=True)
class EventsOptions(NamespaceOptions):
    """Which events."""

    about: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KIND NAME | KIND/NAME]", help="Of one object only.", show_default=False),
    ] = None
    all_namespaces: Annotated[bool, typer.Option("--all-namespaces", "-A", help="In all namespaces.")] = False
    warnings: Annotated[bool, typer.Option("--warnings", help="Warnings only.")] = False
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Go on printing what happens.")] = False


def run(options: EventsOptions) -> None:
    """Show what happened, newest last."""
    run_on_target(options, lambda session: show_events(session, options))


async def show_events(session: Session, options: EventsOptions) -> None:
    namespace = "" if options.all_namespaces else session.namespace
    choice = choose(options.about, await session.kinds(), Scope(namespace))[0] if options.about else None
    kind = choice.served.kind if choice is not None else None
    selection = _select(namespace, options, choice)
    page = await session.rest.list_page(EVENT, selection, limit=0)
    found = read_happenings(event for event in page.items if kind is None or is_about(event, kind))
    rows = [_cells(session, options, happening) for happening in found]
    columns = ("Namespace", *COLUMNS) if options.all_namespaces else COLUMNS
    for line in format_table(columns, rows, session.terminal) if rows else ():
        session.terminal.print(line)
    if not rows:
        session.terminal.remark("nothing has happened")
    session.terminal.out.flush()
    version = page.version
    while options.watch:
        version = await _follow(session, options, selection, version, kind)


def _select(namespace: str, options: EventsOptions, choice: Choice | None) -> Selection:
    fields = ["type=Warning"] if options.warnings else []
    if choice is not None:
        fields.append(f"involvedObject.kind={choice.served.kind.kind}")
        if choice.names:
            fields.append(f"involvedObject.name={choice.names[0]}")
    return Selection(namespace, fields=",".join(fields))


async def _follow(
    session: Session, options: EventsOptions, selection: Selection, version: str, kind: Kind | None
) -> str:
    async for event in session.rest.watch(EVENT, selection, version=version, timeout_seconds=WATCH_SECONDS):
        version = event.version
        if event.resource is None or (kind is not None and not is_about(event.resource, kind)):
            continue
        if event.change in ("ADDED", "MODIFIED"):
            cells = _cells(session, options, read_happening(event.resource.body()))
            session.terminal.print("   ".join(cells))
            session.terminal.out.flush()
    return version


def _cells(session: Session, options: EventsOptions, happening: Happening) -> list[str]:
    cells = happening.cells(session.clock)
    return [happening.namespace, *cells] if options.all_namespaces else cells
