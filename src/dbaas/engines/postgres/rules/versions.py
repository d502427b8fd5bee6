"""What is refused because the server's version lacks it, once that is known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pydantic import ValidationError

from dbaas.api.grant import GrantSpec, Privilege
from dbaas.api.role import Membership, RoleSpec
from dbaas.api.user import DatabaseUserSpec
from dbaas.contracts.admission import Violation
from dbaas.engines.postgres.blueprints.grants import translate_default, translate_grant
from dbaas.engines.postgres.blueprints.parts import ENGINE_NAME
from dbaas.engines.postgres.options.grants import GrantOptions
from dbaas.engines.postgres.privileges.entries import Entry, Target, explain_missing
from dbaas.engines.postgres.statements import MEMBERSHIP_OPTIONS_SINCE

_NUMBER_OF_MAJOR = 10_000  # PostgreSQL's manual, `server_version_num`: 16.9 is 160009
_NOT_SUPPORTED = "FieldValueNotSupported"
_Item = tuple[str, Privilege]  # with its path


def version_has_it(spec: Any, version: str) -> Sequence[Violation]:
    """Privileges and options of memberships. Nothing is refused where the version cannot be read."""
    found = re.match(r"\d+", version)
    if found is None:
        return []
    number = int(found[0]) * _NUMBER_OF_MAJOR
    memberships = spec.memberships if isinstance(spec, RoleSpec | DatabaseUserSpec) else ()
    return [*_check_privileges(_privileges(spec), version, number), *_check_memberships(memberships, version, number)]


def _privileges(spec: Any) -> Iterator[_Item]:
    yield from ((f"spec.privileges[{index}]", item) for index, item in enumerate(spec.privileges))
    block = spec.block(ENGINE_NAME) if isinstance(spec, GrantSpec | RoleSpec) else {}
    try:
        options = GrantOptions.model_validate(
            {name: block[name] for name in ("grants", "defaultPrivileges") if name in block}
        )
    except ValidationError:  # another rule tells what is wrong with it
        return
    for index, grant in enumerate(options.grants):
        yield from ((f"spec.{ENGINE_NAME}.grants[{index}]", item) for item in translate_grant(grant))
    for index, default in enumerate(options.default_privileges):
        yield f"spec.{ENGINE_NAME}.defaultPrivileges[{index}]", translate_default(default)


def _check_privileges(items: Iterable[_Item], version: str, number: int) -> Iterator[Violation]:
    for path, item in items:
        target = Target(item.on, name="" if item.future else "any", grantor="any")
        for privilege in item.privileges:
            why = explain_missing(Entry(target, privilege), version, number)
            if why is not None:
                yield Violation(path, f"{why}: leave it out, or use a newer server", _NOT_SUPPORTED)


def _check_memberships(memberships: Sequence[Membership], version: str, number: int) -> Iterator[Violation]:
    if number >= MEMBERSHIP_OPTIONS_SINCE:
        return
    for index, each in enumerate(memberships):
        for option, value in (("inherit", each.inherit), ("set", each.set_)):
            if value is not None:
                yield Violation(
                    f"spec.memberships[{index}].{option}",
                    f"PostgreSQL {version} has no {option} option of a membership, which is there from version 16 on: "
                    "leave it out",
                    _NOT_SUPPORTED,
                )
