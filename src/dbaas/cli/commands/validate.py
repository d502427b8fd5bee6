"""`dbaas validate`: what is wrong with manifests, without a server."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from dbaas.cli.exits import WrongUsage
from dbaas.cli.options import FileOptions
from dbaas.cli.terminal import Terminal, open_terminal

if TYPE_CHECKING:
    from dbaas.cli.checking import Rulebook
    from dbaas.cli.manifests import Manifest
    from dbaas.contracts.provider import Site


NAMESPACE = "default"
SITES: tuple[Site, ...] = ("laptop", "kubernetes")


@dataclass(frozen=True, kw_only=True)
class ValidateOptions(FileOptions):
    """What to validate."""

    site: Annotated[
        str, typer.Option("--for", help="Where clusters are to run: laptop or kubernetes.", metavar="SITE")
    ] = "laptop"


def run(options: ValidateOptions) -> None:
    """Check manifests without a server.

    Their fields, bounds, and the rules of kinds and engines.
    """
    asyncio.run(validate(options, open_terminal(os.environ)))


async def validate(options: ValidateOptions, terminal: Terminal) -> None:
    from dbaas.cli.checking import check_manifests, open_rulebook
    from dbaas.cli.manifests import load_manifests
    from dbaas.cli.problems import refuse, show_remarks

    manifests, problems = load_manifests(options.files or ())
    show_remarks(manifests, terminal)
    rulebook = open_rulebook(_read_site(options.site))
    problems += await check_manifests(manifests, rulebook, NAMESPACE)
    if problems:
        raise refuse(problems, len(manifests))
    _report(manifests, rulebook, terminal)


def _read_site(text: str) -> Site:
    for site in SITES:
        if text == site:
            return site
    raise WrongUsage(f"--for is laptop or kubernetes, not {text!r}")


def _report(manifests: Sequence[Manifest], rulebook: Rulebook, terminal: Terminal) -> None:
    from dbaas.cli.checking import is_ours

    foreign = [manifest for manifest in manifests if not is_ours(manifest, rulebook)]
    for manifest in foreign:
        terminal.remark(f"warning: {manifest.place()}: {manifest.kind} is not a kind of ours: not checked")
    count = len(manifests) - len(foreign)
    terminal.print(f"{count} object{'s are' if count != 1 else ' is'} valid")
