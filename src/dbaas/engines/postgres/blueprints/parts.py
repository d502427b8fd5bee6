"""Names of the engine's parts, and what several blueprints need of them."""

from __future__ import annotations

from dbaas.contracts.engine import Need

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


def need_role(name: str) -> Need:
    return Need(ROLES, None, name, f"role {name!r}")


def need_database(name: str) -> Need:
    return Need(DATABASES, None, name, f"database {name!r}")


def filled(name: str | None) -> str:
    """Rules refuse an object without it, and the caller fills in the object's own name."""
    if name is None:
        raise ValueError("a name that the engine's rules ask for is missing")
    return name
