"""Names of the engine's parts, and what several blueprints need of them."""

from __future__ import annotations

from dbaas.contracts.engine import Need
from dbaas.engines.postgres.names import ADMINISTRATOR, RESERVED_DATABASES, RESERVED_SCHEMAS

ENGINE_NAME = "postgres"
DATABASES = "databases"
SCHEMAS = "schemas"
EXTENSIONS = "extensions"
ROLES = "roles"
MEMBERSHIPS = "memberships"
SETTINGS = "settings"
BELONGINGS = "belongings"
RELATIONS = "relations"
CONTENTS = "contents"
PRIVILEGES = "privileges"
LARGE_OBJECT_PRIVILEGES = "largeObjectPrivileges"
DATABASE_PRIVILEGES = "databasePrivileges"
DATABASE_COMMENTS = "databaseComments"
ROLE_COMMENTS = "roleComments"
PUBLIC_SCHEMA = "public"


def need_role(name: str) -> Need:
    return Need(ROLES, None, name, f"role {name!r}", is_given=name == ADMINISTRATOR or _is_built_in(name))


def need_database(name: str) -> Need:
    return Need(DATABASES, None, name, f"database {name!r}", is_given=name in RESERVED_DATABASES)


def need_schema(database: str | None, name: str) -> Need:
    where = f" in database {database!r}" if database is not None else ""
    is_given = name == PUBLIC_SCHEMA or name in RESERVED_SCHEMAS or _is_built_in(name)
    return Need(SCHEMAS, database, name, f"schema {name!r}{where}", is_given)


def _is_built_in(name: str) -> bool:
    """PostgreSQL keeps the names that begin so for its own, and makes all of these at once."""
    return name.startswith("pg_")


def filled(name: str | None) -> str:
    """Rules refuse an object without it, and the caller fills in the object's own name."""
    if name is None:
        raise ValueError("a name that the engine's rules ask for is missing")
    return name
