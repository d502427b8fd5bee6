"""`dbaas convert`: manifests of other API groups as manifests of ours."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from typing import Annotated

import typer

from dbaas.cli.formats import Format, dump
from dbaas.cli.options import FileOptions
from dbaas.cli.terminal import Terminal, open_terminal

NAMESPACE = "default"


@dataclass(frozen=True, kw_only=True)
class ConvertOptions(FileOptions):
    """What to convert."""

    json: Annotated[bool, typer.Option("--json", help="One JSON List instead of YAML documents.")] = False


def run(options: ConvertOptions) -> None:
    """Turn manifests of other API groups into ours, for good.

    Others are printed as they are. Needs no server.
    """
    asyncio.run(convert(options, open_terminal(os.environ)))


async def convert(options: ConvertOptions, terminal: Terminal) -> None:
    from dbaas.cli.checking import check_manifests, open_rulebook
    from dbaas.cli.converting import convert_manifests
    from dbaas.cli.manifests import load_manifests
    from dbaas.cli.problems import refuse, show_remarks

    manifests, problems = load_manifests(options.files or ())
    show_remarks(manifests, terminal)
    rulebook = open_rulebook()
    problems += await check_manifests(manifests, rulebook, NAMESPACE)
    objects, refused = convert_manifests(manifests, rulebook, NAMESPACE) if not problems else ([], [])
    if problems or refused:
        raise refuse([*problems, *refused], len(manifests))
    if options.json:
        terminal.print(dump({"apiVersion": "v1", "kind": "List", "items": objects}, Format.JSON))
        return
    terminal.print("\n---\n".join(dump(body, Format.YAML) for body in objects))
