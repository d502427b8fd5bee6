"""What the catalogue says of privileges: who holds what by whom, and what there is to hold privileges on.

Nothing is said of what owners hold on their own objects, because they hold everything there.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from dbaas.engines.postgres.catalogue import asked
from dbaas.engines.postgres.privileges import catalogue_queries as queries
from dbaas.engines.postgres.privileges.entries import Entry, Target
from dbaas.engines.postgres.session import PostgresSession

_NOTHING: Mapping[str, str] = {}
_NOBODY: frozenset[str] = frozenset()


class Place(NamedTuple):
    """Where objects of one type are; `schema` is empty for those that are in none."""

    on: str
    schema: str


@dataclass(frozen=True)
class Routine:
    """A function or procedure. `types` are schema and name of its arguments' types, where others share its name."""

    name: str
    types: tuple[tuple[str, str], ...] | None = None


@dataclass(frozen=True)
class Inventory:
    """The objects there are, with their owners, by type and schema.

    `untouched`: nobody has granted anything on them yet. `routines` are called by their signatures in `objects`.
    `givers` may give a privilege on, because somebody gave it to them so. `agents` of a role have all its rights.
    `defaults`: where some default privileges are stated, as (type, schema, grantor).
    """

    objects: Mapping[Place, Mapping[str, str]] = field(default_factory=dict)
    untouched: frozenset[tuple[Place, str]] = frozenset()
    routines: Mapping[Place, Mapping[str, Routine]] = field(default_factory=dict)
    givers: Mapping[tuple[Target, str], frozenset[str]] = field(default_factory=dict)
    agents: Mapping[str, frozenset[str]] = field(default_factory=dict)
    superusers: frozenset[str] = frozenset()
    defaults: frozenset[tuple[str, str, str]] = frozenset()

    def names(self, on: str, schema: str) -> Collection[str]:
        return self.objects.get(Place(on, schema), _NOTHING)

    def called(self, on: str, schema: str) -> Mapping[str, Routine]:
        """The routines there are, by signature."""
        return self.routines.get(Place(on, schema), {})

    def owner(self, target: Target) -> str | None:
        """None where there is no such object. A column belongs to its table's owner."""
        on = "table" if target.on == "column" else target.on
        return self.objects.get(Place(on, target.schema), _NOTHING).get(target.name)

    def may_give(self, target: Target, privilege: str) -> frozenset[str]:
        """Who got the right to give it on, whoever it was from. Who may give a table may give its columns."""
        found = self.givers.get((_from_anybody(target), privilege), _NOBODY)
        if target.on != "column":
            return found
        return found | self.givers.get((Target("table", target.schema, target.name), privilege), _NOBODY)

    def acts_as(self, role: str, owner: str | None) -> bool:
        """Whether what the role gives counts as given by the owner."""
        return role in self.superusers or role in self.agents.get(owner or "", _NOBODY)


@dataclass(frozen=True)
class ObservedPrivileges:
    """What a principal holds; `inventory` is shared by all principals that were observed together.

    An entry without a grantor was given by the object's owner.
    """

    principal: str
    held: frozenset[Entry]
    inventory: Inventory = field(repr=False, compare=False)
    database: str | None = None


async def read_inside(session: PostgresSession, names: Collection[str] | None) -> Mapping[str, ObservedPrivileges]:
    """What is in the session's database. Every principal that exists gets an answer, also those that hold nothing."""
    return await _read(session, names, queries.INSIDE, session.database)


async def read_large_objects(
    session: PostgresSession, names: Collection[str] | None
) -> Mapping[str, ObservedPrivileges]:
    """The same for large objects: there can be millions, so only those who want some of them look."""
    return await _read(session, names, queries.LARGE_OBJECTS, session.database)


async def read_on_server(session: PostgresSession, names: Collection[str] | None) -> Mapping[str, ObservedPrivileges]:
    """The same for databases themselves, tablespaces and parameters."""
    if session.server_version < queries.PARAMETERS_SINCE:
        return await _read(session, names, queries.ON_OLD_SERVER, None)
    if session.parameters is None:
        session.parameters = await session.fetch(queries.PARAMETERS)
    return await _read(session, names, queries.ON_SERVER, None, session.parameters)


async def _read(
    session: PostgresSession, names: Collection[str] | None, source: queries.Source, database: str | None,
    also_there: Sequence[tuple[Any, ...]] = (),
) -> Mapping[str, ObservedPrivileges]:  # fmt: skip
    """`also_there` need not be asked for; of what is in both, the server's answer counts."""
    principals = await session.fetch(queries.PRINCIPALS, asked(names))
    held = await session.fetch(source.held, asked(names))
    there = await session.fetch(source.there)
    is_per_member = session.server_version >= queries.INHERIT_PER_MEMBER_SINCE
    acting = await session.fetch(source.acting if is_per_member else source.acting_before_16)
    chosen = {name for (name,) in principals}
    entries, givers = _sort(held, chosen)
    inventory = _take_stock([*also_there, *there], acting, givers)
    return {
        name: ObservedPrivileges(name, frozenset(entries.get(name, ())), inventory, database) for name in sorted(chosen)
    }


def _sort(
    held: Iterable[tuple[Any, ...]], chosen: Collection[str]
) -> tuple[Mapping[str, set[Entry]], Mapping[tuple[Target, str], frozenset[str]]]:
    """What the chosen hold, and who may give what."""
    entries: defaultdict[str, set[Entry]] = defaultdict(set)
    givers: defaultdict[tuple[Target, str], set[str]] = defaultdict(set)
    for principal, on, schema, name, column, grantor, privilege, grantable in held:
        target = Target(on, schema, name, grantor, column)
        if grantable and name:
            givers[_from_anybody(target), privilege].add(principal)
        if principal in chosen:
            entries[principal].add(Entry(target, privilege))
            if grantable:
                entries[principal].add(Entry(target, privilege, grantable=True))
    return entries, {what: frozenset(who) for what, who in givers.items()}


def _take_stock(
    there: Iterable[tuple[Any, ...]], acting: Iterable[tuple[Any, ...]],
    givers: Mapping[tuple[Target, str], frozenset[str]],
) -> Inventory:  # fmt: skip
    objects: defaultdict[Place, dict[str, str]] = defaultdict(dict)
    untouched: set[tuple[Place, str]] = set()
    routines: defaultdict[Place, dict[str, Routine]] = defaultdict(dict)
    defaults: set[tuple[str, str, str]] = set()
    for on, schema, owner, is_untouched, names, called in there:
        if on.startswith(queries.FUTURE):
            defaults.add((on.removeprefix(queries.FUTURE), schema, owner))
            continue
        place = Place(on, schema)
        objects[place].update(dict.fromkeys(names, owner))
        (untouched.update if is_untouched else untouched.difference_update)((place, name) for name in names)
        routines[place].update((name, _read_routine(text)) for name, text in zip(names, called, strict=True) if text)
    agents: defaultdict[str, set[str]] = defaultdict(set)
    for role, member in acting:
        agents[role].add(member)
    superusers = frozenset(agents.pop("", ()))
    return Inventory(
        dict(objects), frozenset(untouched), dict(routines), givers,
        {role: frozenset(members) for role, members in agents.items()}, superusers, frozenset(defaults),
    )  # fmt: skip


def _read_routine(text: str) -> Routine:
    called, types = json.loads(text)
    return Routine(called, None if types is None else tuple((schema, name) for schema, name in types))


def _from_anybody(target: Target) -> Target:
    return target if target.grantor is None else Target(target.on, target.schema, target.name, None, target.column)
