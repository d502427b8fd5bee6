"""The end of a run: what is waited for once nothing disturbs, and that everything can be deleted without a trace."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection

from dbaas.api.core import CONFIG_MAP, NAMESPACE, SECRET
from dbaas.api.database import DATABASE
from dbaas.api.resource import Key
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.client import ApiError
from simulation.declared import Declared, Thing
from simulation.expectations import Expectations
from simulation.histories import HOSTS
from simulation.keepsakes import lost_legacy
from simulation.oracle import Violated
from simulation.servers import StormyServer
from simulation.stage import Stage

CALM_STEP_SECONDS = 60.0
CALM_SECONDS = 1500.0
"""Longer than the longest pause of any retry, and than the patience with servers that are away."""
NAMESPACE_GOES = 0.3


async def wait_until(stage: Stage, find_problem: Callable[[], str]) -> None:
    """Raises Violated with what is still wrong after the longest calm."""
    deadline = stage.clock.monotonic() + CALM_SECONDS
    while problem := find_problem():
        stage.oracle.check()
        if stage.clock.monotonic() > deadline:
            raise Violated(f"after {CALM_SECONDS:.0f} s of calm: {problem}")
        await stage.clock.sleep(CALM_STEP_SECONDS)


async def delete_everything(stage: Stage) -> None:
    """In any order, and in one go; protection is taken off first, as people must."""
    before = stage.oracle.declared()
    things = list(before.ours())
    dropped = [(thing, before.host_of(thing)) for thing in things if _must_drop(stage, before, thing)]
    for thing in things:
        await _make_deletable(stage, before, thing)
    stage.chance.shuffle(things)
    for thing in things:
        stage.oracle.edited(thing.kind, thing.key)
        await _try(stage.user.delete(thing.kind, thing.key))
    if stage.chance.random() < NAMESPACE_GOES:
        await _try(stage.user.delete(NAMESPACE, Key("", "team")))
        dropped = [(thing, host) for thing, host in dropped if thing.key.namespace != "team"]
    await wait_until(stage, lambda: _find_left(stage))
    stage.oracle.check()
    for thing, host in dropped:
        if thing.real_name in _things_on(stage.servers[host], thing):
            raise Violated(f"{thing} was deleted with policy Delete, and {host} still has {thing.real_name!r}")
    for loss in lost_legacy(stage.servers):
        raise Violated(f"everything was deleted, and too much: {loss}")


async def _make_deletable(stage: Stage, declared: Declared, thing: Thing) -> None:
    patch: dict[str, object] = {"metadata": {"annotations": {"dbaas.io/paused": None}}}
    if "deletionProtection" in thing.spec:
        patch["spec"] = {"deletionProtection": False}
    if thing.kind == DATABASE_USER and _owns_something(stage, declared, thing):
        patch["spec"] = {"deletionPolicy": "Retain"}  # a role that owns what is kept could not go
    stage.oracle.edited(thing.kind, thing.key, thing)
    await _try(stage.user.patch(thing.kind, thing.key, patch))


def _owns_something(stage: Stage, declared: Declared, user: Thing) -> bool:
    """Now, or once the owner that is declared is put right."""
    server = stage.servers.get(declared.host_of(user))
    owners = {base.owner for base in server.bases.values()} if server is not None else set()
    return user.real_name in owners | {thing.spec.get("owner") for thing in declared.all(DATABASE).values()}


def _must_drop(stage: Stage, declared: Declared, thing: Thing) -> bool:
    """A database or role that is ours and nobody else's, on a server of others that answers us.

    One that nobody gets into to the end keeps it: patience with it ends (a paused server is not even looked at).
    """
    if thing.kind not in (DATABASE, DATABASE_USER) or thing.spec.get("deletionPolicy", "Delete") != "Delete":
        return False
    if thing.kind == DATABASE_USER and _owns_something(stage, declared, thing):
        return False
    host = declared.host_of(thing)
    rivals = [
        other
        for other in declared.all(thing.kind).values()
        if other.real_name == thing.real_name and stage.oracle.same_server(declared.host_of(other), host)
    ]
    instance = declared.instance_of(thing)
    is_open = instance is not None and not Expectations(stage.oracle).obstacle(instance)
    return thing.claims_ready and is_open and host in HOSTS and rivals == [thing]


def _things_on(server: StormyServer, thing: Thing) -> Collection[str]:
    return server.bases if thing.kind == DATABASE else server.roles


def _find_left(stage: Stage) -> str:
    declared = stage.oracle.declared()
    for thing in declared.ours():
        return f"everything was deleted, and {thing} is there: {thing.ready()[1]}: {thing.status.get('message', '')}"
    for kind in (SECRET, CONFIG_MAP):
        for child in declared.all(kind).values():
            metadata = child.body["metadata"]
            if child.is_deleting or metadata.get("ownerReferences"):
                return f"everything was deleted, and {child} is held by {metadata.get('finalizers')}"
    for server in stage.servers.values():
        if server.open_sessions:
            return f"everything was deleted, and {server.open_sessions} connections to {server.name} are open"
    return ""


async def _try(call: Awaitable[object]) -> None:
    try:
        await call
    except ApiError:
        return
