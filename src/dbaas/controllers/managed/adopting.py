"""What is on a server and stands for no object yet, and the objects that would leave it as it is. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ValidationError

from dbaas.api.database import DATABASE
from dbaas.api.instance import CLUSTER_DATABASE_INSTANCE
from dbaas.api.resource import Key, Kind, Resource
from dbaas.api.role import DATABASE_ROLE
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.adopting import Described
from dbaas.contracts.client import Client
from dbaas.contracts.lane import Lanes
from dbaas.contracts.reconcile import Refused
from dbaas.contracts.registry import Registry
from dbaas.controllers.adoption import object_name
from dbaas.controllers.discovery import take
from dbaas.controllers.managed.kinds import ROLE, read_subject
from dbaas.controllers.managed.records import MANAGED
from dbaas.controllers.managed.snapshot import NOT_FOUND, Snapshot, take_snapshot
from dbaas.controllers.servers import Server, Servers, choose_names

Field = Literal["databases", "users", "roles"]
KINDS: Mapping[Field, Kind] = {"databases": DATABASE, "users": DATABASE_USER, "roles": DATABASE_ROLE}


@dataclass(frozen=True)
class Sought:
    """`names` are the server's own; of these manifests are written. None: only what there is is told."""

    namespace: str
    instance: str
    fields: tuple[Field, ...]
    names: tuple[str, ...] = ()
    everything: bool = False
    with_privileges: bool = False


@dataclass(frozen=True)
class Found:
    """One thing on the server. `managed_by` is the object that stands for it, or empty.

    `body` is the object that would; None where it was not asked for. `left_out` says what that does not state.
    """

    field: Field
    name: str
    managed_by: str = ""
    body: Mapping[str, Any] | None = None
    left_out: tuple[str, ...] = ()


async def find_adoptable(
    client: Client, lanes: Lanes, registry: Registry, sought: Sought, *, no_dns: bool = False
) -> list[Found]:
    """Sorted by what it is and its name. Raises Refused, Waiting, EngineError."""
    snapshot = await take_snapshot(client)
    server = await snapshot.find_instance(registry, sought.namespace, sought.instance)
    engine = server.engine
    if engine.take_inventory is None or engine.adopting is None:
        raise Refused("NotSupported", f"nothing can be adopted from engine {engine.name!r}")
    lane = await Servers(snapshot, lanes, choose_names(snapshot.get, no_dns=no_dns)).reach(server)
    facts = await lane.facts()
    inventory = await take(engine, lane, facts)
    there: dict[Field, Sequence[str]] = {
        "databases": inventory.databases, "users": inventory.users, "roles": inventory.roles,
    }  # fmt: skip
    managed = _find_managed(snapshot, server)
    _check_names(sought, there, managed, server)
    found: list[Found] = []
    for field in sought.fields:
        kind = KINDS[field]
        free = [name for name in there[field] if (_thing(kind), name) not in managed]
        chosen = [name for name in free if sought.everything or name in sought.names]
        databases = inventory.databases if sought.with_privileges else ()
        described = await engine.adopting.describe(lane.observe, facts, kind, chosen, databases) if chosen else {}
        names = _name_objects(snapshot, kind, sought, described)
        for name in there[field]:
            owner = managed.get((_thing(kind), name), "")
            what = described.get(name)
            body = _build(kind, names[name], sought.namespace, server, what) if what is not None else None
            found.append(Found(field, name, owner, body, what.left_out if what is not None else ()))
    return found


def _check_names(
    sought: Sought, there: Mapping[Field, Sequence[str]], managed: Mapping[tuple[str, str], str], server: Server
) -> None:
    """Raises Refused, naming all that cannot be adopted and why."""
    problems = []
    for name in sought.names:
        fields = [field for field in sought.fields if name in there[field]]
        owners = [managed[_thing(KINDS[field]), name] for field in fields if (_thing(KINDS[field]), name) in managed]
        if not fields:
            problems.append(f"{name!r} is not among the {' and '.join(sought.fields)} of {server.resource}")
        elif len(owners) == len(fields):
            problems.append(f"{name!r} is managed by {owners[0]} already")
    if problems:
        raise Refused(NOT_FOUND, "; ".join(problems))


def _find_managed(snapshot: Snapshot, server: Server) -> Mapping[tuple[str, str], str]:
    """By thing and real name, the object that stands for it."""
    same = snapshot.same_servers(server)
    managed: dict[tuple[str, str], str] = {}
    for resource in snapshot.resources:
        claim = _read_claim(resource, same)
        if claim is not None:
            managed.setdefault(claim, str(resource))
    return managed


def _read_claim(resource: Resource, servers: Collection[Key]) -> tuple[str, str] | None:
    kind = MANAGED.get(resource.kind)
    if kind is None or kind.thing not in (_thing(DATABASE), ROLE):
        return None
    try:
        subject = read_subject(kind, resource)
    except ValidationError:
        return None
    name = kind.real_name(subject.spec)
    return (kind.thing, name) if name is not None and subject.links.instance in servers else None


def _thing(kind: Kind) -> str:
    return MANAGED[kind].thing


def _name_objects(
    snapshot: Snapshot, kind: Kind, sought: Sought, described: Mapping[str, Described]
) -> Mapping[str, str]:
    """By real name. Where an object of that name stands for something else, the server's name is put behind it."""
    taken = {r.key.name for r in snapshot.resources if r.kind == kind and r.key.namespace == sought.namespace}
    named: dict[str, str] = {}
    for real in sorted(described):
        plain = object_name(real)
        choices = (plain, f"{plain}-{sought.instance}", *(f"{plain}-{number}" for number in range(2, len(taken) + 4)))
        named[real] = next(name for name in choices if name not in taken)
        taken.add(named[real])
    return named


def _build(kind: Kind, name: str, namespace: str, server: Server, described: Described) -> dict[str, Any]:
    is_shared = server.resource.kind == CLUSTER_DATABASE_INSTANCE
    reference = "clusterInstanceRef" if is_shared else "instanceRef"
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": {reference: {"name": server.key.name}, **described.spec},
    }
