"""`dbaas uninstall`: takes the operator out of a cluster; objects stay, with what they stand for, unless told."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from dbaas.api.core import CUSTOM_RESOURCE_DEFINITION
from dbaas.api.resource import Key
from dbaas.cli.commands.delete import LAST
from dbaas.cli.commands.install import NAMESPACE, name_cluster
from dbaas.cli.exits import CommandError, ExitCode, Finished, WrongUsage
from dbaas.cli.following import Ref
from dbaas.cli.options import TargetOptions, TimeoutOptions
from dbaas.cli.session import Session, run_on_target
from dbaas.cli.terminal import shorten
from dbaas.cli.waiting import parse_timeout, wait_until_gone
from dbaas.contracts.client import NotFound
from dbaas.kube.verbs import RestClient, Writing

if TYPE_CHECKING:
    from dbaas.cli.kinds import ServedKind

SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class UninstallOptions(TargetOptions, TimeoutOptions):
    """What to take out."""

    namespace: Annotated[str, typer.Option("--namespace", "-n", help="Namespace of the operator.")] = NAMESPACE
    delete_all_data: Annotated[
        bool,
        typer.Option("--delete-all-data", help="All objects and their definitions too: data goes by deletionPolicy."),
    ] = False
    confirm: Annotated[
        str,
        typer.Option(
            "--confirm", metavar="HASH", help="With --delete-all-data: of the objects that go.", show_default=False
        ),
    ] = ""


def run(options: UninstallOptions) -> None:
    """Take the operator out of a Kubernetes cluster.

    Objects, their definitions and all that they stand for stay, and are taken up again by the next installation.
    """
    if options.confirm and not options.delete_all_data:
        raise WrongUsage("only --delete-all-data is confirmed")
    run_on_target(name_cluster(options, os.environ), lambda session: _uninstall(session, options))


async def _uninstall(session: Session, options: UninstallOptions) -> None:
    from dbaas.app.installing import FIELD_MANAGER, find_installed, find_others, uninstall

    rest = RestClient(session.transport, Writing(FIELD_MANAGER))
    others = await find_others(session.rest, options.namespace) if options.delete_all_data else {}
    if others:
        raise CommandError(
            f"the definitions serve other installations as well: {', '.join(others)}; nothing was changed",
            "uninstall those first, or leave out --delete-all-data",
        )
    is_installed = [found async for found in find_installed(rest, options.namespace)]
    if options.delete_all_data:
        await _delete_objects(session, options)
    timeout = parse_timeout(options.timeout)
    await uninstall(rest, options.namespace, session.clock, session.terminal.print, timeout_seconds=timeout)
    if options.delete_all_data:
        await _delete_definitions(session, rest)
    elif not is_installed:
        session.terminal.remark(f"nothing is installed in namespace {options.namespace}")
    else:
        session.terminal.remark("objects and their definitions stay; while no operator runs, deleted ones wait for one")
    session.terminal.remark(f"namespace {options.namespace} stays; if nothing of yours is in it, delete it")


async def _delete_objects(session: Session, options: UninstallOptions) -> None:
    """While the operator runs, which finishes them. Raises Finished with the hash where that was not given."""
    from dbaas.controllers.cascading import hash_names

    objects = [(served, each) for served in await _served(session) for each in await session.rest.list(served.kind)]
    digest = hash_names([each for _, each in objects])
    if objects and options.confirm != digest:
        wrong = f"{options.confirm!r} is not the hash of these objects; " if options.confirm else ""
        lines = shorten([f"  {each}" for _, each in objects], SHOWN)
        for line in (f"{wrong}{len(objects)} objects would go, and what they stand for by its deletionPolicy:", *lines):
            session.terminal.remark(line)
        session.terminal.remark(f"nothing was changed; to go on: add --confirm {digest}")
        raise Finished(ExitCode.FAILED)
    for served, each in objects:
        try:
            await session.rest.delete(served.kind, each.key, uid=each.metadata.uid)
        except NotFound:
            continue
    refs = [Ref(served, each.key, each.metadata.uid) for served, each in objects]
    if refs:
        await wait_until_gone(session, refs, parse_timeout(options.timeout))


async def _served(session: Session) -> Sequence[ServedKind]:
    """Kinds of ours that this cluster has; what others need comes last."""
    from dbaas.app.cluster import find_cluster_registry, find_kinds

    ours = set(find_kinds(find_cluster_registry()))
    known = [served for served in (await session.kinds()).kinds if served.kind in ours]
    return sorted(known, key=lambda served: LAST.index(served.kind.kind) if served.kind.kind in LAST else -1)


async def _delete_definitions(session: Session, rest: RestClient) -> None:
    from dbaas.app.installing import remove

    for served in await _served(session):
        try:
            found = await rest.get(CUSTOM_RESOURCE_DEFINITION, Key("", served.kind.resource))
        except NotFound:
            continue
        await remove(rest, found, session.terminal.print)
