"""The single entry of a grant, and the stable string it is remembered by.

Names of privileges are those of PostgreSQL's manual, section "Privileges".
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

ALL_NAMES = "*"
ALL_PRIVILEGES = frozenset({"ALL", "ALL PRIVILEGES"})
OUR_LOGIN = ""  # as grantor: whoever makes databases that have no stated owner
MAINTAIN_SINCE = 170000

PRIVILEGES: Mapping[str, tuple[str, ...]] = {
    "database": ("CREATE", "CONNECT", "TEMPORARY"),
    "schema": ("CREATE", "USAGE"),
    "table": ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN"),
    "sequence": ("USAGE", "SELECT", "UPDATE"),
}
SYNONYMS: Mapping[str, str] = {"TEMP": "TEMPORARY"}


@dataclass(frozen=True, order=True)
class Target:
    """What a privilege is on. `name` may be `*`, for all there are in `schema` (for schemas: in the database).

    With a `grantor` it is for the objects of that type that the grantor makes from now on in `schema`, or anywhere
    where `schema` is empty; then `name` is empty.
    """

    on: str
    schema: str = ""
    name: str = ""
    grantor: str | None = None

    @property
    def is_future(self) -> bool:
        return self.grantor is not None

    def __str__(self) -> str:
        place = f"{self.schema}.{self.name}" if self.schema and self.name else self.schema or self.name
        if not self.is_future:
            return f"{self.on} {place}"
        return f"future {self.on}s of {self.grantor or 'our login'}" + (f" in {place}" if place else "")


@dataclass(frozen=True, order=True)
class Entry:
    """One privilege on one target; `grantable` is the right to give it on."""

    target: Target
    privilege: str
    grantable: bool = False


@dataclass(frozen=True)
class DesiredPrivileges:
    """What one object wants for a principal in one database, or on databases."""

    principal: str
    entries: frozenset[Entry]
    database: str | None = None


def key_of(entry: Entry) -> str:
    """A JSON list, so that no name can be mistaken for two."""
    target = entry.target
    words = ["future", target.on, target.schema, target.grantor] if target.is_future else [
        target.on, target.schema, target.name
    ]  # fmt: skip
    return json.dumps([*words, entry.privilege, *(["GRANT OPTION"] if entry.grantable else [])], ensure_ascii=False)


def parse_key(key: str) -> Entry:
    """The inverse of `key_of`."""
    words: list[str] = json.loads(key)
    future = words[0] == "future"
    where, what = words[: 4 if future else 3], words[4 if future else 3 :]
    target = Target(where[1], where[2], grantor=where[3]) if future else Target(*where)
    return Entry(target, what[0], grantable=len(what) > 1)


def with_implied(entries: Iterable[Entry]) -> Iterator[Entry]:
    """The right to give a privilege on implies the privilege."""
    for entry in entries:
        yield entry
        if entry.grantable:
            yield Entry(entry.target, entry.privilege)


def privileges_on(on: str, server_version: int) -> Collection[str]:
    """All that ALL stands for on a server of that version."""
    return [name for name in PRIVILEGES[on] if name != "MAINTAIN" or server_version >= MAINTAIN_SINCE]
