"""What is refused in a DatabaseGrant or ClusterDatabaseGrant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic import ValidationError

from dbaas.api.grant import AnyGrantSpec, Privilege
from dbaas.contracts.admission import Violation
from dbaas.engines.postgres.blueprints.grants import is_on, translate_default, translate_grant
from dbaas.engines.postgres.blueprints.parts import ENGINE_NAME
from dbaas.engines.postgres.names import RESERVED_ROLES, check_name, check_not_reserved
from dbaas.engines.postgres.options.grants import Grant, GrantOptions
from dbaas.engines.postgres.rules.blocks import explain_block
from dbaas.engines.postgres.rules.privileges import check_privileges

_LISTS = (("table", "tables"), ("sequence", "sequences"), ("function", "functions"))


def grant_is_possible(spec: AnyGrantSpec) -> Sequence[Violation]:
    """It asks for something, each item says enough to be granted, and everybody is nobody's member."""
    try:
        options = GrantOptions.model_validate(spec.block(ENGINE_NAME))
    except ValidationError as error:
        return list(explain_block(error))
    return [
        *_check_purpose(spec, options),
        *check_privileges("spec.privileges", spec.privileges, has_database=spec.database_ref is not None),
        *_check_block(options),
        *_check_public(spec, options),
    ]


def _check_purpose(spec: AnyGrantSpec, options: GrantOptions) -> Iterator[Violation]:
    if not (spec.privileges or options.grants or options.default_privileges or options.roles):
        yield Violation("spec.privileges", "say what may be done: nothing is granted here", "FieldValueRequired")


def _check_public(spec: AnyGrantSpec, options: GrantOptions) -> Iterator[Violation]:
    if not spec.public:
        return
    if options.roles:
        message = "everybody cannot be a member of a role: grant its privileges instead"
        yield Violation(f"spec.{ENGINE_NAME}.roles", message, "FieldValueForbidden")
    message = "everybody cannot give privileges on: leave it out"
    items: list[tuple[str, Sequence[Privilege | Grant]]] = [
        ("spec.privileges", spec.privileges), (f"spec.{ENGINE_NAME}.grants", options.grants)
    ]  # fmt: skip
    for path, given in items:
        for index, item in enumerate(given):
            if item.with_grant_option:
                yield Violation(f"{path}[{index}].withGrantOption", message, "FieldValueForbidden")


def _check_block(options: GrantOptions) -> Iterator[Violation]:
    path = f"spec.{ENGINE_NAME}"
    for index, role in enumerate(options.roles):
        yield from check_name(f"{path}.roles[{index}]", role, "role")
        if role in RESERVED_ROLES:
            yield from check_not_reserved(f"{path}.roles[{index}]", role, "role", RESERVED_ROLES)
    yield from check_grants(f"{path}.grants", options.grants)
    for index, default in enumerate(options.default_privileges):
        where = f"{path}.defaultPrivileges[{index}]"
        found = check_privileges("", [translate_default(default)], has_database=False)
        yield from (_moved(violation, where, {"schema": "schema", "grantor": "grantedBy"}) for violation in found)


def check_grants(path: str, grants: Sequence[Grant]) -> Iterator[Violation]:
    """Each says where, and asks for nothing that none of its objects has."""
    for index, grant in enumerate(grants):
        yield from _check_grant(f"{path}[{index}]", grant)


def _check_grant(path: str, grant: Grant) -> Iterator[Violation]:
    lists = [(on, name) for on, name in _LISTS if getattr(grant, name)]
    if lists and grant.schema_ is None:
        yield Violation(f"{path}.schema", f"say in which schema the {lists[0][1]} are", "FieldValueRequired")
        return
    types = [on for on, _ in lists] or ["database" if grant.schema_ is None else "schema"]
    for index, privilege in enumerate(grant.privileges):
        if not any(is_on(privilege, on) for on in types):
            message = f"there is no privilege {privilege} on a {' or a '.join(types)}"
            yield Violation(f"{path}.privileges[{index}]", message, "FieldValueNotSupported")
    plural = dict(_LISTS)
    for item in translate_grant(grant):
        names = {"names": plural.get(item.on, "database"), "schema": "schema"}
        found = check_privileges("", [item], has_database=False)
        yield from (_moved(violation, path, names) for violation in found)


def _moved(violation: Violation, path: str, names: dict[str, str]) -> Violation:
    """From the item that the block was translated to, back to the block."""
    field, bracket, rest = violation.field.removeprefix("[0].").partition("[")
    return Violation(f"{path}.{names.get(field, field)}{bracket}{rest}", violation.message, violation.reason)
