"""Rules of single kinds that the conformance suite does not reach."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.apiserver.failures import Failure
from dbaas.apiserver.strategies import DATA_LIMIT, STRATEGIES


def test_data_has_a_size() -> None:
    causes = STRATEGIES["configmaps"].validate({"data": {"a": "x" * (DATA_LIMIT + 1)}}, None)
    assert [cause.reason for cause in causes] == ["FieldValueTooLong"]


@pytest.mark.parametrize("key", ["", "..", "..a", "a/b"])
def test_keys_that_are_no_file_names_are_refused(key: str) -> None:
    assert STRATEGIES["configmaps"].validate({"data": {key: "x"}}, None)


def test_a_secret_never_shows_its_value_in_a_refusal() -> None:
    new: dict[str, Any] = {"data": {"a": "not base64: hunter2"}}
    with pytest.raises(Failure) as refused:
        STRATEGIES["secrets"].complete(new)
    assert "hunter2" not in refused.value.message


def test_clear_text_wins_over_encoded_data() -> None:
    new: dict[str, Any] = {"data": {"a": "Yg=="}, "stringData": {"a": "c"}}
    STRATEGIES["secrets"].complete(new)
    assert new == {"type": "Opaque", "data": {"a": "Yw=="}}


def test_a_namespace_keeps_its_spec() -> None:
    old = {"spec": {"finalizers": ["kubernetes"]}}
    new: dict[str, Any] = {"metadata": {"name": "a"}, "spec": {"finalizers": []}}
    STRATEGIES["namespaces"].prepare(new, old)
    assert new["spec"] == old["spec"]
    assert STRATEGIES["namespaces"].is_held(new)


def test_a_job_may_have_no_end() -> None:
    new: dict[str, Any] = {"spec": {"parallelism": 2}}
    STRATEGIES["jobs.batch"].complete(new)
    assert "completions" not in new["spec"]
