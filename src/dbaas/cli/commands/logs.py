"""`dbaas logs`: what the servers of a cluster print."""

from __future__ import annotations

import os
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from dbaas.api.resource import Key, Resource
from dbaas.cli.commands.status import PROCESS
from dbaas.cli.exits import CommandError
from dbaas.cli.options import NamespaceOptions
from dbaas.cli.selection import fetch_one
from dbaas.cli.session import Session, run_on_target
from dbaas.contracts.rest import Selection

CLUSTER_LABEL = "dbaas.io/cluster"
NO_EXPORTERS = "app.kubernetes.io/component!=metrics"
CLUSTERS = "databaseclusters.dbaas.io"
POLL_SECONDS = 0.3


@dataclass(frozen=True, kw_only=True)
class LogsOptions(NamespaceOptions):
    """Whose log."""

    cluster: Annotated[str, typer.Argument(metavar="CLUSTER", help="Name of the DatabaseCluster.")]
    tail: Annotated[int, typer.Option(help="Only the last lines; 0 for all.", min=0)] = 100
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on printing what comes.")] = False


def run(options: LogsOptions) -> None:
    """Show what the servers of a cluster print."""
    run_on_target(options, lambda session: show(session, options))


async def show(session: Session, options: LogsOptions) -> None:
    if session.target.home is None:
        raise CommandError(
            "logs are read on a laptop only", f"on Kubernetes: kubectl logs -l {CLUSTER_LABEL}={options.cluster}"
        )
    selection = Selection(session.namespace, labels=f"{CLUSTER_LABEL}={options.cluster},{NO_EXPORTERS}")
    servers = await session.rest.list(PROCESS, selection)
    files = [(server.metadata.name, path) for server in servers for path in _logs_of(server)]
    if not files:
        cluster = await fetch_one(session.rest, (await session.kinds()).one(CLUSTERS), _key(session, options))
        raise CommandError(
            f"cluster {options.cluster!r} in namespace {session.namespace!r} has no log yet",
            f"see why: dbaas describe cluster {cluster.metadata.name} -n {session.namespace}",
        )
    positions = {}
    for name, path in files:
        prefix = f"{name} | " if len({each for each, _ in files}) > 1 else ""
        positions[path] = (prefix, _print_tail(session, path, options.tail, prefix))
    session.terminal.out.flush()
    while options.follow:
        for path, (prefix, position) in positions.items():
            positions[path] = (prefix, _print_from(session, path, position, prefix))
        session.terminal.out.flush()
        await session.clock.sleep(POLL_SECONDS)


def _key(session: Session, options: LogsOptions) -> Key:
    return Key(session.namespace, options.cluster)


def _logs_of(server: Resource) -> list[Path]:
    """What it prints, and what it writes itself."""
    named = (server.status.get("log"), *(server.status.get("logs") or ()))
    return [Path(text) for text in named if text and Path(text).exists()]


def _print_tail(session: Session, path: Path, lines: int, prefix: str) -> int:
    try:
        file = path.open(errors="replace")
    except FileNotFoundError:
        return 0
    with file:
        for line in deque(file, lines or None):
            session.terminal.print(prefix + line.rstrip("\n"))
        return file.tell()


def _print_from(session: Session, path: Path, position: int, prefix: str) -> int:
    """A file that has become shorter was begun anew; one that is gone may come back."""
    try:
        file = path.open(errors="replace")
    except FileNotFoundError:
        return 0
    with file:
        file.seek(position if os.fstat(file.fileno()).st_size >= position else 0)
        for line in file:
            session.terminal.print(prefix + line.rstrip("\n"))
        return file.tell()
