"""Which databases, users and roles of a server are not its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dbaas.contracts.engine import Inventory, ServerFacts
from dbaas.engines.postgres.blueprints.parts import DATABASES, ROLES
from dbaas.engines.postgres.databases import ObservedDatabase
from dbaas.engines.postgres.names import RESERVED_DATABASES, RESERVED_ROLES
from dbaas.engines.postgres.roles import ObservedRole

PARTS = (DATABASES, ROLES)


def take_inventory(observed: Mapping[str, Mapping[str, Any]], facts: ServerFacts) -> Inventory:
    """`observed` has all there is of `PARTS`. Our own login is the server's, and what begins with `pg_`."""
    databases: Mapping[str, ObservedDatabase] = observed[DATABASES]
    roles: Mapping[str, ObservedRole] = observed[ROLES]
    others = {
        name: role
        for name, role in roles.items()
        if name not in RESERVED_ROLES and name != facts.login and not name.startswith("pg_")
    }
    return Inventory(
        databases=tuple(sorted(databases.keys() - RESERVED_DATABASES)),
        users=tuple(sorted(name for name, role in others.items() if role.attributes.login)),
        roles=tuple(sorted(name for name, role in others.items() if not role.attributes.login)),
    )
