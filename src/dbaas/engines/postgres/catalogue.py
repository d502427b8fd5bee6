"""What the parts of this engine share: how names are asked for, what is locked, and how a role is borrowed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import LiteralString

from dbaas.contracts.engine import Denied, PlanRules
from dbaas.contracts.statement import Statement
from dbaas.engines.postgres.queries import Query
from dbaas.engines.postgres.statements import join_role, leave_role

# The role pg_database_owner (from version 14 on, always with this oid) can have no members: the database's owner is it.
PG_DATABASE_OWNER = 6171
OWNER_OF_THIS_DATABASE: LiteralString = "(SELECT datdba FROM pg_database WHERE datname = current_database())"


def asked(names: Collection[str] | None) -> Mapping[str, object]:
    """Arguments for `%(all)s OR x = ANY(%(names)s)`: None asks for everything."""
    return {"all": names is None, "names": sorted(names or ())}


def lock_database(name: str) -> frozenset[str]:
    return frozenset({f"database:{name}"})


def lock_role(name: str) -> frozenset[str]:
    return frozenset({f"role:{name}"})


def lock_inside(database: str, what: str) -> frozenset[str]:
    """Something inside a database: a schema with all that is in it, or its default privileges."""
    return frozenset({f"inside:{database}:{what}"})


def refuse_own_login(name: str, rules: PlanRules) -> None:
    """An object that claimed our own login could lock us out. Raises Denied."""
    if name == rules.server.login:
        raise Denied(f"role {name!r} is the login that dbaas itself uses on this server; it cannot be managed")


def borrowing(
    roles: Iterable[str | None], queries: Sequence[Query], rules: PlanRules, database: str | None, locks: frozenset[str]
) -> tuple[Statement, ...]:
    """The statements, framed where needed by grants of `roles` to our login, which end with the same transaction.

    A superuser needs none; others do, because only a member of a role may give or take what is its own.
    """
    needed = [role for role in dict.fromkeys(roles) if role and not may_act_as(role, rules)]
    login, version = rules.server.login, rules.server.version_number
    framed = [
        *(join_role(role, login, version) for role in needed),
        *queries,
        *(leave_role(role, login) for role in reversed(needed)),
    ]
    locks = locks.union(*(lock_role(role) for role in needed))
    return tuple(Statement(query, database=database, locks=locks) for query in framed)


def may_act_as(role: str, rules: PlanRules) -> bool:
    """Without being made a member of it first."""
    server = rules.server
    return "superuser" in server.capabilities or role == server.login or role in server.memberships
