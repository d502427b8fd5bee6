"""`dbaas status`: what runs on this machine, and how everything that was declared is."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from dbaas.api.resource import Kind, Resource
from dbaas.cli.exits import CommandError, NothingRuns
from dbaas.cli.formats import DataOption, Format, dump
from dbaas.cli.kinds import ServedKind
from dbaas.cli.options import TargetOptions
from dbaas.cli.session import Session, run_on_target
from dbaas.cli.states import State, read_state
from dbaas.cli.targets import find_home
from dbaas.cli.terminal import format_table

PROCESS = Kind("laptop.dbaas.io", "v1", "Process", "processes")
SHOWN = 10


@dataclass(frozen=True, kw_only=True)
class StatusOptions(TargetOptions):
    """How to print it."""

    output: DataOption = Format.TABLE


def run(options: StatusOptions) -> None:
    """Show what runs, and whether all of it is ready.

    Exit code 1 where something is not ready, 3 where nothing runs.
    """
    try:
        run_on_target(options, lambda session: show(session, options), show_target=options.output.is_for_people)
    except NothingRuns as error:
        left = _find_left(options)
        advice = [f"servers still run: {', '.join(left)}", "stop them: dbaas down"] if left else []
        raise NothingRuns(error.message, *advice, *error.advice) from error


def _find_left(options: StatusOptions) -> list[str]:
    """Servers that run although their control plane was killed."""
    from dbaas.core.clock import SystemClock
    from dbaas.core.process import LocalProcesses
    from dbaas.laptop.stopping import list_running

    found = list_running(find_home(options).path, LocalProcesses(SystemClock()))
    return [f"{name} (process {pid})" for name, pid in found.items()]


async def show(session: Session, options: StatusOptions) -> None:
    ours = [served for served in (await session.kinds()).kinds if served.is_ours and served.has_status]
    lists = await asyncio.gather(*(session.rest.list(served.kind) for served in ours))
    states = [
        (served, resource, read_state(resource, served))
        for served, found in zip(ours, lists, strict=True)
        for resource in found
    ]
    waiting = [entry for entry in states if not entry[2].is_ready]
    if options.output in (Format.JSON, Format.YAML):
        session.terminal.print(dump(_facts(session, states), options.output))
    else:
        _print(session, states, waiting)
    if waiting:
        session.terminal.out.flush()
        count = f"{len(waiting)} of {len(states)} object"
        raise CommandError(f"{count} is not ready" if len(states) == 1 else f"{count}s are not ready")


def _facts(session: Session, states: Sequence[tuple[ServedKind, Resource, State]]) -> dict[str, object]:
    objects = [
        {
            "kind": served.kind.kind, "namespace": resource.metadata.namespace, "name": resource.metadata.name,
            "phase": state.phase, "ready": state.is_ready, "reason": state.reason, "message": state.message,
        }
        for served, resource, state in states
    ]  # fmt: skip
    facts: dict[str, object] = {"target": session.target.name, "server": session.target.access.server}
    home = session.target.home
    running = home.running() if home else None
    if home and running:
        facts |= {
            "pid": running.pid, "startedAt": running.started_at, "metrics": running.metrics, "home": str(home.path),
            "kubeconfig": str(home.kubeconfig),
        }  # fmt: skip
    return {**facts, "objects": objects}


def _print(
    session: Session,
    states: Sequence[tuple[ServedKind, Resource, State]],
    waiting: Sequence[tuple[ServedKind, Resource, State]],
) -> None:
    from dbaas.cli.commands.up import describe_place

    terminal, home = session.terminal, session.target.home
    running = home.running() if home else None
    if home and running:
        for line in [*describe_place(home, running), f"  metrics     {running.metrics}"]:
            terminal.print(line)
        terminal.print()
    counts: dict[str, list[bool]] = {}
    for served, _, state in states:
        counts.setdefault(served.kind.plural, []).append(state.is_ready)
    rows = [[plural, str(len(ready)), str(sum(ready))] for plural, ready in counts.items()]
    servers = [resource for served, resource, _ in states if served.kind == PROCESS]
    for line in format_table(("Kind", "Objects", "Ready"), rows, terminal) if rows else ["nothing is declared yet"]:
        terminal.print(line)
    if servers:
        terminal.print()
        columns = ("Server", "Process", "Ports", "Restarts", "Phase")
        for line in format_table(columns, [_server_row(resource) for resource in servers], terminal):
            terminal.print(line)
    for served, resource, state in waiting[:SHOWN]:
        terminal.print(f"not ready: {served.singular}/{resource.metadata.name}: {state.phase}: {state.text}")


def _server_row(process: Resource) -> list[str]:
    status = process.status
    ports = ", ".join(f"{name} {number}" for name, number in (status.get("ports") or {}).items())
    name = f"{process.metadata.namespace}/{process.metadata.name}"
    return [name, str(status.get("pid") or ""), ports, str(status.get("restarts") or 0), str(status.get("phase") or "")]
