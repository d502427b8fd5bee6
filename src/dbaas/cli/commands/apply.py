"""`dbaas apply`: makes what manifests say so, by server-side apply."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dbaas.cli.exits import CommandError, WrongUsage
from dbaas.cli.formats import Format, NameOption, full_name
from dbaas.cli.options import FileOptions, NamespaceOptions, TimeoutOptions
from dbaas.cli.session import Session, run_on_target
from dbaas.cli.terminal import shorten

if TYPE_CHECKING:
    from dbaas.cli.manifests import Manifest
    from dbaas.cli.plan_files import KeptPlan

SHOWN_DIFFERENCES = 10


@dataclass(frozen=True, kw_only=True)
class ApplyOptions(NamespaceOptions, FileOptions, TimeoutOptions):
    """What to apply and how."""

    wait: Annotated[bool, typer.Option("--wait", help="Wait until all of it is ready.")] = False
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Let the server check it, and change nothing.")] = False
    force_conflicts: Annotated[
        bool, typer.Option("--force-conflicts", help="Take over fields that somebody else has set.")
    ] = False
    plan: Annotated[
        str,
        typer.Option(
            "--plan", metavar="FILE", help="Apply a plan that was kept, if it still holds.", show_default=False
        ),
    ] = ""
    output: NameOption = Format.TABLE


def run(options: ApplyOptions) -> None:
    """Create or change objects from manifests.

    All of it is checked before any of it is sent. A plan (--plan) is applied only if it would be the same today.
    """
    if options.wait and options.dry_run:
        raise WrongUsage("nothing becomes ready by a dry run: leave out --wait or --dry-run")
    if options.plan and options.files:
        raise WrongUsage("a plan has its objects with it: leave out either --plan or -f")
    run_on_target(options, lambda session: apply(session, options))


async def apply(session: Session, options: ApplyOptions) -> None:
    from dbaas.cli.applying import locate, read_live, rehearse, send
    from dbaas.cli.checking import check_manifests, open_rulebook
    from dbaas.cli.following import Ref
    from dbaas.cli.manifests import load_manifests
    from dbaas.cli.problems import refuse, show_remarks
    from dbaas.cli.waiting import parse_timeout, wait_until_ready

    timeout = parse_timeout(options.timeout)
    kept = _read_plan(options.plan) if options.plan else None
    if kept is None:
        manifests, problems = load_manifests(options.files or ())
    else:
        found, problems = load_manifests(kept.sources) if kept.withholds else ([], [])
        manifests = kept.manifests(options.plan, found)
    show_remarks(manifests, session.terminal)
    targets, unknown = locate(manifests, await session.kinds(), session.namespace)
    located = [target.manifest for target in targets]
    problems += unknown + await check_manifests(
        located, open_rulebook(session.target.site), session.namespace, session.find
    )
    if not problems:
        targets = await read_live(session, targets)
        problems = await rehearse(session, targets, force=options.force_conflicts)
    if problems:
        raise refuse(problems, len(manifests))
    if kept is not None:
        await _check_plan(session, kept, manifests)
    applied = await send(session, targets, force=options.force_conflicts, dry_run=options.dry_run)
    for one in applied:
        name = full_name(one.target.served, one.target.key.name)
        text = name if options.output is Format.NAME else f"{name} {one.effect}"
        session.terminal.print(f"{text} (dry run)" if options.dry_run else text)
    session.terminal.out.flush()
    if options.wait:
        await wait_until_ready(session, [Ref(one.target.served, one.target.key) for one in applied], timeout)


def _read_plan(file: str) -> KeptPlan:
    from dbaas.cli.plan_files import read_plan

    return read_plan(Path(file))


async def _check_plan(session: Session, kept: KeptPlan, manifests: Sequence[Manifest]) -> None:
    """Raises CommandError where a plan made now would be another one."""
    from dbaas.cli.forecasting import forecast
    from dbaas.cli.plan_files import compare_plans, keep

    now = keep(await forecast(session, manifests), kept.salt, kept.sources)
    if now.digest != kept.digest:
        differences = list(compare_plans(kept, now))
        text = "the world has moved since this was planned; nothing was applied"
        raise CommandError(text, *shorten(differences, SHOWN_DIFFERENCES), "plan anew and read it")
