"""From entries as they are written to single privileges on single objects, given by whom the server will name. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from dbaas.contracts.engine import PlanRules
from dbaas.contracts.statement import Change
from dbaas.engines.postgres.privileges.entries import (
    ALL_NAMES,
    ALL_PRIVILEGES,
    OUR_LOGIN,
    PUBLIC,
    PUBLIC_BY_DEFAULT,
    ROUTINES,
    SYNONYMS,
    Entry,
    Target,
    explain_missing,
    privileges_on,
    with_implied,
)
from dbaas.engines.postgres.privileges.holdings import Inventory, Place
from dbaas.engines.postgres.privileges.signatures import find_routines


@dataclass(frozen=True)
class Facts:
    """What entries are expanded with."""

    principal: str
    database: str | None
    inventory: Inventory
    rules: PlanRules
    is_blind: bool = False  # nothing is known of what is there, and without knowing its owner we may not give it


def expand(entries: Iterable[Entry], facts: Facts) -> Iterator[Entry]:
    """On what it owns or will own, the principal needs nothing. What the version lacks is left out.

    All there are, by a grantor, are all that the grantor may give.
    """
    server = facts.rules.server
    for entry in with_implied(entries):
        if explain_missing(entry, server.version, server.version_number) is not None:
            continue
        known = privileges_on(entry.target.on, server.version_number)
        privilege = SYNONYMS.get(entry.privilege, entry.privilege)
        privileges = known if privilege in ALL_PRIVILEGES else [privilege]
        for target in _expand_target(entry.target, facts):
            owner = target.grantor if target.is_future else facts.inventory.owner(target)
            if owner == facts.principal:
                continue
            for each in privileges:
                if entry.target.name != ALL_NAMES or _may_be_given(target, each, facts):
                    yield Entry(_name_grantor(target, each, facts), each, entry.grantable)


def held_by_default(targets: Iterable[Target], facts: Facts) -> Iterator[Entry]:
    """What everybody holds on these without being granted it: new objects come so."""
    if facts.principal != PUBLIC:
        return
    inventory = facts.inventory
    for target in targets:
        if target.is_future:
            is_default = not target.schema and (target.on, "", target.grantor or "") not in inventory.defaults
            is_default &= target.on in ("function", "type")  # the types whose first privileges name PUBLIC
        else:
            is_default = (Place(target.on, target.schema), target.name) in inventory.untouched
        if is_default and (target.is_future or target.grantor is None):
            yield from (Entry(target, privilege) for privilege in PUBLIC_BY_DEFAULT.get(target.on, ()))


def impossible(entries: Iterable[Entry], facts: Facts) -> Iterator[Change]:
    """What nothing can be sent for: the version lacks it, or several routines could be meant."""
    server = facts.rules.server
    for entry in sorted({replace(entry, grantable=False) for entry in entries}):
        why = explain_missing(entry, server.version, server.version_number)
        if why is None and (several := _several(entry.target, facts)):
            why = f"there are {len(several)} of that name, write which: {', '.join(several)}"
        if why is not None:
            yield Change(f"privileges[{entry.target}]", entry.privilege, None, immutable=True, why=why)


def _expand_target(target: Target, facts: Facts) -> Iterator[Target]:
    names = facts.inventory.names(target.on, target.schema)
    if target.is_future:
        yield target if target.grantor != OUR_LOGIN else replace(target, grantor=facts.rules.server.login)
    elif target.name == ALL_NAMES:
        yield from (replace(target, name=name) for name in names)
    elif target.on in ROUTINES:
        found = find_routines(target.name, facts.inventory.called(target.on, target.schema))
        yield from (replace(target, name=name) for name in found or [target.name] if len(found) < 2)
    else:
        yield target


def _several(target: Target, facts: Facts) -> list[str]:
    if target.on not in ROUTINES or target.is_future or target.name == ALL_NAMES:
        return []
    found = find_routines(target.name, facts.inventory.called(target.on, target.schema))
    return found if len(found) > 1 else []


def _may_be_given(target: Target, privilege: str, facts: Facts) -> bool:
    grantor, inventory = target.grantor, facts.inventory
    if grantor is None:
        return True
    owner = inventory.owner(target)
    is_owner = grantor == owner or inventory.acts_as(grantor, owner)
    return is_owner or grantor in inventory.may_give(target, privilege)


def _name_grantor(target: Target, privilege: str, facts: Facts) -> Target:
    """As the server will record it: what is given with an owner's rights counts as given by the owner."""
    if target.is_future or target.grantor is None:
        return target
    inventory, owner = facts.inventory, facts.inventory.owner(target)
    if target.grantor == owner or target.grantor in inventory.superusers:
        return replace(target, grantor=None)
    if target.grantor in inventory.may_give(target, privilege) or not inventory.acts_as(target.grantor, owner):
        return target
    return replace(target, grantor=None)
