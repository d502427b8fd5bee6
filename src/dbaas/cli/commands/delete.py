"""`dbaas delete`: objects by name or manifest; says what blocks a deletion instead of hanging."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated

import typer

from dbaas.api.resource import ANNOTATION_CONFIRM_DELETE, ANNOTATION_FORCE_DELETE
from dbaas.cli.exits import CommandError, ExitCode, Finished, WrongUsage
from dbaas.cli.following import Ref
from dbaas.cli.formats import full_name
from dbaas.cli.options import FileOptions, NamespaceOptions, TimeoutOptions
from dbaas.cli.selection import Scope, choose, fetch
from dbaas.cli.session import Session, run_on_target
from dbaas.cli.waiting import parse_timeout, wait_until_gone
from dbaas.contracts.client import ApiError, NotFound

LAST = (
    "Database", "DatabaseUser", "DatabaseRole", "ClusterDatabaseRole",
    "DatabaseInstance", "ClusterDatabaseInstance", "DatabaseCluster", "Namespace",
)  # fmt: skip
# By these servers are found, so they go only when nothing is left that is still to be dropped there.
NAMING = frozenset({"Service", "Endpoints", "EndpointSlice"})


@dataclass(frozen=True, kw_only=True)
class DeleteOptions(NamespaceOptions, FileOptions, TimeoutOptions):
    """What to delete."""

    what: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KIND NAME… | KIND/NAME… | KINDS --all]", help="Which objects.", show_default=False),
    ] = None
    every: Annotated[bool, typer.Option("--all", help="All objects of these kinds in the namespace.")] = False
    selector: Annotated[str, typer.Option("--selector", "-l", help="Only with these labels.", show_default=False)] = ""
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until they are gone.")] = True
    force: Annotated[
        bool, typer.Option("--force", help="Whatever protects them or fails; what depends on them goes as well.")
    ] = False
    confirm: Annotated[
        str,
        typer.Option("--confirm", metavar="HASH", help="With --force: of those that go as well.", show_default=False),
    ] = ""
    ignore_missing: Annotated[bool, typer.Option("--ignore-not-found", help="Absent objects are no error.")] = False


def run(options: DeleteOptions) -> None:
    """Delete objects.

    What they stand for stays or goes by their deletionPolicy; by default data stays. A forced deletion that takes
    others along tells them with a hash, and goes on once that is given.
    """
    if bool(options.what) == bool(options.files):
        raise WrongUsage("name either objects or manifests (-f)")
    if options.confirm and not options.force:
        raise WrongUsage("only a forced deletion is confirmed: say --force as well")
    run_on_target(options, lambda session: delete(session, options))


async def delete(session: Session, options: DeleteOptions) -> None:
    timeout = parse_timeout(options.timeout)
    refs, missing = await (_from_files(session, options) if options.files else _from_names(session, options))
    if options.force:
        await _force(session, refs, options.confirm)
    refs, names = _set_names_apart(refs)
    deleted, refused = await _send(session, refs, missing)
    _tell_errors(session, [*(missing if not options.ignore_missing else ()), *refused])
    if not refs and not missing:
        session.terminal.remark("there is nothing to delete")
    if options.wait and deleted:
        await wait_until_gone(session, deleted, timeout)
    if options.wait and names and not refused:
        last, refused = await _send(session, names, [])
        _tell_errors(session, refused)
        await wait_until_gone(session, last, timeout)
        refs, deleted = [*refs, *names], [*deleted, *last]
    elif names:
        told = ", ".join(map(str, names))
        session.terminal.remark(f"{told} stays while the others are there: servers may be found by it; delete it then")
    for ref in deleted:
        effect = "deleted" if options.wait else "deletion has begun"
        session.terminal.print(f"{full_name(ref.served, ref.key.name)} {effect}")
    if refused:
        raise CommandError(f"{len(refused)} of {len(refs)} object{'s' if len(refs) != 1 else ''} cannot be deleted")
    if missing and not options.ignore_missing:
        raise Finished(ExitCode.FAILED)


def _tell_errors(session: Session, texts: Sequence[str]) -> None:
    for text in texts:
        session.terminal.remark(f"error: {text}")


def _set_names_apart(refs: Sequence[Ref]) -> tuple[list[Ref], list[Ref]]:
    """What servers may be found by, behind what may have to be dropped on them."""
    names = [ref for ref in refs if ref.served.kind.kind in NAMING]
    others = [ref for ref in refs if ref not in names]
    return (others, names) if any(ref.served.is_ours for ref in others) else ([*refs], [])


async def _from_names(session: Session, options: DeleteOptions) -> tuple[list[Ref], list[str]]:
    choices = choose(options.what or (), await session.kinds(), Scope(session.namespace, options.selector))
    if not options.every and not options.selector and any(not choice.names for choice in choices):
        raise WrongUsage("which objects? name them, or say --all")
    if options.every and any(choice.names for choice in choices):
        raise WrongUsage("--all goes with kinds, not with names")
    refs, missing = [], []
    for choice in choices:
        found, absent = await fetch(session.rest, choice)
        refs += [Ref(choice.served, resource.key, resource.metadata.uid) for resource in found]
        missing += absent
    return refs, missing


async def _from_files(session: Session, options: DeleteOptions) -> tuple[list[Ref], list[str]]:
    from dbaas.cli.applying import locate, read_live
    from dbaas.cli.manifests import load_manifests
    from dbaas.cli.problems import refuse

    manifests, problems = load_manifests(options.files or ())
    targets, unknown = locate(manifests, await session.kinds(), session.namespace)
    if problems or unknown:
        raise refuse(problems + unknown, len(manifests))
    refs, missing = [], []
    for target in await read_live(session, targets):
        if target.live is None:
            missing.append(f"there is no {Ref(target.served, target.key)}")
        else:
            refs.append(Ref(target.served, target.key, target.live.metadata.uid))
    return refs, missing


async def _force(session: Session, refs: Sequence[Ref], confirmed: str) -> None:
    """Marks them. Raises CommandError where one is somebody else's, before any is marked."""
    for ref in refs:
        if not ref.served.is_ours:
            raise CommandError(f"{ref} is not served by dbaas and cannot be forced here; nothing was changed")
    annotations = {ANNOTATION_FORCE_DELETE: "true", **({ANNOTATION_CONFIRM_DELETE: confirmed} if confirmed else {})}
    for ref in refs:
        with suppress(NotFound):  # it is told when it is deleted
            await session.rest.patch(ref.served.kind, ref.key, {"metadata": {"annotations": annotations}})


async def _send(session: Session, refs: Sequence[Ref], missing: list[str]) -> tuple[list[Ref], list[str]]:
    """Those whose deletion has begun and why others' was refused; absent ones are added to `missing`.

    Any order does, but what others need is sent last: then it has less to wait for and nothing to complain about.
    """
    slots = asyncio.Semaphore(8)

    async def one(ref: Ref) -> ApiError | None:
        async with slots:
            try:
                await session.rest.delete(ref.served.kind, ref.key)
            except ApiError as error:
                return error
            return None

    refs = list(dict.fromkeys(refs))
    ordered = sorted(refs, key=lambda ref: LAST.index(ref.served.kind.kind) if ref.served.kind.kind in LAST else -1)
    answers = dict(zip(ordered, await asyncio.gather(*(one(ref) for ref in ordered)), strict=True))
    errors = [answers[ref] for ref in refs]
    missing += [f"there is no {ref}" for ref, error in zip(refs, errors, strict=True) if isinstance(error, NotFound)]
    refused = [error.message for error in errors if error is not None and not isinstance(error, NotFound)]
    return [ref for ref, error in zip(refs, errors, strict=True) if error is None], refused
