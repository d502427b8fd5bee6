"""What is refused in a DatabaseGrant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dbaas.api.grant import DatabaseGrantSpec, Privilege
from dbaas.contracts.admission import Violation
from dbaas.engines.postgres.names import RESERVED_SCHEMAS, check_name, check_not_reserved
from dbaas.engines.postgres.privileges.entries import ALL_NAMES, ALL_PRIVILEGES, PRIVILEGES, SYNONYMS


def grant_is_possible(spec: DatabaseGrantSpec) -> Sequence[Violation]:
    """Each item says enough to be granted, and asks only for privileges that there are on such objects."""
    return [
        violation
        for index, privilege in enumerate(spec.privileges)
        for violation in _check_privilege(f"spec.privileges[{index}]", privilege, spec)
    ]


def _check_privilege(path: str, privilege: Privilege, spec: DatabaseGrantSpec) -> Iterator[Violation]:
    known = PRIVILEGES[privilege.on]
    synonyms = [name for name, meant in SYNONYMS.items() if meant in known]
    for index, name in enumerate(privilege.privileges):
        if name not in (*known, *synonyms, *ALL_PRIVILEGES):
            yield Violation(
                f"{path}.privileges[{index}]",
                f"there is no privilege {name} on a {privilege.on}: choose from {', '.join(known)}, or ALL",
                "FieldValueNotSupported",
            )
    if privilege.on != "database" and privilege.database is None and spec.database_ref is None:
        yield Violation(f"{path}.database", "say in which database: here, or by databaseRef", "FieldValueRequired")
    yield from check_name(f"{path}.database", privilege.database, "database")
    yield from check_name(f"{path}.schema", privilege.schema_, privilege.on)
    yield from check_not_reserved(f"{path}.schema", privilege.schema_, "schema", RESERVED_SCHEMAS)
    for index, name in enumerate(privilege.names):
        yield from check_name(f"{path}.names[{index}]", name, privilege.on)
    yield from check_name(f"{path}.grantor", privilege.grantor, "role")
    yield from _check_future(path, privilege) if privilege.future else _check_names(path, privilege, spec)


def _check_future(path: str, privilege: Privilege) -> Iterator[Violation]:
    if privilege.on == "database":
        yield Violation(
            f"{path}.future", "there are no default privileges on databases: name them", "FieldValueForbidden"
        )
    if privilege.names not in ([], [ALL_NAMES]):
        yield Violation(f"{path}.names", "future objects have no names yet: leave names out", "FieldValueForbidden")
    if privilege.on == "schema" and privilege.schema_ is not None:
        yield Violation(f"{path}.schema", "a future schema has no name yet: leave it out", "FieldValueForbidden")
    if privilege.database is not None and privilege.grantor is None:
        yield Violation(
            f"{path}.grantor", "say whose future objects, because the database is named", "FieldValueRequired"
        )


def _check_names(path: str, privilege: Privilege, spec: DatabaseGrantSpec) -> Iterator[Violation]:
    match privilege.on:
        case "database":
            if ALL_NAMES in privilege.names:
                yield Violation(f"{path}.names", "databases are named one by one", "FieldValueForbidden")
            if privilege.names and privilege.database is not None:
                yield Violation(f"{path}.names", "give either database or names", "FieldValueForbidden")
            if not privilege.names and privilege.database is None and spec.database_ref is None:
                yield Violation(f"{path}.database", "say which database: here, or by databaseRef", "FieldValueRequired")
            if privilege.schema_ is not None:
                yield Violation(f"{path}.schema", "a database is in no schema: leave it out", "FieldValueForbidden")
        case "schema":
            if (privilege.schema_ is None) == (not privilege.names):
                yield Violation(f"{path}.schema", "give either schema or names", "FieldValueRequired")
        case _:
            if privilege.schema_ is None:
                yield Violation(f"{path}.schema", f"say in which schema the {privilege.on}s are", "FieldValueRequired")
            if not privilege.names:
                message = f'name the {privilege.on}s, or write ["*"] for all there are'
                yield Violation(f"{path}.names", message, "FieldValueRequired")
