"""Of a password that is written out in SQL its writer is told, and it is taken."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.admission import RuleAdmission
from dbaas.contracts.admission import Review
from dbaas.contracts.registry import find_registry
from fixtures.clients import FakeClient

TEXTS = ["CREATE TABLE a ()", "ALTER ROLE CURRENT_USER PASSWORD 'hunter2'"]


@pytest.mark.parametrize("group", ["dbaas.io/v1", "dbops.dbprovision.io/v1alpha1"])
async def test_a_password_in_a_text_is_warned_of_once_for_each_text_and_never_quoted(group: str) -> None:
    admission = RuleAdmission(find_registry("laptop"), FakeClient().get)
    spec: dict[str, Any] = {"instanceRef": {"name": "main"}, "name": "shop", "owner": "a", "initSQL": {"inline": TEXTS}}
    body = {"metadata": {"name": "shop", "namespace": "n"}, "spec": spec}
    review = Review("CREATE", *group.split("/"), "Database", body, None)
    verdict = await admission.review(review)
    assert not verdict.violations
    (warning,) = verdict.warnings
    assert warning.startswith("spec.initSQL.inline[1]: ") and "secretRef" in warning and "hunter2" not in warning
    unchanged = Review("UPDATE", *group.split("/"), "Database", body, body)
    assert not (await admission.review(unchanged)).warnings
