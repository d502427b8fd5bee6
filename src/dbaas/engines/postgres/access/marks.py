"""Facts as stable strings: those that a manifest wants, and those that could be wanted for what is there. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from dbaas.contracts.engine import Item
from dbaas.engines.postgres.access.catalogue import Future, Holding
from dbaas.engines.postgres.databases import DesiredDatabase
from dbaas.engines.postgres.memberships import DesiredMemberships
from dbaas.engines.postgres.privileges.entries import (
    ALL_NAMES,
    ALL_PRIVILEGES,
    ON_SERVER,
    OUR_LOGIN,
    ROUTINES,
    SYNONYMS,
    DesiredPrivileges,
    Target,
)
from dbaas.engines.postgres.roles import DesiredRole
from dbaas.engines.postgres.schemas import DesiredSchema

ALL = "ALL"
_ATTRIBUTES = {
    "superuser": "SUPERUSER", "create_db": "CREATEDB", "create_role": "CREATEROLE", "replication": "REPLICATION",
    "bypass_rls": "BYPASSRLS",
}  # fmt: skip


def find_marks(item: Item) -> Iterator[str]:
    """Implements `contracts.reviewing.Reviewing.marks`."""
    match item.desired:
        case DesiredPrivileges(principal=principal, entries=entries, database=database):
            yield from (_privilege(database or "", principal, each.target, each.privilege) for each in entries)
        case DesiredMemberships(member=member, memberships=memberships):
            yield from (mark_membership(member, each.role) for each in memberships)
        case DesiredDatabase(name=name, owner=str(owner)):
            yield mark_owner("database", name, "", owner)
        case DesiredSchema(database=database, name=name, owner=str(owner)):
            yield mark_owner("schema", database, name, owner)
        case DesiredRole(name=name, attributes=attributes):
            yield from (mark_attribute(name, word) for field, word in _ATTRIBUTES.items() if getattr(attributes, field))


def mark_membership(member: str, role: str) -> str:
    return _mark("member", member, role)


def mark_owner(on: str, database: str, schema: str, owner: str) -> str:
    return _mark("owner", on, database, schema, owner)


def mark_attribute(role: str, word: str) -> str:
    return _mark("attribute", role, word)


def marks_of_holding(holding: Holding, database: str) -> frozenset[str]:
    """However it could be wanted: by name or all there are, one privilege or all, of today or as it was to come."""
    assert holding.privilege is not None, "nobody wants nothing"
    on, place = holding.on, "" if holding.on in ON_SERVER else database
    names = {holding.name, *({holding.name.split("(")[0]} if on in ROUTINES else ())}
    grantors = {"", holding.grantor or "", holding.owner}
    marks = [
        _privilege(place, holding.grantee, Target(on, holding.schema, name, grantor, holding.column), word)
        for name in names for grantor in grantors for word in (holding.privilege, ALL)
    ]  # fmt: skip
    kind = (on, holding.schema, holding.column, holding.owner, holding.grantor or "")
    return _general(kind, holding.privilege, holding.grantee, place).union(marks)


def marks_of_future(future: Future, database: str) -> frozenset[str]:
    """The same for what is yet to come."""
    targets = [Target(future.on, future.schema, grantor=maker) for maker in (future.maker, OUR_LOGIN)]
    return frozenset(
        _privilege(database, future.grantee, target, word) for target in targets for word in (future.privilege, ALL)
    )


@lru_cache(maxsize=1024)
def _general(kind: tuple[str, str, str, str, str], privilege: str, principal: str, place: str) -> frozenset[str]:
    """The marks that name no object: thousands of tables in a schema share them."""
    on, schema, column, owner, giver = kind
    targets = [Target(on, schema, ALL_NAMES, grantor, column) for grantor in {"", giver, owner}]
    if on not in ON_SERVER and on != "column":
        targets += [Target(on, within, grantor=maker) for within in {schema, ""} for maker in (owner, OUR_LOGIN)]
    return frozenset(_privilege(place, principal, target, word) for target in targets for word in (privilege, ALL))


def _privilege(database: str, principal: str, target: Target, privilege: str) -> str:
    """Whether it may be given on makes no difference: who wants that wants the privilege."""
    word = ALL if privilege in ALL_PRIVILEGES else SYNONYMS.get(privilege, privilege)
    named = (target.on, target.schema, target.name, target.column, target.grantor or "")
    return _mark("privilege", database, principal, *named, word)


def _mark(*words: str) -> str:
    """No name has this character."""
    return "\0".join(words)
