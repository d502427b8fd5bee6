"""What a version lacks is refused with that reason."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.api.grant import DatabaseGrantSpec
from dbaas.api.user import DatabaseUserSpec
from dbaas.contracts.admission import Violation
from dbaas.engines.postgres.rules.versions import version_has_it

FOR = {"userRef": {"name": "app"}}


def grant(**spec: Any) -> DatabaseGrantSpec:
    return DatabaseGrantSpec.model_validate({**FOR, **spec})


MAINTAIN = {"on": "table", "schema": "s", "names": ["t"], "privileges": ["SELECT", "MAINTAIN"]}
PARAMETER = {"on": "parameter", "names": ["work_mem"], "privileges": ["ALL"]}
LARGE = {"on": "largeObject", "future": True, "grantor": "somebody", "privileges": ["SELECT"]}
BLOCK = {"database": "shop", "schema": "s", "tables": ["*"], "privileges": ["MAINTAIN"]}
DEFAULT = {"database": "shop", "schema": "s", "grantedBy": "o", "objectType": "tables", "privileges": ["MAINTAIN"]}


@pytest.mark.parametrize(
    ("spec", "lacking", "having", "field", "says"),
    [
        ({"privileges": [MAINTAIN]}, "16.9", "17.0", "spec.privileges[0]", "PostgreSQL 16.9 has no privilege MAINTAIN"),
        ({"privileges": [PARAMETER]}, "14.2", "15.1", "spec.privileges[0]", "has no privileges on parameters"),
        ({"privileges": [LARGE]}, "17.5", "18beta1", "spec.privileges[0]", "no default privileges on largeObjects"),
        ({"postgres": {"grants": [BLOCK]}}, "16.9", "18.1", "spec.postgres.grants[0]", "no privilege MAINTAIN"),
        (
            {"postgres": {"defaultPrivileges": [DEFAULT]}}, "13.1", "17.0", "spec.postgres.defaultPrivileges[0]",
            "no privilege MAINTAIN",
        ),
    ],
)  # fmt: skip
def test_a_privilege_that_a_version_lacks_is_refused_there_and_nowhere_else(
    spec: dict[str, Any], lacking: str, having: str, field: str, says: str
) -> None:
    (violation,) = version_has_it(grant(**spec), lacking)
    assert (violation.field, violation.reason) == (field, "FieldValueNotSupported")
    assert says in violation.message
    assert version_has_it(grant(**spec), having) == []


def test_options_of_memberships_are_there_from_version_16_on() -> None:
    memberships = [{"role": "plain", "admin": True}, {"role": "readers", "inherit": False, "set": True}]
    user = DatabaseUserSpec.model_validate({"instanceRef": {"name": "main"}, "memberships": memberships})
    fields = [violation.field for violation in version_has_it(user, "15.13")]
    assert fields == ["spec.memberships[1].inherit", "spec.memberships[1].set"]
    assert version_has_it(user, "16.0") == []


def test_nothing_is_refused_where_nothing_is_known() -> None:
    found: list[Violation] = list(version_has_it(grant(privileges=[MAINTAIN]), "devel"))
    assert found == []
    assert list(version_has_it(grant(postgres={"grants": [{}]}), "16.9")) == []
