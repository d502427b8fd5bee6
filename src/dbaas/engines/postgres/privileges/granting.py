"""From entries to statements: as few as there can be, each as the role that gives or takes. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from dbaas.contracts.statement import Statement
from dbaas.engines.postgres import statements
from dbaas.engines.postgres.catalogue import borrowing, lock_database, lock_inside
from dbaas.engines.postgres.privileges.entries import IN_SCHEMA, ON_SERVER, ROUTINES, Entry, Target
from dbaas.engines.postgres.privileges.expansion import Facts
from dbaas.engines.postgres.queries import Identifier, Literal, Query, compose
from dbaas.engines.postgres.statements import FutureObjects, Objects

MOST_NAMES = 200  # in one statement
_KEYWORDS = {
    "column": "TABLE", "foreignDataWrapper": "FOREIGN DATA WRAPPER", "foreignServer": "FOREIGN SERVER",
    "largeObject": "LARGE OBJECT",
}  # fmt: skip


@dataclass(frozen=True)
class Group:
    """Targets of one type, place and owner that need the same privileges from the same grantor.

    `place` is a target without a name; for columns without a column.
    """

    place: Target
    owner: str | None
    privileges: tuple[str, ...]
    grantable: bool


def group_entries(entries: Collection[Entry], facts: Facts, *, gives: bool) -> Mapping[Group, Sequence[Target]]:
    """In a stable order. With both a privilege and its grant option to give or take, one statement does both.

    A routine that is not there is left out: nothing can be said about it before it is.
    """
    by_target: defaultdict[tuple[Target, bool], list[str]] = defaultdict(list)
    chosen = set(entries)
    for entry in sorted(chosen):
        other = replace(entry, grantable=not entry.grantable)
        if other in chosen and entry.grantable != gives:
            continue  # giving with the option gives the privilege; taking the privilege takes the option
        by_target[entry.target, entry.grantable].append(entry.privilege)
    groups: defaultdict[Group, list[Target]] = defaultdict(list)
    for (target, grantable), privileges in by_target.items():
        owner = target.grantor if target.is_future else facts.inventory.owner(target)
        place = replace(target, column="") if target.on == "column" else replace(target, name="")
        groups[Group(place, owner, tuple(privileges), grantable)].append(target)
    return groups


def run_group(group: Group, targets: Sequence[Target], facts: Facts, *, gives: bool) -> tuple[Statement, ...]:
    """None where it cannot be said yet: what it needs is waited for, and looked at again."""
    if facts.is_blind:
        return ()
    if group.place.on in ROUTINES and group.owner is None and not targets[0].is_future:
        return ()
    query = _compose(group, targets, facts, gives=gives)
    grantor = None if targets[0].is_future else _grantor(group, targets, facts)
    queries = [statements.act_as(grantor), query, statements.act_as_ourselves()] if grantor else [query]
    borrowed = None if group.place.on == "parameter" else targets[0].grantor or group.owner
    return borrowing([borrowed], queries, facts.rules, facts.database, _locks(targets, facts.database))


def tell_privileges(group: Group, *, gives: bool) -> str:
    """For people: "INSERT, SELECT with grant option"."""
    text = ", ".join(group.privileges)
    if not group.grantable:
        return text
    return f"{text} with grant option" if gives else f"grant option for {text}"


def _grantor(group: Group, targets: Sequence[Target], facts: Facts) -> str | None:
    """Whom we become for it. The owner, too, where the server would take our own right to give it on for the giver."""
    if targets[0].grantor is not None:
        return targets[0].grantor
    server, inventory = facts.rules.server, facts.inventory
    if "superuser" in server.capabilities or group.owner == server.login:
        return None
    ours = {server.login, *server.memberships}
    may_give = any(inventory.may_give(target, p) & ours for target in targets for p in group.privileges)
    return group.owner if may_give else None


def _compose(group: Group, targets: Sequence[Target], facts: Facts, *, gives: bool) -> Query:
    place, grantee = group.place, facts.principal
    keyword = _KEYWORDS.get(place.on, place.on.upper())
    if targets[0].is_future:
        future = FutureObjects(f"{keyword}S", place.grantor or "", place.schema or None)
        if gives:
            return statements.grant_future(group.privileges, future, grantee, grantable=group.grantable)
        return statements.revoke_future(group.privileges, future, grantee, only_option=group.grantable)
    objects = Objects(keyword, tuple(_name_objects(group, targets, facts)), _columns(targets))
    if gives:
        return statements.grant(group.privileges, objects, grantee, grantable=group.grantable)
    return statements.revoke(group.privileges, objects, grantee, only_option=group.grantable)


def _columns(targets: Sequence[Target]) -> tuple[Identifier, ...]:
    return tuple(Identifier(target.column) for target in targets if target.column)


def _name_objects(group: Group, targets: Sequence[Target], facts: Facts) -> Iterable[Identifier | Literal | Query]:
    on, schema = group.place.on, group.place.schema
    for target in targets[:1] if on == "column" else targets:
        if on in ROUTINES:
            yield _name_routine(target, facts)
        elif on == "largeObject":
            yield Literal(int(target.name))
        elif on == "parameter":
            yield Identifier(*target.name.split("."))
        else:
            yield Identifier(schema, target.name) if schema else Identifier(target.name)


def _name_routine(target: Target, facts: Facts) -> Identifier | Query:
    """By its name alone where no other has it."""
    routine = facts.inventory.called(target.on, target.schema)[target.name]
    name = Identifier(target.schema, routine.name)
    if routine.types is None:
        return name
    if not routine.types:
        return compose("{name}()", name=name)
    return compose("{name}({types})", name=name, types=[Identifier(*each) for each in routine.types])


def _locks(targets: Sequence[Target], database: str | None) -> frozenset[str]:
    """The catalogue rows that hold the privileges; those of a schema's tables count as one."""
    locks = frozenset[str]()
    for target in targets:
        if target.is_future:
            locks |= lock_inside(database or "", "default privileges")
        elif target.on == "database":
            locks |= lock_database(target.name)
        elif target.on in ON_SERVER:
            locks |= {f"{target.on}:{target.name}"}
        else:
            in_schema = target.on in IN_SCHEMA or target.on == "schema"
            locks |= lock_inside(database or "", (target.schema or target.name) if in_schema else target.on)
    return locks
