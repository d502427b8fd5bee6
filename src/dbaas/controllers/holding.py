"""What holds a deletion: objects that depend, and what a namespace that is being deleted changes."""

from __future__ import annotations

from collections.abc import Sequence

from dbaas.api.core import NAMESPACE
from dbaas.api.database import DATABASE
from dbaas.api.database_schema import DATABASE_SCHEMA
from dbaas.api.grant import CLUSTER_DATABASE_GRANT, GRANT_KINDS
from dbaas.api.resource import ANNOTATION_FORCE_DELETE, Key, Kind, Resource
from dbaas.contracts.client import Client
from dbaas.contracts.reconcile import Condition
from dbaas.controllers.conditions import ready_reason
from dbaas.controllers.tokens import PRINCIPALS, depends_on, lives_on

DEPENDENCIES_EXIST = "DependenciesExist"
PROTECTED = "DeletionProtected"
MOST_NAMED = 5
ON_SERVERS = (DATABASE, *PRINCIPALS, CLUSTER_DATABASE_GRANT)


async def find_dependents(client: Client, kinds: Sequence[Kind], token: str) -> list[Resource]:
    """All objects of these kinds that provide the token."""
    return [found for kind in kinds for found in await client.list(kind, token=token)]


async def find_residents(client: Client, instance: Key) -> list[Resource]:
    """All objects that name that server themselves; most grants name users, roles or databases."""
    return await find_dependents(client, ON_SERVERS, lives_on(instance))


async def find_inhabitants(client: Client, instance: Key) -> list[Resource]:
    """All objects on that server: its residents, and the schemas and grants that refer to them."""
    residents = await find_residents(client, instance)
    found = {resident.metadata.uid: resident for resident in residents}
    for resident in residents:
        grants = await find_dependents(client, (DATABASE_SCHEMA, *GRANT_KINDS), depends_on(resident.kind, resident.key))
        found |= {grant.metadata.uid: grant for grant in grants}
    return list(found.values())


def is_forced(resource: Resource) -> bool:
    """Whether it shall go whatever protects it and whatever fails."""
    return resource.metadata.annotations.get(ANNOTATION_FORCE_DELETE, "").lower() == "true"


def hold_for_dependents(client: Client, held: Resource, dependents: Sequence[Resource]) -> Condition:
    """Why it does not go yet; said as an event once."""
    message = f"{describe_dependents(dependents)}: delete them first"
    tell_blocked(client, held, DEPENDENCIES_EXIST, message)
    return Condition("Ready", "False", DEPENDENCIES_EXIST, message)


def tell_blocked(client: Client, held: Resource, reason: str, message: str) -> None:
    """As an event, once: not again while the object's Ready condition shows the same reason."""
    if ready_reason(held) != reason:
        client.event(held, "Warning", "DeletionBlocked", message)


def describe_dependents(dependents: Sequence[Resource]) -> str:
    """Names a few of them: "2 objects depend on it: Database shop/orders, DatabaseUser shop/app"."""
    what = "1 object depends" if len(dependents) == 1 else f"{len(dependents)} objects depend"
    return f"{what} on it: {name_few(dependents)}"


def name_few(objects: Sequence[Resource]) -> str:
    """The first of them by kind and key, and how many more there are."""
    named = ", ".join(str(found) for found in objects[:MOST_NAMED])
    more = len(objects) - MOST_NAMED
    return f"{named} and {more} more" if more > 0 else named


async def namespace_is_going(client: Client, namespace: str) -> bool:
    """Then nothing may hold a deletion for ever. False for what is in no namespace."""
    return await find_going_namespace(client, namespace) is not None


async def find_going_namespace(client: Client, namespace: str) -> Resource | None:
    """None where it stays, or is none."""
    found = await client.get(NAMESPACE, Key("", namespace)) if namespace else None
    return found if found is not None and found.metadata.is_deleting else None
