"""`dbaas op`: makes an OpsRequest and follows it to its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.operation import OPS_REQUEST
from dbaas.api.resource import Key
from dbaas.cli.exits import CommandError, WrongUsage
from dbaas.cli.operating import Spec, Word, build_spec, find_word
from dbaas.cli.options import NamespaceOptions, TimeoutOptions
from dbaas.cli.session import Session, run_on_target
from dbaas.cli.suggestions import suggest
from dbaas.contracts.client import ApiError
from dbaas.contracts.rest import Selection

NOWHERE = "<nil>"  # the server's place for "some rules were not checked"
WORDS_HELP = "start, stop, restart, scale, resize, expand, reconfigure, upgrade, expose, switchover, rebuild, custom"


@dataclass(frozen=True, kw_only=True)
class OpOptions(NamespaceOptions, TimeoutOptions):
    """What is to be done, and to which cluster."""

    words: Annotated[
        list[str], typer.Argument(metavar="OPERATION CLUSTER [NAME=VALUE]... | cancel NAME", help=WORDS_HELP)
    ]
    name: Annotated[str, typer.Option(help="Name of the OpsRequest.", show_default=False)] = ""
    ttl: Annotated[
        str, typer.Option(help="Delete the OpsRequest so long after its end, as 1h.", show_default=False)
    ] = "1d"
    force: Annotated[bool, typer.Option("--force", help="Begin even where the cluster is not Ready.")] = False
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Follow it to its end.")] = True


def run(options: OpOptions) -> None:
    """Restart, stop, resize or reconfigure a cluster, once.

    dbaas op restart main, dbaas op reconfigure main work_mem=8MB, dbaas op resize main cpu=2 memory=4Gi. It is an
    OpsRequest: the cluster's spec is changed, what was there before is kept in its status, and it has succeeded when
    the cluster is Ready again. dbaas op custom main vacuum database=shop table=orders runs what the cluster's
    DatabaseEngine declares.
    """
    if len(options.words) < 2:
        raise WrongUsage("say what to do, and to which cluster: dbaas op restart main")
    run_on_target(options, lambda session: operate(session, options))


async def operate(session: Session, options: OpOptions) -> None:
    from dbaas.cli.waiting import parse_timeout

    timeout = parse_timeout(options.timeout)
    first, name, *rest = options.words
    if first.lower() == "cancel":
        await _cancel(session, Key(session.namespace, name))
        return
    spec = await _build_spec(session, find_word(first), name, rest)
    body = _build(session, options, spec)
    await _require_cluster(session, Key(session.namespace, name))
    key = Key(session.namespace, body["metadata"]["name"])
    try:
        await session.writer().create(OPS_REQUEST, body)
    except ApiError as error:
        told = [f"{field}: {message}" for field, message in error.causes if field != NOWHERE]
        raise CommandError(f"{spec['type']} of {name!r} is refused", *(told or [error.message])) from error
    session.terminal.print(f"opsrequest.dbaas.io/{key.name} created")
    session.terminal.out.flush()
    if options.wait:
        await _follow(session, key, timeout)


async def _require_cluster(session: Session, key: Key) -> None:
    """An OpsRequest would wait for it; who types its name hardly means one that is still to be made."""
    if await session.find(DATABASE_CLUSTER, key) is not None:
        return
    there = await session.rest.list(DATABASE_CLUSTER, Selection(key.namespace))
    hint = suggest(key.name, [each.metadata.name for each in there])
    what = f"there is no DatabaseCluster {key.name!r} in namespace {key.namespace!r}"
    raise CommandError("; ".join(filter(None, [what, hint])))


async def _build_spec(session: Session, word: Word, cluster: str, words: Sequence[str]) -> Spec:
    """Where it is not said which of the declared operations is meant, they are listed."""
    try:
        return build_spec(word, cluster, words)
    except WrongUsage as wrong:
        if word.type != "Custom":
            raise
        from dbaas.cli.declared import list_operations

        raise WrongUsage(wrong.message, *wrong.advice, *await list_operations(session, cluster)) from wrong


def _build(session: Session, options: OpOptions, spec: Mapping[str, Any]) -> dict[str, Any]:
    from dbaas.core.duration import parse_duration
    from dbaas.core.randomness import SystemRandomness, name_suffix

    try:
        seconds = int(parse_duration(options.ttl).total_seconds()) if options.ttl else None
    except ValueError as error:
        raise WrongUsage(f"--ttl: {error}") from error
    name = options.name or f"{options.words[1][:40]}-{options.words[0].lower()}-{name_suffix(SystemRandomness())}"
    more = {"ttlSecondsAfterFinished": seconds} if seconds is not None else {}
    return {
        "apiVersion": OPS_REQUEST.api_version,
        "kind": OPS_REQUEST.kind,
        "metadata": {"name": name, "namespace": session.namespace},
        "spec": {**spec, **more, **({"force": True} if options.force else {})},
    }


async def _cancel(session: Session, key: Key) -> None:
    await session.writer().patch(OPS_REQUEST, key, {"spec": {"cancel": True}})
    session.terminal.print(f"opsrequest.dbaas.io/{key.name} is given up")


async def _follow(session: Session, key: Key, timeout: float) -> None:
    from dbaas.cli.following import Ref
    from dbaas.cli.waiting import wait_until_ready

    served = (await session.kinds()).one("opsrequests")
    await wait_until_ready(session, [Ref(served, key)], timeout)
