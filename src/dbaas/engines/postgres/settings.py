"""Parameters that the sessions of a role begin with: ALTER ROLE … SET, for all databases or one."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from dbaas.contracts.engine import PlanRules
from dbaas.contracts.statement import NOTHING, Change, Plan, Statement
from dbaas.engines.postgres import statements
from dbaas.engines.postgres.catalogue import asked, lock_role
from dbaas.engines.postgres.queries import Query
from dbaas.engines.postgres.session import PostgresSession

DEFAULT_ROLE = "role"
# Lists of names, each quoted on its own; from variable_is_guc_list_quote in PostgreSQL's dumputils.c.
LISTS_OF_NAMES = frozenset(
    {
        "local_preload_libraries", "search_path", "session_preload_libraries", "shared_preload_libraries",
        "temp_tablespaces", "unix_socket_directories",
    }
)  # fmt: skip
_QUERY = """
    SELECT r.rolname, d.datname, s.setconfig
    FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole LEFT JOIN pg_database d ON d.oid = s.setdatabase
    WHERE (%(all)s AND r.rolname !~ '^pg_') OR r.rolname = ANY(%(names)s)
"""
Where = tuple[str | None, str]


@dataclass(frozen=True)
class Setting:
    """One parameter; `database` None is for all."""

    database: str | None
    name: str
    value: str


@dataclass(frozen=True)
class DesiredSettings:
    """What a role's manifest says of its sessions."""

    role: str
    settings: tuple[Setting, ...] = ()


@dataclass(frozen=True)
class ObservedSettings:
    """All parameters of a role, by database and by name in small letters."""

    role: str
    values: Mapping[Where, str] = field(default_factory=dict)


class Settings:
    """Implements `contracts.engine.Managed`; keyed by the role. Only what was set here is ever reset."""

    async def observe(self, session: PostgresSession, names: Collection[str] | None) -> Mapping[str, ObservedSettings]:
        found: defaultdict[str, dict[Where, str]] = defaultdict(dict)
        for role, database, entries in await session.fetch(_QUERY, asked(names)):
            for entry in entries:
                name, _, value = entry.partition("=")
                found[role][database, name.lower()] = value
        return {role: ObservedSettings(role, values) for role, values in found.items()}

    def plan(
        self, desired: DesiredSettings | None, observed: ObservedSettings | None, owned: frozenset[str],
        claims: frozenset[str], rules: PlanRules,
    ) -> Plan:  # fmt: skip
        if observed is None:
            if desired is None:
                return NOTHING
            observed = ObservedSettings(desired.role)
        keys = self.keys(desired) if desired is not None else frozenset[str]()
        given = [*_give(desired, observed)] if desired is not None else []
        return Plan((*given, *_reset(observed, owned - keys - claims)))

    def keys(self, desired: DesiredSettings) -> frozenset[str]:
        return frozenset(_key(setting.database, setting.name.lower()) for setting in desired.settings)


def read_value(name: str, value: str) -> tuple[str, ...]:
    """As it is compared and sent: one text, or the names of a list.

    A name without quotes is in small letters, as the server reads it.
    """
    if name.lower() not in LISTS_OF_NAMES:
        return (value,)
    return tuple(_names(value)) or ("",)


def _names(text: str) -> Iterator[str]:
    """The elements of `a, "B c", d`; quotes in quotes are doubled."""
    position, size = 0, len(text)
    while position < size:
        while position < size and text[position].isspace():
            position += 1
        if position < size and text[position] == '"':
            name, position = _quoted(text, position + 1)
        else:
            end = text.find(",", position)
            end = size if end < 0 else end
            name, position = text[position:end].strip().lower(), end
        yield name
        comma = text.find(",", position)
        position = size if comma < 0 else comma + 1


def _quoted(text: str, position: int) -> tuple[str, int]:
    """The rest of a quoted name, and where it ended."""
    name = ""
    while position < len(text):
        if text[position] != '"':
            name += text[position]
        elif text[position + 1 : position + 2] == '"':
            name += '"'
            position += 1
        else:
            return name, position + 1
        position += 1
    return name, position


def _key(database: str | None, name: str) -> str:
    return json.dumps([database, name], ensure_ascii=False)


def _give(desired: DesiredSettings, observed: ObservedSettings) -> Iterator[Change]:
    for setting in desired.settings:
        actual = observed.values.get((setting.database, setting.name.lower()))
        wanted = read_value(setting.name, setting.value)
        if actual is None or read_value(setting.name, actual) != wanted:
            query = statements.set_parameter(desired.role, setting.database, setting.name, wanted)
            yield _change(desired.role, setting.database, setting.name, (setting.value, actual), query)


def _reset(observed: ObservedSettings, leaving: Collection[str]) -> Iterator[Change]:
    for key in sorted(leaving):
        database, name = json.loads(key)
        actual = observed.values.get((database, name))
        if actual is not None:
            query = statements.reset_parameter(observed.role, database, name)
            yield _change(observed.role, database, name, (None, actual), query)


def _change(
    role: str, database: str | None, name: str, values: tuple[str | None, str | None], query: Query
) -> Change:  # fmt: skip
    place = "configParameters" if database is None else f"databaseConfigParameters[{database}]"
    told = "postgres.defaultRole" if (database, name) == (None, DEFAULT_ROLE) else f"postgres.{place}.{name}"
    return Change(told, *values, (Statement(query, locks=lock_role(role)),))
