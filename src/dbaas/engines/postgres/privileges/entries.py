"""The single entry of a grant, and the stable string it is remembered by.

Names of privileges are those of PostgreSQL's manual, section "Privileges".
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from dbaas.engines.postgres.statements import EVERYBODY

ALL_NAMES = "*"
ALL_PRIVILEGES = frozenset({"ALL", "ALL PRIVILEGES"})
OUR_LOGIN = ""  # as whose future objects: whoever makes databases that have no stated owner
PUBLIC = EVERYBODY
MAINTAIN_SINCE = 170000
PARAMETERS_SINCE = 150000
FUTURE_LARGE_OBJECTS_SINCE = 180000

PRIVILEGES: Mapping[str, tuple[str, ...]] = {
    "database": ("CREATE", "CONNECT", "TEMPORARY"),
    "schema": ("CREATE", "USAGE"),
    "table": ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN"),
    "column": ("SELECT", "INSERT", "UPDATE", "REFERENCES"),
    "sequence": ("USAGE", "SELECT", "UPDATE"),
    "function": ("EXECUTE",),
    "procedure": ("EXECUTE",),
    "type": ("USAGE",),
    "domain": ("USAGE",),
    "language": ("USAGE",),
    "foreignDataWrapper": ("USAGE",),
    "foreignServer": ("USAGE",),
    "largeObject": ("SELECT", "UPDATE"),
    "parameter": ("SET", "ALTER SYSTEM"),
    "tablespace": ("CREATE",),
}
PUBLIC_BY_DEFAULT: Mapping[str, frozenset[str]] = {
    "database": frozenset({"CONNECT", "TEMPORARY"}),
    **dict.fromkeys(("function", "procedure"), frozenset({"EXECUTE"})),
    **dict.fromkeys(("type", "domain", "language"), frozenset({"USAGE"})),
}
"""What everybody holds on objects that nobody has granted anything on yet."""
ON_SERVER = frozenset({"database", "parameter", "tablespace"})
IN_SCHEMA = frozenset({"table", "column", "sequence", "function", "procedure", "type", "domain"})
ROUTINES = frozenset({"function", "procedure"})
HAS_FUTURE = ("schema", "table", "sequence", "function", "type", "largeObject")
SYNONYMS: Mapping[str, str] = {"TEMP": "TEMPORARY"}


@dataclass(frozen=True)
class Target:
    """What a privilege is on. `name` may be `*`, for all there are in `schema` (for schemas: in the database).

    `grantor` gives it; None: whoever owns the object. Without a `name` it is for the objects of that type that the
    grantor makes from now on in `schema`, or anywhere where `schema` is empty. `column` is one of the table `name`.
    """

    on: str
    schema: str = ""
    name: str = ""
    grantor: str | None = None
    column: str = ""

    @property
    def is_future(self) -> bool:
        return not self.name

    def __lt__(self, other: Target) -> bool:
        return self._order < other._order

    @property
    def _order(self) -> tuple[str, str, str, str, str]:
        return self.on, self.schema, self.name, self.column, self.grantor or ""

    def __str__(self) -> str:
        place = ".".join(word for word in (self.schema, self.name, self.column) if word)
        if self.is_future:
            return f"future {self.on}s of {self.grantor or 'our login'}" + (f" in {place}" if place else "")
        return f"{self.on} {place}" + (f" by {self.grantor}" if self.grantor else "")


@dataclass(frozen=True, order=True)
class Entry:
    """One privilege on one target; `grantable` is the right to give it on."""

    target: Target
    privilege: str
    grantable: bool = False


@dataclass(frozen=True)
class DesiredPrivileges:
    """What one object wants for a principal in one database, or on the server.

    `exact`: what else the principal holds on the same targets, and nobody wants, is taken away.
    """

    principal: str
    entries: frozenset[Entry]
    database: str | None = None
    exact: bool = False

    def tally(self) -> Mapping[str, Sequence[str]]:
        """Implements `contracts.looking.Tallying`."""
        keys = {entry: key_of(entry) for entry in with_implied(self.entries)}
        return {
            "directGrants": [key for entry, key in keys.items() if not entry.target.is_future],
            "defaultPrivileges": [key for entry, key in keys.items() if entry.target.is_future],
        }


def key_of(entry: Entry) -> str:
    """A JSON list, so that no name can be mistaken for two."""
    target = entry.target
    if target.is_future:
        words = ["future", target.on, target.schema, target.grantor or OUR_LOGIN]
    else:
        by = ["by", target.grantor] if target.grantor is not None else []
        words = [*by, target.on, target.schema, target.name, *([target.column] if target.on == "column" else [])]
    return json.dumps([*words, entry.privilege, *(["GRANT OPTION"] if entry.grantable else [])], ensure_ascii=False)


def parse_key(key: str) -> Entry:
    """The inverse of `key_of`."""
    words: list[str] = json.loads(key)
    grantor = None
    if words[0] == "future":
        target, rest = Target(words[1], words[2], grantor=words[3]), words[4:]
        return Entry(target, rest[0], grantable=len(rest) > 1)
    if words[0] == "by":
        grantor, words = words[1], words[2:]
    size = 4 if words[0] == "column" else 3
    on, schema, name, *column = words[:size]
    target, rest = Target(on, schema, name, grantor, "".join(column)), words[size:]
    return Entry(target, rest[0], grantable=len(rest) > 1)


def with_implied(entries: Iterable[Entry]) -> Iterator[Entry]:
    """The right to give a privilege on implies the privilege."""
    for entry in entries:
        yield entry
        if entry.grantable:
            yield Entry(entry.target, entry.privilege)


def privileges_on(on: str, server_version: int) -> Collection[str]:
    """All that ALL stands for on a server of that version."""
    if on == "parameter" and server_version < PARAMETERS_SINCE:
        return ()
    return [name for name in PRIVILEGES[on] if name != "MAINTAIN" or server_version >= MAINTAIN_SINCE]


def explain_missing(entry: Entry, version: str, server_version: int) -> str | None:
    """Why a server of that version cannot have the entry; None where it can."""
    on, privilege = entry.target.on, entry.privilege
    known = privileges_on(on, server_version)
    if not known:
        return f"PostgreSQL {version} has no privileges on {on}s"
    if entry.target.is_future and on == "largeObject" and server_version < FUTURE_LARGE_OBJECTS_SINCE:
        return f"PostgreSQL {version} has no default privileges on largeObjects"
    if privilege not in {*known, *ALL_PRIVILEGES, *SYNONYMS}:
        return f"PostgreSQL {version} has no privilege {privilege} on a {on}"
    return None
