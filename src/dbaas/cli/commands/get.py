"""`dbaas get`: objects as tables for people or as text for machines."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from dbaas.cli.exits import ExitCode, Finished, WrongUsage
from dbaas.cli.formats import Format, FormatOption, dump_objects, full_name
from dbaas.cli.options import NamespaceOptions
from dbaas.cli.selection import Choice, Scope, choose, explain_absence, fetch
from dbaas.cli.session import Session, run_on_target
from dbaas.cli.tables import Layout, Table, read_table, watch_rows
from dbaas.cli.terminal import format_table
from dbaas.contracts.client import NotFound
from dbaas.contracts.rest import Selection


@dataclass(frozen=True, kw_only=True)
class GetOptions(NamespaceOptions):
    """What to get and how to print it."""

    what: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[KINDS [NAME…] | KIND/NAME…]",
            help="databases, db,users, database shop, db/shop.",
            show_default=False,
        ),
    ] = None
    output: FormatOption = Format.TABLE
    all_namespaces: Annotated[bool, typer.Option("--all-namespaces", "-A", help="In all namespaces.")] = False
    selector: Annotated[
        str, typer.Option("--selector", "-l", help="Only with these labels: a=b,c!=d.", show_default=False)
    ] = ""
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Go on printing what changes.")] = False


def run(options: GetOptions) -> None:
    """Show objects.

    Kinds are named by plural, singular or short name, several as a comma list; without any, all of ours are shown.
    """
    if options.watch and not options.output.is_for_people:
        raise WrongUsage(f"--watch prints tables: it cannot go with -o {options.output}")
    run_on_target(options, lambda session: get(session, options), show_target=options.output.is_for_people)


async def get(session: Session, options: GetOptions) -> None:
    scope = Scope("" if options.all_namespaces else session.namespace, options.selector)
    choices = choose(options.what or (), await session.kinds(), scope)
    if options.watch and any(len(choice.names) > 1 for choice in choices):
        raise WrongUsage("--watch follows one object, or all of a kind: name them as KIND/NAME to follow several")
    if options.output.is_for_people:
        missing = await _print_tables(session, options, choices)
    else:
        missing = await _print_objects(session, options, choices)
    for text in missing:
        session.terminal.remark(f"error: {text}")
    if missing:
        raise Finished(ExitCode.FAILED)


async def _print_objects(session: Session, options: GetOptions, choices: Sequence[Choice]) -> list[str]:
    answers = await asyncio.gather(*(fetch(session.rest, choice) for choice in choices))
    missing = [text for _, texts in answers for text in texts]
    found = [
        (choice, resource) for choice, (resources, _) in zip(choices, answers, strict=True) for resource in resources
    ]
    if options.output is Format.NAME:
        for choice, resource in found:
            session.terminal.print(full_name(choice.served, resource.metadata.name))
    elif found or not missing:
        as_list = not (len(choices) == 1 and len(choices[0].names) == 1)
        session.terminal.print(dump_objects([r for _, r in found], options.output, as_list=as_list))
    return missing


async def _print_tables(session: Session, options: GetOptions, choices: Sequence[Choice]) -> list[str]:
    answers = await asyncio.gather(*(_tables(session, choice) for choice in choices))
    filled = [(choice, tables) for choice, (tables, _) in zip(choices, answers, strict=True) if _count(tables)]
    missing = [text for _, texts in answers for text in texts]
    several = len(choices if options.watch else filled) > 1
    layouts = [_layout(options, choice, several=several) for choice, _ in filled]
    for number, ((_, tables), layout) in enumerate(zip(filled, layouts, strict=True)):
        if number:
            session.terminal.print()
        rows = [layout.cells(table, row) for table in tables for row in table.rows]
        for line in format_table(layout.columns(tables[0]), rows, session.terminal):
            session.terminal.print(line)
    if not filled and not missing:
        session.terminal.remark(_describe_nothing(options, session, choices))
    if options.watch:
        session.terminal.out.flush()
        everything = zip(choices, answers, strict=True)
        follows = [(_layout(options, c, several=several), c, tables[0]) for c, (tables, _) in everything if tables]
        await asyncio.gather(*(_follow(session, *follow) for follow in follows))
    return missing


async def _tables(session: Session, choice: Choice) -> tuple[list[Table], list[str]]:
    rest, kind = session.rest, choice.served.kind
    if not choice.names:
        return [read_table(await rest.table(kind, choice.selection))], []
    tables, missing = [], []
    for name in choice.names:
        try:
            tables.append(read_table(await rest.table(kind, choice.selection, name)))
        except NotFound:
            missing.append(await explain_absence(rest, choice.served, choice.key(name)))
    return tables, missing


async def _follow(session: Session, layout: Layout, choice: Choice, table: Table) -> None:
    """Rows are as wide as those of the table that was printed; where it had none, its columns are named first."""
    fields = f"metadata.name={choice.names[0]}" if choice.names else ""
    selection = Selection(choice.selection.namespace, choice.selection.labels, fields)
    rows = [layout.cells(table, row) for row in table.rows]
    is_named = bool(rows)
    async for change, row in watch_rows(session, choice.served, selection, table):
        header, *_, line = format_table(layout.columns(table), [*rows, layout.cells(table, row)], session.terminal)
        for text in (line,) if is_named else (header, line):
            session.terminal.print(f"{text}   deleted" if change == "DELETED" and text is line else text)
        is_named = True
        session.terminal.out.flush()


def _layout(options: GetOptions, choice: Choice, *, several: bool) -> Layout:
    return Layout(
        wide=options.output is Format.WIDE,
        namespaces=options.all_namespaces and choice.served.kind.namespaced,
        label=choice.served.label if several else "",
    )


def _count(tables: Sequence[Table]) -> int:
    return sum(len(table.rows) for table in tables)


def _describe_nothing(options: GetOptions, session: Session, choices: Sequence[Choice]) -> str:
    what = ", ".join(choice.served.kind.plural for choice in choices)
    if options.all_namespaces or not any(choice.served.kind.namespaced for choice in choices):
        return f"there are no {what}"
    return f"there are no {what} in namespace {session.namespace!r}"
