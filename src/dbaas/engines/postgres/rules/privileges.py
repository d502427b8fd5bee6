"""What is refused in an item of privileges, wherever it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from dbaas.api.grant import Privilege
from dbaas.contracts.admission import Violation
from dbaas.engines.postgres.names import RESERVED_SCHEMAS, check_name, check_not_reserved
from dbaas.engines.postgres.privileges.entries import (
    ALL_NAMES,
    ALL_PRIVILEGES,
    HAS_FUTURE,
    IN_SCHEMA,
    ON_SERVER,
    PRIVILEGES,
    ROUTINES,
    SYNONYMS,
)

_MOST_OBJECT_ID = 2**32 - 1  # an oid
_INSTEAD: Mapping[str, str] = {"procedure": "function", "domain": "type"}  # whose default privileges cover it
_UNNAMED = ("database", "schema")  # for which another field can say which


def check_privileges(path: str, privileges: Iterable[Privilege], *, has_database: bool) -> Iterator[Violation]:
    """Each item says enough to be granted, and asks only for privileges that there are on such objects.

    `has_database`: what it stands in names a database for items that name none.
    """
    for index, privilege in enumerate(privileges):
        yield from _check_privilege(f"{path}[{index}]", privilege, has_database)


def _check_privilege(path: str, privilege: Privilege, has_database: bool) -> Iterator[Violation]:
    if privilege.on == "global":
        message = "there are no privileges on everything: what a role may do on the whole server are its attributes"
        yield Violation(f"{path}.on", message, "FieldValueNotSupported")
        return
    on = "column" if privilege.columns and privilege.on == "table" else privilege.on
    known = PRIVILEGES[on]
    synonyms = [name for name, meant in SYNONYMS.items() if meant in known]
    for index, name in enumerate(privilege.privileges):
        if name not in (*known, *synonyms, *ALL_PRIVILEGES):
            yield Violation(
                f"{path}.privileges[{index}]",
                f"there is no privilege {name} on a {on}: choose from {', '.join(known)}, or ALL",
                "FieldValueNotSupported",
            )
    yield from _check_database(path, privilege, has_database)
    yield from _check_spelling(path, privilege)
    yield from _check_future(path, privilege, has_database) if privilege.future else _check_names(path, privilege)


def _check_database(path: str, privilege: Privilege, has_database: bool) -> Iterator[Violation]:
    on, is_named = privilege.on, privilege.database is not None or has_database
    if on == "database":
        if privilege.names and privilege.database is not None:
            yield Violation(f"{path}.names", "give either database or names", "FieldValueForbidden")
        if not privilege.names and not is_named:
            yield Violation(f"{path}.database", "say which database: here, or by databaseRef", "FieldValueRequired")
    elif on in ON_SERVER:
        if privilege.database is not None:
            yield Violation(f"{path}.database", f"a {on} is in no database: leave it out", "FieldValueForbidden")
    elif not is_named:
        yield Violation(f"{path}.database", "say in which database: here, or by databaseRef", "FieldValueRequired")


def _check_spelling(path: str, privilege: Privilege) -> Iterator[Violation]:
    yield from check_name(f"{path}.database", privilege.database, "database")
    yield from check_name(f"{path}.schema", privilege.schema_, privilege.on)
    yield from check_not_reserved(f"{path}.schema", privilege.schema_, "schema", RESERVED_SCHEMAS)
    yield from check_name(f"{path}.grantor", privilege.grantor, "role")
    check = _SPELLINGS.get(privilege.on, _check_identifier)
    for index, name in enumerate(privilege.names):
        if name != ALL_NAMES:
            yield from check(f"{path}.names[{index}]", name, privilege.on)
    for index, column in enumerate(privilege.columns):
        yield from check_name(f"{path}.columns[{index}]", column, "column")


def _check_identifier(path: str, name: str, on: str) -> Iterator[Violation]:
    yield from check_name(path, name, on)


def _check_routine(path: str, name: str, on: str) -> Iterator[Violation]:
    yield from check_name(path, name.split("(")[0] or name, on)
    if "\0" in name:
        yield Violation(path, f"the name of a {on} cannot contain the character NUL")


def _check_object_id(path: str, name: str, on: str) -> Iterator[Violation]:
    is_number = name.isascii() and name.isdigit() and not name.startswith("0")
    if not is_number or int(name) > _MOST_OBJECT_ID:
        yield Violation(path, "a large object is named by its number")


def _check_parameter(path: str, name: str, on: str) -> Iterator[Violation]:
    for part in name.split("."):
        if not part.isascii() or not part.replace("_", "a").replace("$", "a").isalnum() or part[0].isdigit():
            yield Violation(path, f"{name!r} is not the name of a parameter")
            return


_SPELLINGS: Mapping[str, Callable[[str, str, str], Iterator[Violation]]] = {
    **dict.fromkeys(ROUTINES, _check_routine),
    "largeObject": _check_object_id,
    "parameter": _check_parameter,
}


def _check_future(path: str, privilege: Privilege, has_database: bool) -> Iterator[Violation]:
    on = privilege.on
    if on not in HAS_FUTURE:
        message = f"there are no default privileges on {on}s: name them"
        if on in _INSTEAD:
            message = f"default privileges on {_INSTEAD[on]}s are those on {on}s too: say {_INSTEAD[on]}"
        yield Violation(f"{path}.future", message, "FieldValueForbidden")
    if privilege.names not in ([], [ALL_NAMES]):
        yield Violation(f"{path}.names", "future objects have no names yet: leave names out", "FieldValueForbidden")
    if privilege.columns:
        yield Violation(f"{path}.columns", "future tables have no columns yet: leave it out", "FieldValueForbidden")
    if on == "schema" and privilege.schema_ is not None:
        yield Violation(f"{path}.schema", "a future schema has no name yet: leave it out", "FieldValueForbidden")
    if on == "largeObject" and privilege.schema_ is not None:
        yield Violation(f"{path}.schema", "large objects are in no schema: leave it out", "FieldValueForbidden")
    if (privilege.database is not None or not has_database) and privilege.grantor is None:
        yield Violation(
            f"{path}.grantor", "say whose future objects, because the database is named", "FieldValueRequired"
        )


def _check_names(path: str, privilege: Privilege) -> Iterator[Violation]:
    on, has_all = privilege.on, ALL_NAMES in privilege.names
    if privilege.columns and on not in ("table", "column"):
        yield Violation(f"{path}.columns", f"a {on} has no columns", "FieldValueForbidden")
    if on == "column" and not privilege.columns:
        yield Violation(f"{path}.columns", "say which columns", "FieldValueRequired")
    if has_all and privilege.columns:
        yield Violation(f"{path}.names", "name the tables whose columns are meant", "FieldValueForbidden")
    if has_all and on in ON_SERVER:
        yield Violation(f"{path}.names", f"{on}s are named one by one", "FieldValueForbidden")
    if on == "schema":
        if (privilege.schema_ is None) == (not privilege.names):
            yield Violation(f"{path}.schema", "give either schema or names", "FieldValueRequired")
    elif on in IN_SCHEMA:
        if privilege.schema_ is None:
            what = "table" if on == "column" else on
            yield Violation(f"{path}.schema", f"say in which schema the {what}s are", "FieldValueRequired")
    elif privilege.schema_ is not None:
        yield Violation(f"{path}.schema", f"a {on} is in no schema: leave it out", "FieldValueForbidden")
    if not privilege.names and on not in _UNNAMED:
        message = f"name the {on}s" if on in ON_SERVER else f'name the {on}s, or write ["*"] for all there are'
        yield Violation(f"{path}.names", message, "FieldValueRequired")
