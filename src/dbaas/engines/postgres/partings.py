"""Before a role is dropped: its sessions end, and what it owns is given away, dropped, or keeps it.

REASSIGN OWNED and DROP OWNED work in one database each, and on what all of them share (PostgreSQL's manual, "Dropping
Roles"). The first leaves default privileges behind, the second databases and tablespaces.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbaas.api.role import DropOptions, RoleSpec
from dbaas.api.user import DatabaseUserSpec
from dbaas.contracts.engine import PlanRules
from dbaas.contracts.parting import MOST_NAMED, Belonging, Look, Parting
from dbaas.contracts.statement import Change
from dbaas.engines.postgres import statements
from dbaas.engines.postgres.belongings import ObservedBelongings, Place
from dbaas.engines.postgres.blueprints.parts import BELONGINGS, ROLES, filled
from dbaas.engines.postgres.catalogue import borrowing, lock_role
from dbaas.engines.postgres.queries import Query
from dbaas.engines.postgres.roles import ObservedRole

ADVICE = (
    "give its things away with spec.drop.reassignOwnedTo, drop them with spec.drop.dropOwned, "
    "or set spec.deletionPolicy to Retain and it stays"
)


ADVICE_ON_DATABASES = (
    "databases and tablespaces are not dropped with the other things of a role: delete them first, or give everything "
    "away with spec.drop.reassignOwnedTo"
)


async def part_from_role(spec: DatabaseUserSpec | RoleSpec, look: Look, rules: PlanRules) -> Parting:
    """Implements `contracts.parting.Part` for users and roles."""
    name = filled(spec.username if isinstance(spec, DatabaseUserSpec) else spec.role_name)
    seen = (await look(BELONGINGS, None, [name])).get(name, ObservedBelongings(name))
    owned = [place for place in seen.places if place.owned]
    handles = spec.drop.drop_owned or spec.drop.reassign_owned_to is not None
    if owned and not handles and spec.drop.check_ownership:
        return await _tell_owned(name, look, owned, ADVICE)
    if spec.drop.drop_owned and (shared := [place for place in owned if not place.database]):
        return await _tell_owned(name, look, shared, ADVICE_ON_DATABASES)
    if owned and spec.drop.reassign_owned_to is not None:
        why = await _find_fault(spec.drop.reassign_owned_to, look, rules)
        if why:
            return await _tell_owned(name, look, owned, why)
    changes = [*_end_sessions(name, seen, rules)] if seen.sessions or isinstance(spec, DatabaseUserSpec) else []
    return Parting((*changes, *(change for place in seen.places for change in _clear(name, place, spec.drop, rules))))


async def _tell_owned(name: str, look: Look, places: list[Place], resolution: str) -> Parting:
    named: list[Belonging] = []
    for place in places:
        if len(named) < MOST_NAMED:
            found = (await look(BELONGINGS, place.database or None, [name])).get(name, ObservedBelongings(name))
            named += [each for each in found.owned if each.database == place.database]
    return Parting((), tuple(named[:MOST_NAMED]), sum(place.owned for place in places), resolution)


async def _find_fault(role: str, look: Look, rules: PlanRules) -> str:
    """Why that role cannot get things. What others wrote must not become an administrator's: it might run as them."""
    found: ObservedRole | None = (await look(ROLES, None, [role])).get(role)
    if found is None:
        return f"role {role!r} in spec.drop.reassignOwnedTo does not exist"
    if found.attributes.superuser or role == rules.server.login:
        return f"role {role!r} in spec.drop.reassignOwnedTo is an administrator, who gets nothing from others"
    return ""


def _end_sessions(name: str, seen: ObservedBelongings, rules: PlanRules) -> Iterator[Change]:
    run = borrowing([name], [statements.end_sessions(name)], rules, None, lock_role(name))
    yield Change("sessions", None, seen.sessions, run, destructive=True)


def _clear(name: str, place: Place, drop: DropOptions, rules: PlanRules) -> Iterator[Change]:
    """What is to be done in one database. Where things would be dropped that nobody said to drop, nothing is."""
    queries: list[Query] = []
    heir = drop.reassign_owned_to
    if place.owned and heir is not None:
        queries.append(statements.reassign_owned(name, heir))
    keeps_things = place.owned and heir is None and not drop.drop_owned
    is_to_clear = place.granted or heir is not None
    if (drop.drop_owned or (drop.revoke_privileges and is_to_clear)) and not keeps_things:
        queries.append(statements.drop_owned(name))
    if queries:
        roles = [name, heir if place.owned else None]
        run = borrowing(roles, queries, rules, place.database or None, lock_role(name))
        what = {"owned": place.owned, "granted": place.granted, "database": place.database}
        yield Change("drop", None, what, run, destructive=True)
