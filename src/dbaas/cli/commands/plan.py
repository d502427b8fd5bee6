"""`dbaas plan`: what `apply` would change, down to the exact statements; nothing is executed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dbaas.api.resource import Kind
from dbaas.cli.applying import foresee, locate
from dbaas.cli.formats import DataOption, Format, dump
from dbaas.cli.options import FileOptions, NamespaceOptions
from dbaas.cli.problems import refuse, show_remarks
from dbaas.cli.session import Session, run_on_target


@dataclass(frozen=True, kw_only=True)
class PlanOptions(NamespaceOptions, FileOptions):
    """What to plan."""

    output: DataOption = Format.TABLE


def run(options: PlanOptions) -> None:
    """Show what apply would change: objects and exact SQL.

    Nothing is executed.
    """
    run_on_target(options, lambda session: plan(session, options), show_target=options.output.is_for_people)


async def plan(session: Session, options: PlanOptions) -> None:
    from dbaas.app import plan_changes
    from dbaas.cli.planned import build_facts, tell_plans

    plans = await plan_changes(session.transport, await _foresee(session, options))
    if options.output in (Format.JSON, Format.YAML):
        session.terminal.print(dump(build_facts(plans), options.output))
        return
    for line in tell_plans(plans, session.terminal):
        session.terminal.print(line)


async def _foresee(session: Session, options: PlanOptions) -> Sequence[tuple[Kind, Mapping[str, Any]]]:
    """Raises CommandError with all that is wrong."""
    from dbaas.cli.checking import check_manifests, open_rulebook
    from dbaas.cli.manifests import load_manifests

    manifests, problems = load_manifests(options.files or ())
    show_remarks(manifests, session.terminal)
    targets, unknown = locate(manifests, await session.kinds(), session.namespace)
    located = [target.manifest for target in targets]
    problems += unknown + await check_manifests(located, open_rulebook(), session.namespace, session.find)
    bodies: list[dict[str, Any]] = []
    if not problems:
        bodies, problems = await foresee(session, targets)
    if problems:
        raise refuse(problems, len(manifests))
    return [(target.served.kind, body) for target, body in zip(targets, bodies, strict=True)]
