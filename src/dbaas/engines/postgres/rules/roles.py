"""What is refused in a DatabaseUser."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic import ValidationError

from dbaas.api.user import DatabaseUserSpec
from dbaas.contracts.admission import Violation
from dbaas.engines.postgres.blueprints.parts import ENGINE_NAME
from dbaas.engines.postgres.names import RESERVED_ROLES, check_name, check_not_reserved
from dbaas.engines.postgres.options.roles import UserOptions
from dbaas.engines.postgres.rules.blocks import explain_block

_PRIVILEGED = {
    "superuser": "superuser",
    "create_role": "createRole",
    "replication": "replication",
    "bypass_rls": "bypassRLS",
}


def user_is_possible(spec: DatabaseUserSpec) -> Sequence[Violation]:
    """The name, and no attributes from afar that would give the whole server away."""
    try:
        options = UserOptions.model_validate(spec.block(ENGINE_NAME))
    except ValidationError as error:
        return list(explain_block(error))
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
