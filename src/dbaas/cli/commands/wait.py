"""`dbaas wait`: until objects have a condition, or are gone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from dbaas.api.resource import Resource
from dbaas.cli.exits import CommandError, ExitCode, Finished, WaitedTooLong, WrongUsage
from dbaas.cli.following import Follower, Ref, follow_until, start_deadline
from dbaas.cli.options import NamespaceOptions, TimeoutOptions
from dbaas.cli.selection import Scope, choose, fetch
from dbaas.cli.session import Session, run_on_target
from dbaas.cli.waiting import parse_timeout, wait_until_gone, wait_until_ready


@dataclass(frozen=True, kw_only=True)
class WaitOptions(NamespaceOptions, TimeoutOptions):
    """What to wait for."""

    what: Annotated[list[str], typer.Argument(metavar="KINDS [NAME…] | KIND/NAME…", help="Which objects.")]
    condition: Annotated[
        str, typer.Option("--for", help="A condition (Ready, Stalled=True), condition=Ready, or delete.")
    ] = "Ready"
    selector: Annotated[str, typer.Option("--selector", "-l", help="Only with these labels.", show_default=False)] = ""


def run(options: WaitOptions) -> None:
    """Wait until objects are ready, or gone.

    --for names another condition, such as Stalled or Ready=False.
    """
    run_on_target(options, lambda session: wait(session, options))


async def wait(session: Session, options: WaitOptions) -> None:
    timeout = parse_timeout(options.timeout)
    for_deletion = options.condition == "delete"
    choices = choose(options.what, await session.kinds(), Scope(session.namespace, options.selector))
    refs: list[Ref] = []
    missing: list[str] = []
    for choice in choices:
        found, absent = await fetch(session.rest, choice)
        refs.extend(Ref(choice.served, r.key, r.metadata.uid if for_deletion else "") for r in found)
        missing.extend(absent)
    if for_deletion:
        if refs:
            await wait_until_gone(session, refs, timeout)
        return
    if missing or not refs:
        for text in missing or ["nothing matches"]:
            session.terminal.remark(f"error: {text}")
        raise Finished(ExitCode.FAILED)
    if options.condition.removeprefix("condition=") == "Ready":
        await wait_until_ready(session, refs, timeout)
    else:
        await _wait_for_condition(session, refs, options.condition.removeprefix("condition="), timeout)


async def _wait_for_condition(session: Session, refs: Sequence[Ref], condition: str, timeout: float) -> None:
    type_, _, wanted = condition.partition("=")
    if not type_.isalnum():
        raise WrongUsage(f"--for: {condition!r} is not a condition such as Ready or Stalled=True")
    async with Follower(session.rest, session.clock, refs) as follower:

        def is_over(quiet_seconds: float) -> bool:
            return all(_has(found, type_, wanted or "True") for found in follower.objects.values())

        in_time = await follow_until(follower, start_deadline(session.clock, timeout), is_over)
        if any(found is None for found in follower.objects.values()):
            raise CommandError("an object that was waited for is gone")
    if not in_time:
        raise WaitedTooLong(f"{condition} is not there after {timeout:g} s")


def _has(resource: Resource | None, type_: str, wanted: str) -> bool:
    if resource is None:
        return True
    conditions: list[dict[str, Any]] = resource.status.get("conditions") or []
    return any(c.get("type") == type_ and c.get("status") == wanted for c in conditions)
