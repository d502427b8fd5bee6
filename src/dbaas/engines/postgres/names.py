"""Which names PostgreSQL can hold, and which belong to the server itself."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from dbaas.contracts.admission import Violation

MOST_BYTES = 63  # NAMEDATALEN - 1; longer names would be cut off silently
ADMINISTRATOR = "postgres"
RESERVED_DATABASES = frozenset({"postgres", "template0", "template1"})
REPLICATOR = "dbaas-replication"
RESERVED_ROLES = frozenset({ADMINISTRATOR, REPLICATOR, "public", "none"})
RESERVED_SCHEMAS = frozenset({"information_schema"})


def check_name(field: str, name: str | None, what: str) -> Iterator[Violation]:
    """What no object of the server can be called."""
    if name is None:
        return
    size = len(name.encode(errors="surrogatepass"))
    if size > MOST_BYTES:
        yield Violation(field, f"the name of a {what} has at most {MOST_BYTES} bytes, and this one has {size}")
    if "\0" in name or any("\ud800" <= character <= "\udfff" for character in name):
        yield Violation(field, f"the name of a {what} cannot contain the character NUL or half characters")


def check_not_reserved(field: str, name: str | None, what: str, reserved: Collection[str]) -> Iterator[Violation]:
    """`pg_` begins the names that PostgreSQL keeps for itself."""
    if name is not None and (name in reserved or name.startswith("pg_")):
        yield Violation(
            field, f"{what} {name!r} belongs to the server itself: choose another name", "FieldValueForbidden"
        )
