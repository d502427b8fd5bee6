"""From items of a manifest to what one principal holds: in each database, on large objects there, and on the server."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from dbaas.api.grant import Privilege
from dbaas.contracts.engine import Item, Need, References
from dbaas.engines.postgres.blueprints.parts import (
    DATABASE_PRIVILEGES,
    LARGE_OBJECT_PRIVILEGES,
    PRIVILEGES,
    RELATIONS,
    filled,
    need_database,
    need_role,
    need_schema,
)
from dbaas.engines.postgres.privileges.entries import (
    ALL_NAMES,
    IN_SCHEMA,
    ON_SERVER,
    OUR_LOGIN,
    PUBLIC,
    DesiredPrivileges,
    Entry,
    Target,
)
from dbaas.engines.postgres.relations import name_relation

_Place = tuple[str, str | None]  # part and database


def describe_privileges(
    privileges: Iterable[Privilege], principal: str, references: References, *, exact: bool = False
) -> tuple[Item, ...]:
    """What is on the server first, then an item for each database. `principal` may be PUBLIC.

    Where the database of an item is not known any more, as when its object goes, it is left out: what was applied is
    remembered elsewhere.
    """
    places: defaultdict[_Place, set[Entry]] = defaultdict(set)
    for privilege in privileges:
        if privilege.database is None and references.database is None and _is_in_database(privilege):
            continue
        for target in _targets(privilege, references):
            entries = (Entry(target, name, privilege.with_grant_option) for name in privilege.privileges)
            places[_place(privilege, target, references)].update(entries)
    return tuple(
        _item(part, database, DesiredPrivileges(principal, frozenset(entries), database, exact))
        for (part, database), entries in sorted(places.items(), key=lambda pair: (pair[0][1] or "", pair[0][0]))
    )


def _is_in_database(privilege: Privilege) -> bool:
    return privilege.on not in ON_SERVER or (privilege.on == "database" and not privilege.names)


def _place(privilege: Privilege, target: Target, references: References) -> _Place:
    if target.on in ON_SERVER:
        return DATABASE_PRIVILEGES, None
    large = target.on == "largeObject" and not target.is_future
    return LARGE_OBJECT_PRIVILEGES if large else PRIVILEGES, filled(privilege.database or references.database)


def _targets(privilege: Privilege, references: References) -> Iterator[Target]:
    on, grantor = privilege.on, privilege.grantor
    if privilege.future:
        owner = grantor or references.database_owner or OUR_LOGIN
        yield Target(on, privilege.schema_ or "", grantor=owner)
    elif on == "database":
        names = privilege.names or [filled(privilege.database or references.database)]
        yield from (Target(on, name=name, grantor=grantor) for name in names)
    elif on == "schema":
        yield from (Target(on, name=name, grantor=grantor) for name in privilege.names or [filled(privilege.schema_)])
    elif privilege.columns:
        schema = filled(privilege.schema_)
        for name in privilege.names:
            yield from (Target("column", schema, name, grantor, column) for column in privilege.columns)
    elif on == "parameter":
        yield from (Target(on, name=name.lower(), grantor=grantor) for name in privilege.names)
    else:
        schema = filled(privilege.schema_) if on in IN_SCHEMA else ""
        yield from (Target(on, schema, name, grantor) for name in privilege.names)


def _item(part: str, database: str | None, desired: DesiredPrivileges) -> Item:
    needs = [need_role(desired.principal)] if desired.principal != PUBLIC else []
    if database is not None:
        needs.append(need_database(database))
    for target in sorted({entry.target for entry in desired.entries}):
        needs += _needs(database, target)
    return Item(part, database, desired.principal, desired, tuple(dict.fromkeys(needs)))


def _needs(database: str | None, target: Target) -> Iterator[Need]:
    where = f" in database {database!r}" if database is not None else ""
    if target.grantor:
        yield need_role(target.grantor)
    if target.on == "database":
        yield need_database(target.name)
        return
    schema = target.name if target.on == "schema" and not target.is_future else target.schema
    if schema and schema != ALL_NAMES:
        yield need_schema(database, schema)
    if target.on not in ("schema", "parameter") and not target.is_future and target.name != ALL_NAMES:
        key = name_relation(target.on, target.schema, target.name, target.column)
        yield Need(
            RELATIONS, database, key, f"{Target(target.on, target.schema, target.name, None, target.column)}{where}"
        )
