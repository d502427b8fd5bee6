"""Which things a DatabaseGrant stands for: what one principal holds, in each database and on databases themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from dbaas.api.grant import DatabaseGrantSpec, Privilege
from dbaas.contracts.engine import Item, Need, References
from dbaas.engines.postgres.blueprints.parts import (
    DATABASE_PRIVILEGES,
    PRIVILEGES,
    RELATIONS,
    SCHEMAS,
    filled,
    need_database,
    need_role,
)
from dbaas.engines.postgres.privileges.entries import ALL_NAMES, OUR_LOGIN, DesiredPrivileges, Entry, Target
from dbaas.engines.postgres.relations import name_relation


def describe_grant(spec: DatabaseGrantSpec, references: References) -> tuple[Item, ...]:
    """One item for databases themselves, and one for each database that entries are inside of."""
    principal = filled(references.principal)
    outside: set[Entry] = set()
    inside: defaultdict[str, set[Entry]] = defaultdict(set)
    for privilege in spec.privileges:
        if privilege.on == "database":
            names = privilege.names or [filled(privilege.database or references.database)]
            outside.update(_entries(privilege, (Target("database", name=name) for name in names)))
        else:
            database = filled(privilege.database or references.database)
            inside[database].update(_entries(privilege, _targets(privilege, references)))
    items = []
    if outside:
        needs = (need_role(principal), *(need_database(entry.target.name) for entry in sorted(outside)))
        desired = DesiredPrivileges(principal, frozenset(outside))
        items.append(Item(DATABASE_PRIVILEGES, None, principal, desired, tuple(dict.fromkeys(needs))))
    for database, entries in sorted(inside.items()):
        needs = (need_role(principal), need_database(database), *_needs_inside(database, entries))
        desired = DesiredPrivileges(principal, frozenset(entries), database)
        items.append(Item(PRIVILEGES, database, principal, desired, tuple(dict.fromkeys(needs))))
    return tuple(items)


def _targets(privilege: Privilege, references: References) -> Iterator[Target]:
    if privilege.future:
        grantor = privilege.grantor or references.database_owner or OUR_LOGIN
        yield Target(privilege.on, privilege.schema_ or "", grantor=grantor)
    elif privilege.on == "schema":
        yield from (Target("schema", name=name) for name in privilege.names or [filled(privilege.schema_)])
    else:
        yield from (Target(privilege.on, filled(privilege.schema_), name) for name in privilege.names)


def _entries(privilege: Privilege, targets: Iterable[Target]) -> Iterator[Entry]:
    for target in targets:
        yield from (Entry(target, name, privilege.with_grant_option) for name in privilege.privileges)


def _needs_inside(database: str, entries: Iterable[Entry]) -> Iterator[Need]:
    for target in sorted({entry.target for entry in entries}):
        schema = target.name if target.on == "schema" and not target.is_future else target.schema
        if schema and schema != ALL_NAMES:
            yield Need(SCHEMAS, database, schema, f"schema {schema!r} in database {database!r}")
        if target.grantor:
            yield need_role(target.grantor)
        if target.on in ("table", "sequence") and not target.is_future and target.name != ALL_NAMES:
            key = name_relation(target.on, target.schema, target.name)
            yield Need(RELATIONS, database, key, f"{target} in database {database!r}")
