"""What is refused in a DatabaseUser."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from pydantic import ValidationError

from dbaas.api.user import DatabaseUserSpec
from dbaas.contracts.admission import Violation
from dbaas.engines.postgres.blueprints.parts import ENGINE_NAME
from dbaas.engines.postgres.names import RESERVED_ROLES, check_name, check_not_reserved
from dbaas.engines.postgres.options.roles import UserOptions
from dbaas.engines.postgres.parameters import parameters_of
from dbaas.engines.postgres.roles import WORDS
from dbaas.engines.postgres.rules.blocks import explain_block
from dbaas.engines.postgres.rules.privileges import check_privileges
from dbaas.engines.postgres.rules.roles import (
    PRIVILEGED,
    check_attributes,
    check_drop,
    check_memberships,
    check_roles,
    is_from_afar,
)

_PARAMETER = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*(\.[A-Za-z_][A-Za-z0-9_$]*)*")
_BECOMING = frozenset({"role", "session_authorization"})
_NEWEST = "18"  # what a parameter is for has not changed between versions


def user_is_possible(spec: DatabaseUserSpec) -> Sequence[Violation]:
    """The name, the roles that it is in, what its sessions begin with, and nothing that a guest must not have."""
    try:
        options = UserOptions.model_validate(spec.block(ENGINE_NAME))
    except ValidationError as error:
        return list(explain_block(error))
    is_guest = is_from_afar(spec)
    return [
        *check_name("spec.username", spec.username, "role"),
        *check_not_reserved("spec.username", spec.username, "role", RESERVED_ROLES),
        *check_attributes(options, is_guest),
        *_check_words(spec.server_privileges, options, is_guest),
        *check_drop(spec.drop, is_guest),
        *check_memberships(spec.memberships, spec.username, is_guest),
        *check_roles("spec.roles", spec.roles, spec.username, is_guest),
        *check_roles(f"spec.{ENGINE_NAME}.inRoles", options.in_roles, spec.username, is_guest),
        *check_privileges("spec.privileges", spec.privileges, has_database=spec.database_ref is not None),
        *_check_default_role(spec, options),
        *_check_parameters(options, is_guest),
    ]


def _check_words(words: Sequence[str], options: UserOptions, is_guest: bool) -> Iterator[Violation]:
    said: dict[str, str] = {}
    for index, word in enumerate(words):
        path = f"spec.serverPrivileges[{index}]"
        if word not in WORDS:
            yield Violation(
                path, f"there is no privilege {word}: choose from {', '.join(sorted(WORDS))}", "FieldValueNotSupported"
            )
            continue
        attribute, value = WORDS[word]
        if said.setdefault(attribute, word) != word or (
            attribute in options.model_fields_set and getattr(options, attribute) is not value
        ):
            yield Violation(path, f"{word} contradicts what is said elsewhere of the same attribute")
        elif is_guest and value and attribute in PRIVILEGED:
            yield Violation(
                path,
                f"{word} can be given only in the namespace of the server itself: make the user there",
                "FieldValueForbidden",
            )


def _check_default_role(spec: DatabaseUserSpec, options: UserOptions) -> Iterator[Violation]:
    role = options.default_role
    known = {*(membership.role for membership in spec.memberships), *spec.roles, *options.in_roles}
    if role is not None and role not in known:
        yield Violation(
            f"spec.{ENGINE_NAME}.defaultRole",
            f"its sessions cannot begin as a role that it is not a member of: name {role!r} in memberships too",
        )


def _check_parameters(options: UserOptions, is_guest: bool) -> Iterator[Violation]:
    path = f"spec.{ENGINE_NAME}"
    yield from _check_map(f"{path}.configParameters", options.config_parameters, is_guest)
    for index, each in enumerate(options.database_config_parameters):
        where = f"{path}.databaseConfigParameters[{index}]"
        yield from check_name(f"{where}.database", each.database, "database")
        yield from _check_map(f"{where}.configParameters", each.config_parameters, is_guest)


def _check_map(path: str, parameters: Mapping[str, str], is_guest: bool) -> Iterator[Violation]:
    seen: dict[str, str] = {}
    for name, value in parameters.items():
        field, first = f"{path}[{name}]", seen.setdefault(name.lower(), name)
        if not _PARAMETER.fullmatch(name):
            yield Violation(field, f"{name!r} cannot be the name of a parameter")
        elif name.lower() in _BECOMING:
            yield Violation(field, f"{name} is not set here: name a role in defaultRole", "FieldValueForbidden")
        elif first != name:
            yield Violation(field, f"it is {first} once more, in other letters", "FieldValueDuplicate")
        elif is_guest and not _is_for_everybody(name):
            yield Violation(
                field,
                f"{name} can be set only in the namespace of the server itself, because it is not for every user to "
                "set: make the user there",
                "FieldValueForbidden",
            )
        if "\0" in value:
            yield Violation(field, "a value cannot contain the character NUL")


def _is_for_everybody(name: str) -> bool:
    """Whether any session may set it; of an extension's parameter that cannot be told from here."""
    known = parameters_of(_NEWEST).get(name.lower())
    return known is not None and known.context == "user"
