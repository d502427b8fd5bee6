"""Databases, users and roles that are there, as manifests that leave them as they are.

Only what differs from what a new one would have is stated, so that the manifest says what is special.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from dbaas.api.database import DATABASE
from dbaas.api.resource import Kind
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.adopting import Described
from dbaas.contracts.engine import Closed, Denied, Missing, ServerFacts
from dbaas.contracts.parting import Look
from dbaas.engines.postgres.blueprints import parts
from dbaas.engines.postgres.databases import NO_LIMIT, ObservedDatabase
from dbaas.engines.postgres.memberships import ObservedMemberships
from dbaas.engines.postgres.privileges.entries import Entry
from dbaas.engines.postgres.privileges.holdings import ObservedPrivileges
from dbaas.engines.postgres.privileges.wording import is_expressible, put_into_words
from dbaas.engines.postgres.roles import ObservedRole

MOST_ITEMS = 500  # of what one manifest may say of privileges
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_ATTRIBUTES: Mapping[str, tuple[str, bool]] = {
    "superuser": ("superuser", False), "create_db": ("createDB", False), "create_role": ("createRole", False),
    "replication": ("replication", False), "bypass_rls": ("bypassRLS", False), "inherit": ("inherit", True),
}  # fmt: skip
"""By attribute, its field of the block and what a new role has."""


class PostgresAdopting:
    """Implements `contracts.adopting.Adopting`."""

    async def describe(
        self, look: Look, facts: ServerFacts, kind: Kind, names: Collection[str], databases: Collection[str]
    ) -> Mapping[str, Described]:
        if kind == DATABASE:
            found = await look(parts.DATABASES, None, names)
            return {name: Described(_describe_database(found[name])) for name in names if name in found}
        roles: Mapping[str, ObservedRole] = await look(parts.ROLES, None, names)
        members: Mapping[str, ObservedMemberships] = await look(parts.MEMBERSHIPS, None, names)
        held = await _look_at_privileges(look, names, databases)
        described = {}
        for name in (name for name in names if name in roles):
            spec = _describe_user(roles[name]) if kind == DATABASE_USER else _describe_role(roles[name])
            memberships, left_out = _describe_memberships(members.get(name), facts.login)
            items, unsaid = _describe_privileges(held.get(name, {}))
            left_out += unsaid
            more = {"memberships": memberships, "privileges": items}
            described[name] = Described(
                {**spec, **{key: value for key, value in more.items() if value}}, tuple(left_out)
            )
        return described


def _describe_database(observed: ObservedDatabase) -> Mapping[str, Any]:
    block: dict[str, Any] = {}
    if observed.connection_limit != NO_LIMIT:
        block["connectionLimit"] = observed.connection_limit
    if observed.is_template:
        block["isTemplate"] = True
    if not observed.allow_connections:
        block["allowConnections"] = False
    spec = {"name": observed.name, "owner": observed.owner, "revokePublic": False, "deletionPolicy": "Retain"}
    return _with_block(spec, block)


def _describe_user(observed: ObservedRole) -> Mapping[str, Any]:
    """Its password is nobody's business: it is neither made nor published."""
    block = _read_attributes(observed)
    if observed.connection_limit != NO_LIMIT:
        block["connectionLimit"] = observed.connection_limit
    if _MOMENT.fullmatch(observed.valid_until):
        block["validUntil"] = observed.valid_until
    spec = {"username": observed.name, "passwordSecret": {"generate": False}, "deletionPolicy": "Retain"}
    return _with_block(spec, block)


def _describe_role(observed: ObservedRole) -> Mapping[str, Any]:
    return _with_block({"roleName": observed.name, "deletionPolicy": "Retain"}, _read_attributes(observed))


def _read_attributes(observed: ObservedRole) -> dict[str, Any]:
    values = {field: (getattr(observed.attributes, name), new) for name, (field, new) in _ATTRIBUTES.items()}
    return {field: value for field, (value, new) in values.items() if value is not new}


def _with_block(spec: Mapping[str, Any], block: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**spec, parts.ENGINE_NAME: block} if block else spec


def _describe_memberships(observed: ObservedMemberships | None, login: str) -> tuple[list[dict[str, Any]], list[str]]:
    """Nobody may be stated to be a member of our own login."""
    if observed is None:
        return [], []
    described, left_out = [], []
    for role in sorted({held.role for held in observed.held}):
        if role == login:
            left_out.append(f"that it is a member of {role!r}, which is the login of dbaas itself")
            continue
        given = [held for held in observed.held if held.role == role]
        one: dict[str, Any] = {"role": role}
        if any(held.admin for held in given):
            one["admin"] = True
        if (inherits := any(held.inherit for held in given)) != observed.inherits:
            one["inherit"] = inherits
        if not any(held.set for held in given):
            one["set"] = False
        described.append(one)
    return described, left_out


def _describe_privileges(held: Mapping[str | None, Collection[Entry]]) -> tuple[list[dict[str, Any]], list[str]]:
    items, left_out = put_into_words(held), []
    if len(items) > MOST_ITEMS:
        left_out.append(f"{len(items) - MOST_ITEMS} of {len(items)} lists of privileges")
    if not all(is_expressible(entry) for entries in held.values() for entry in entries):
        left_out.append("what it may do with things that are called '*'")
    return items[:MOST_ITEMS], left_out


async def _look_at_privileges(
    look: Look, names: Collection[str], databases: Collection[str]
) -> Mapping[str, Mapping[str | None, Collection[Entry]]]:
    """By role and database; None is the server. A database that does not let us in is passed over."""
    found: dict[str, dict[str | None, Collection[Entry]]] = {}
    places = [(parts.PRIVILEGES, database) for database in databases]
    for part, database in [*places, (parts.DATABASE_PRIVILEGES, None)] if databases else []:
        try:
            observed: Mapping[str, ObservedPrivileges] = await look(part, database, names)
        except (Closed, Denied, Missing):
            continue
        for name in names:
            if name in observed and observed[name].held:
                found.setdefault(name, {})[database] = observed[name].held
    return found
