"""The least that must be granted and revoked. Pure sets: wanted, held, owned, claimed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from dbaas.contracts.engine import PlanRules
from dbaas.contracts.statement import NOTHING, Change, Plan
from dbaas.engines.postgres import statements
from dbaas.engines.postgres.catalogue import borrowing, lock_database, lock_inside
from dbaas.engines.postgres.privileges.entries import (
    ALL_NAMES,
    ALL_PRIVILEGES,
    OUR_LOGIN,
    SYNONYMS,
    DesiredPrivileges,
    Entry,
    Target,
    parse_key,
    privileges_on,
    with_implied,
)
from dbaas.engines.postgres.privileges.holdings import Inventory, ObservedPrivileges
from dbaas.engines.postgres.queries import Identifier, Query
from dbaas.engines.postgres.statements import FutureObjects, Objects

MOST_NAMES = 200  # in one statement
MOST_NAMES_TOLD = 3
_KEYWORDS = {"database": "DATABASE", "schema": "SCHEMA", "table": "TABLE", "sequence": "SEQUENCE"}


@dataclass(frozen=True)
class _Group:
    """Targets of one type, place and owner that need the same privileges."""

    place: Target  # without a name
    owner: str | None
    privileges: tuple[str, ...]
    grantable: bool


@dataclass(frozen=True)
class _Facts:
    """What entries are expanded with."""

    principal: str
    database: str | None
    inventory: Inventory
    rules: PlanRules


def plan_privileges(
    desired: DesiredPrivileges | None, observed: ObservedPrivileges | None, owned: frozenset[str],
    claims: frozenset[str], rules: PlanRules,
) -> Plan:  # fmt: skip
    """Where the principal or the database does not exist yet, nothing is there that `*` could stand for."""
    if observed is None:
        if desired is None:
            return NOTHING
        observed = ObservedPrivileges(desired.principal, frozenset(), Inventory(), desired.database)
    facts = _Facts(observed.principal, observed.database, observed.inventory, rules)
    stated = desired.entries if desired is not None else frozenset[Entry]()
    wanted = set(_expand(stated, facts))
    kept = wanted.union(_expand(map(parse_key, claims), facts))
    gone = (set(_expand(map(parse_key, owned), facts)) - kept) & observed.held
    return Plan(
        (
            *_unknown(stated, rules),
            *_changes(wanted - observed.held, facts, gives=True),
            *_changes(gone, facts, gives=False),
        )
    )


def _expand(entries: Iterable[Entry], facts: _Facts) -> Iterator[Entry]:
    """To single privileges on single objects. On what it owns or will own, the principal needs nothing."""
    version = facts.rules.server.version_number
    for entry in with_implied(entries):
        known = privileges_on(entry.target.on, version)
        privilege = SYNONYMS.get(entry.privilege, entry.privilege)
        privileges = known if privilege in ALL_PRIVILEGES else [privilege] if privilege in known else []
        for target in _expand_target(entry.target, facts):
            owner = target.grantor if target.is_future else facts.inventory.owner(target)
            if owner != facts.principal:
                yield from (Entry(target, name, entry.grantable) for name in privileges)


def _expand_target(target: Target, facts: _Facts) -> Iterator[Target]:
    if target.grantor == OUR_LOGIN:
        yield replace(target, grantor=facts.rules.server.login)
    elif target.name == ALL_NAMES:
        yield from (replace(target, name=name) for name in facts.inventory.names(target.on, target.schema))
    else:
        yield target


def _unknown(entries: Iterable[Entry], rules: PlanRules) -> Iterator[Change]:
    """MAINTAIN on an older server: nothing can be sent for it."""
    for entry in sorted(entries):
        known = {*privileges_on(entry.target.on, rules.server.version_number), *ALL_PRIVILEGES, *SYNONYMS}
        if entry.privilege not in known and not entry.grantable:
            actual = f"PostgreSQL {rules.server.version} has no privilege {entry.privilege} on a {entry.target.on}"
            yield Change(_field([entry.target]), entry.privilege, actual, immutable=True)


def _changes(entries: Iterable[Entry], facts: _Facts, *, gives: bool) -> Iterator[Change]:
    """What this object applied itself is taken away because its manifest says so: that is not called destructive."""
    for group, targets in _group(entries, facts, gives=gives).items():
        for start in range(0, len(targets), MOST_NAMES):
            chosen = targets[start : start + MOST_NAMES]
            query = _compose(group, chosen, facts.principal, gives=gives)
            run = borrowing([group.owner], [query], facts.rules, facts.database, _locks(chosen, facts.database))
            text = ", ".join(group.privileges)
            text = (
                text
                if not group.grantable
                else f"grant option for {text}"
                if not gives
                else f"{text} with grant option"
            )
            expected, actual = (text, None) if gives else (None, text)
            yield Change(_field(chosen), expected, actual, run)


def _group(entries: Iterable[Entry], facts: _Facts, *, gives: bool) -> Mapping[_Group, Sequence[Target]]:
    """In a stable order. With both a privilege and its grant option to give or take, one statement does both."""
    by_target: defaultdict[tuple[Target, bool], list[str]] = defaultdict(list)
    chosen = set(entries)
    for entry in sorted(chosen):
        other = replace(entry, grantable=not entry.grantable)
        if other in chosen and entry.grantable != gives:
            continue  # giving with the option gives the privilege; taking the privilege takes the option
        by_target[entry.target, entry.grantable].append(entry.privilege)
    groups: defaultdict[_Group, list[Target]] = defaultdict(list)
    for (target, grantable), privileges in by_target.items():
        owner = target.grantor if target.is_future else facts.inventory.owner(target)
        groups[_Group(replace(target, name=""), owner, tuple(privileges), grantable)].append(target)
    return groups


def _compose(group: _Group, targets: Sequence[Target], principal: str, *, gives: bool) -> Query:
    keyword, place = _KEYWORDS[group.place.on], group.place
    if place.grantor is not None:
        future = FutureObjects(f"{keyword}S", place.grantor, place.schema or None)
        if gives:
            return statements.grant_future(group.privileges, future, principal, grantable=group.grantable)
        return statements.revoke_future(group.privileges, future, principal, only_option=group.grantable)
    names = (Identifier(place.schema, t.name) if place.schema else Identifier(t.name) for t in targets)
    objects = Objects(keyword, tuple(names))
    if gives:
        return statements.grant(group.privileges, objects, principal, grantable=group.grantable)
    return statements.revoke(group.privileges, objects, principal, only_option=group.grantable)


def _locks(targets: Sequence[Target], database: str | None) -> frozenset[str]:
    """The catalogue rows that hold the privileges; those of a schema's tables count as one."""
    locks = frozenset[str]()
    for target in targets:
        if target.is_future:
            locks |= lock_inside(database or "", "default privileges")
        elif target.on == "database":
            locks |= lock_database(target.name)
        else:
            locks |= lock_inside(database or "", target.schema or target.name)
    return locks


def _field(targets: Sequence[Target]) -> str:
    if len(targets) == 1:
        return f"privileges[{targets[0]}]"
    names = ", ".join(target.name for target in targets[:MOST_NAMES_TOLD])
    more = len(targets) - MOST_NAMES_TOLD
    told = f"{names} and {more} more" if more > 0 else names
    return f"privileges[{replace(targets[0], name=told)}]"
