"""Database, as a managed kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol, runtime_checkable

from dbaas.api.core import CONFIG_MAP, SECRET
from dbaas.api.database import DATABASE, Database, DatabaseSpec, DatabaseStatus
from dbaas.api.database_schema import DATABASE_SCHEMA
from dbaas.api.grant import DATABASE_GRANT
from dbaas.api.resource import Key, Kind
from dbaas.api.role import DATABASE_ROLE
from dbaas.api.user import DATABASE_USER
from dbaas.controllers.managed.kinds import ROLE, Links, ManagedKind, Seen
from dbaas.controllers.tokens import instance_key

MOST_TOLD = 1000
LEAST_CHANGE = 0.1


def texts_read(spec: DatabaseSpec, namespace: str) -> list[tuple[Kind, Key]]:
    """The ConfigMap or Secret that its SQL is in."""
    wanted = spec.init_sql
    if wanted is None or wanted.reference is None:
        return []
    return [(CONFIG_MAP if wanted.config_map_ref else SECRET, Key(namespace, wanted.reference.name))]


@runtime_checkable
class HasOwner(Protocol):
    """An engine's observation of a thing that has an owner."""

    @property
    def owner(self) -> str: ...


def _link_database(spec: DatabaseSpec, namespace: str) -> Links:
    owners = ((ROLE, spec.owner),) if spec.owner else ()
    wanted = sorted({role for block in spec.blocks().values() for role in _roles_of(block)})
    return Links(instance_key(spec.server, namespace), spec.server.kind, wants=tuple(wanted), real_names=owners)


def _roles_of(block: Any) -> Iterator[str]:
    """Of any engine: who gets privileges by this object, and not by a grant."""
    given = block.get("defaultPrivileges") if isinstance(block, Mapping) else None
    for each in given if isinstance(given, list) else ():
        if isinstance(each, Mapping) and isinstance(each.get("role"), str):
            yield each["role"]


def _describe_database(spec: DatabaseSpec, seen: Seen) -> Mapping[str, Any]:
    owner = seen.observed.owner if isinstance(seen.observed, HasOwner) else spec.owner
    before = seen.before.database if isinstance(seen.before, DatabaseStatus) else None
    size, known = seen.told.get("sizeBytes"), before.size_bytes if before is not None else None
    told = {name: value[:MOST_TOLD] if isinstance(value, list) else value for name, value in seen.told.items()}
    shown = {
        **told,
        "name": spec.name,
        "owner": owner,
        "sizeBytes": known if size is None or _is_about(size, known) else size,
        "createdAt": seen.made_at or (before.created_at if before is not None else None),
    }
    return {"database": {name: value for name, value in shown.items() if value is not None}}


def _is_about(size: int, known: int | None) -> bool:
    """So that a settled object is not written again for a few rows."""
    return known is not None and abs(size - known) <= known * LEAST_CHANGE


DATABASES = ManagedKind(
    kind=DATABASE,
    model=Database,
    noun="database",
    thing="database",
    links=_link_database,
    name_field="name",
    describe=_describe_database,
    is_protected=lambda spec: spec.deletion_protection,
    held_by=(DATABASE_SCHEMA, DATABASE_GRANT),
    init_sql=lambda spec: spec.init_sql,
    texts=texts_read,
    reads=(CONFIG_MAP, SECRET),
    owns=(DATABASE_ROLE, DATABASE_USER, DATABASE_GRANT),
    connection=lambda spec: spec.connection_secret,
    quarantine=lambda spec: spec.quarantine,
    cascades=lambda spec: spec.cascade,
)
