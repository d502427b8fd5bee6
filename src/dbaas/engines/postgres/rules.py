"""What PostgreSQL refuses in a manifest that fits its schema. Each rule is pure and tells all it finds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic import ValidationError

from dbaas.api.cluster import DatabaseClusterSpec
from dbaas.api.database import DatabaseSpec
from dbaas.api.grant import DatabaseGrantSpec, Privilege
from dbaas.api.user import DatabaseUserSpec
from dbaas.contracts.admission import Violation
from dbaas.contracts.engine import SpecRule
from dbaas.engines.postgres.blueprints import ENGINE_NAME
from dbaas.engines.postgres.names import (
    RESERVED_DATABASES,
    RESERVED_ROLES,
    RESERVED_SCHEMAS,
    check_name,
    check_not_reserved,
)
from dbaas.engines.postgres.options import DatabaseOptions, UserOptions
from dbaas.engines.postgres.parameters import explain_unknown, find_fault, parameters_of
from dbaas.engines.postgres.privileges.entries import ALL_NAMES, ALL_PRIVILEGES, PRIVILEGES, SYNONYMS
from dbaas.engines.postgres.server import OUR_PARAMETERS, WITHOUT_OPENSSL

_PRIVILEGED = {
    "superuser": "superuser",
    "create_role": "createRole",
    "replication": "replication",
    "bypass_rls": "bypassRLS",
}


def settings_are_known(spec: DatabaseClusterSpec) -> Sequence[Violation]:
    """Every setting exists in that version, is not one of ours, and has a value that the server would start with."""
    return [
        Violation(f"spec.config[{index}].{where}", message, reason)
        for index, parameter in enumerate(spec.config)
        for where, message, reason in _check_setting(parameter.name, parameter.value, spec.engine.version)
    ]


def _check_setting(name: str, value: str, version: str) -> Iterator[tuple[str, str, str]]:
    known, lowered = parameters_of(version), name.lower()
    if not known or "." in name:
        if any(character in value for character in "\0\r\n"):
            yield "value", "a value is one line", "FieldValueInvalid"
        return
    if lowered in OUR_PARAMETERS:
        yield "name", f"dbaas sets {name!r} itself, so that it can run the server", "FieldValueForbidden"
    elif lowered == "ssl" and value.lower() in ("on", "true", "yes", "1"):
        yield "value", WITHOUT_OPENSSL, "FieldValueNotSupported"
    elif lowered not in known:
        yield "name", explain_unknown(name, version), "FieldValueNotSupported"
    elif fault := find_fault(known[lowered], value):
        yield "value", f"{value!r} does not fit {name!r}: {fault}", "FieldValueInvalid"


def database_is_possible(spec: DatabaseSpec) -> Sequence[Violation]:
    """Names, and nothing inside a database that nobody may enter."""
    try:
        options = DatabaseOptions.model_validate(spec.block(ENGINE_NAME))
    except ValidationError as error:
        return list(_explain(error))
    return [
        *check_name("spec.name", spec.name, "database"),
        *check_not_reserved("spec.name", spec.name, "database", RESERVED_DATABASES),
        *check_name("spec.owner", spec.owner, "role"),
        *check_not_reserved("spec.owner", spec.owner, "role", ()),
        *_check_inside(options),
    ]


def _check_inside(options: DatabaseOptions) -> Iterator[Violation]:
    path = f"spec.{ENGINE_NAME}"
    yield from check_name(f"{path}.template", options.template, "database")
    for index, schema in enumerate(options.schemas):
        yield from check_name(f"{path}.schemas[{index}].name", schema.name, "schema")
        yield from check_not_reserved(f"{path}.schemas[{index}].name", schema.name, "schema", RESERVED_SCHEMAS)
        yield from check_name(f"{path}.schemas[{index}].owner", schema.owner, "role")
        yield from check_not_reserved(f"{path}.schemas[{index}].owner", schema.owner, "role", ())
    for index, extension in enumerate(options.extensions):
        yield from check_name(f"{path}.extensions[{index}].name", extension.name, "extension")
        yield from check_name(f"{path}.extensions[{index}].schema", extension.schema_, "schema")
    if options.allow_connections is False and (options.schemas or options.extensions):
        yield Violation(
            f"{path}.allowConnections",
            "schemas and extensions can be made only in a database that allows connections",
        )


def user_is_possible(spec: DatabaseUserSpec) -> Sequence[Violation]:
    """The name, and no attributes from afar that would give the whole server away."""
    try:
        options = UserOptions.model_validate(spec.block(ENGINE_NAME))
    except ValidationError as error:
        return list(_explain(error))
    return [
        *check_name("spec.username", spec.username, "role"),
        *check_not_reserved("spec.username", spec.username, "role", RESERVED_ROLES),
        *_check_attributes(spec, options),
    ]


def _check_attributes(spec: DatabaseUserSpec, options: UserOptions) -> Iterator[Violation]:
    """Whoever may use a server of another namespace is not thereby its administrator."""
    if spec.instance_ref.namespace is None:
        return
    for attribute, name in _PRIVILEGED.items():
        if getattr(options, attribute):
            yield Violation(
                f"spec.{ENGINE_NAME}.{name}",
                f"{name} can be given only in the namespace of the server itself: make the user there",
                "FieldValueForbidden",
            )


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


def _explain(error: ValidationError) -> Iterator[Violation]:
    """A block that slipped past the schema."""
    for detail in error.errors():
        path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in detail["loc"])
        yield Violation(f"spec.{ENGINE_NAME}{path}", detail["msg"].lower())


RULES: dict[str, tuple[SpecRule, ...]] = {
    "DatabaseCluster": (settings_are_known,),
    "Database": (database_is_possible,),
    "DatabaseUser": (user_is_possible,),
    "DatabaseGrant": (grant_is_possible,),
}
