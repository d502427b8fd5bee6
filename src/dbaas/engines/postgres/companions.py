"""Objects that a Database brings along: roles and a user for it, with what they may do, as anybody could write them.

Default privileges are given in both directions: whoever of them makes an object, the others can use it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dbaas.api.database import DatabaseSpec
from dbaas.api.grant import DATABASE_GRANT
from dbaas.api.role import DATABASE_ROLE
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.companions import Companion
from dbaas.engines.postgres.blueprints.databases import owner_of
from dbaas.engines.postgres.blueprints.parts import ENGINE_NAME, filled
from dbaas.engines.postgres.options.databases import DatabaseOptions

Item = Mapping[str, Any]
WRITES: Mapping[str, Sequence[str]] = {
    "table": ("SELECT", "INSERT", "UPDATE", "DELETE"),
    "sequence": ("USAGE", "SELECT", "UPDATE"),
}
READS: Mapping[str, Sequence[str]] = {"table": ("SELECT",), "sequence": ("SELECT",)}
EVERYTHING: Mapping[str, Sequence[str]] = dict.fromkeys(("table", "sequence", "function", "type"), ("ALL",))


def describe_companions(spec: DatabaseSpec, name: str) -> Sequence[Companion]:
    """`name` is that of the object; the spec has its names filled in."""
    options = DatabaseOptions.model_validate(spec.block(ENGINE_NAME))
    return (*_describe_access(spec, options, name), *_describe_ownership(spec, options, name))


def _describe_access(spec: DatabaseSpec, options: DatabaseOptions, name: str) -> Iterator[Companion]:
    if spec.access is None:
        return
    database, policy = filled(spec.name), spec.deletion_policy
    writer = spec.access.writer or f"{database}_writer"
    reader = spec.access.reader or f"{database}_reader"
    if spec.owner is None:
        yield _role(f"{name}-owner", owner_of(spec, options) or "", policy)
        yield _grant(f"{name}-owner", name, "roleRef", _future(EVERYTHING, writer))
    yield _role(f"{name}-writer", writer, policy)
    yield _role(f"{name}-reader", reader, policy)
    for role, given, connects in (
        ("writer", WRITES, ["CONNECT", "TEMPORARY"]),
        ("reader", READS, ["CONNECT"]),
    ):
        now = [item for schema in _schemas(options) for item in _present(given, schema)]
        later = [*_future(given), {"on": "schema", "privileges": ["USAGE"], "future": True}]
        others = _future(READS, writer) if role == "reader" else []
        enter = [{"on": "database", "privileges": connects}]
        yield _grant(f"{name}-{role}", name, "roleRef", [*enter, *now, *later, *others])


def _describe_ownership(spec: DatabaseSpec, options: DatabaseOptions, name: str) -> Iterator[Companion]:
    wanted = options.ownership
    if wanted is None or not wanted.auto_ownership:
        return
    database, policy = filled(spec.name), "Delete" if wanted.drop_on_delete else "Retain"
    role, user = wanted.name_role(database), wanted.name_user(database)
    yield _role(f"{name}-owner", role, policy)
    login = {
        "username": user, "databaseRef": {"name": name}, "memberships": [{"role": role}], "deletionPolicy": policy,
    }  # fmt: skip
    yield Companion(DATABASE_USER, f"{name}-app", login)
    if wanted.set_default_privileges:
        yield _grant(f"{name}-owner", name, "roleRef", _future(EVERYTHING, user))
        yield _grant(f"{name}-app", name, "userRef", _future(EVERYTHING, role))


def _schemas(options: DatabaseOptions) -> Sequence[str]:
    return [schema.name for schema in options.schemas] or ["public"]


def _role(name: str, role: str, policy: str) -> Companion:
    return Companion(DATABASE_ROLE, name, {"roleName": role, "deletionPolicy": policy})


def _grant(name: str, database: str, reference: str, privileges: Sequence[Item]) -> Companion:
    """To the user or role of the same name."""
    spec = {reference: {"name": name}, "databaseRef": {"name": database}, "privileges": list(privileges)}
    return Companion(DATABASE_GRANT, name, spec)


def _present(given: Mapping[str, Sequence[str]], schema: str) -> Iterator[Item]:
    yield {"on": "schema", "schema": schema, "privileges": ["USAGE"]}
    for on, privileges in given.items():
        yield {"on": on, "schema": schema, "names": ["*"], "privileges": list(privileges)}


def _future(given: Mapping[str, Sequence[str]], grantor: str | None = None) -> list[Item]:
    """Of objects that the grantor makes, by default the database's owner."""
    by = {"grantor": grantor} if grantor is not None else {}
    return [{"on": on, "privileges": list(privileges), "future": True, **by} for on, privileges in given.items()]
