"""`dbaas plan`: what `apply` would change, down to the exact statements; nothing is executed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dbaas.cli.formats import DataOption, Format, dump
from dbaas.cli.options import FileOptions, NamespaceOptions
from dbaas.cli.problems import show_remarks
from dbaas.cli.session import Session, run_on_target

if TYPE_CHECKING:
    from dbaas.cli.forecasting import Forecast


@dataclass(frozen=True, kw_only=True)
class PlanOptions(NamespaceOptions, FileOptions):
    """What to plan."""

    output: DataOption = Format.TABLE
    out: Annotated[
        str,
        typer.Option("--out", metavar="FILE", help="Keep it there, for: dbaas apply --plan FILE.", show_default=False),
    ] = ""


def run(options: PlanOptions) -> None:
    """Show what apply would change: objects and exact SQL.

    Nothing is executed. With --out it is kept, to be read and applied later as it is.
    """
    run_on_target(options, lambda session: plan(session, options), show_target=options.output.is_for_people)


async def plan(session: Session, options: PlanOptions) -> None:
    from dbaas.cli.forecasting import forecast
    from dbaas.cli.manifests import load_manifests
    from dbaas.cli.planned import build_facts, tell_plans

    manifests, problems = load_manifests(options.files or ())
    show_remarks(manifests, session.terminal)
    found = await forecast(session, manifests, problems)
    if options.output in (Format.JSON, Format.YAML):
        session.terminal.print(dump(build_facts(found.plans), options.output))
    else:
        for line in tell_plans(found.plans, session.terminal):
            session.terminal.print(line)
    if options.out:
        keep_plan(found, options)
        session.terminal.remark(f"kept in {options.out}; to do exactly this: dbaas apply --plan {options.out}")


def keep_plan(found: Forecast, options: PlanOptions) -> None:
    """Raises WrongUsage where there are secrets that could not be read again."""
    from dbaas.cli.exits import WrongUsage
    from dbaas.cli.manifests import STANDARD_INPUT
    from dbaas.cli.plan_files import keep, write_plan
    from dbaas.core.randomness import SystemRandomness, token

    sources = [str(Path(file).absolute()) for file in options.files or () if file != STANDARD_INPUT]
    kept = keep(found, token(SystemRandomness()), sources)
    if kept.withholds and STANDARD_INPUT in (options.files or ()):
        text = "passwords and values of Secrets are not kept in a plan, and standard input cannot be read again"
        raise WrongUsage(text, "write what has them to a file, and name it by -f")
    write_plan(Path(options.out), kept)
