"""Columns of Jobs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from dbaas.apiserver.builtins import jobs

NOW = datetime(2026, 1, 1, 0, 5, tzinfo=UTC)


def job(*conditions: str, **parts: Any) -> dict[str, Any]:
    true = [{"type": each, "status": "True"} for each in conditions]
    return {
        "metadata": parts.get("metadata", {}),
        "spec": parts.get("spec", {}),
        "status": {"conditions": true, **parts.get("status", {})},
    }


@pytest.mark.parametrize(
    ("obj", "word"),
    [
        (job(), "Running"),
        (job("SuccessCriteriaMet", "Complete"), "Complete"),
        (job("FailureTarget"), "FailureTarget"),
        (job("Failed", metadata={"deletionTimestamp": "x"}), "Failed"),
        (job("Suspended", metadata={"deletionTimestamp": "x"}), "Terminating"),
    ],
)
def test_the_status_is_the_word_that_kubectl_shows(obj: dict[str, Any], word: str) -> None:
    assert jobs.status(obj) == word


def test_completions_are_counted_against_what_is_wanted() -> None:
    assert jobs.completions(job(spec={"completions": 3}, status={"succeeded": 1})) == "1/3"
    assert jobs.completions(job(spec={"parallelism": 2})) == "0/1 of 2"
    assert jobs.completions(job()) == "0/1"


def test_the_duration_ends_with_the_job() -> None:
    started = {"startTime": "2026-01-01T00:00:00Z"}
    assert jobs.duration(job(status=started), NOW) == "5m"
    assert jobs.duration(job(status={**started, "completionTime": "2026-01-01T00:00:30Z"}), NOW) == "30s"
    assert jobs.duration(job(), NOW) == ""


def test_the_selector_is_written_as_on_the_command_line() -> None:
    expressions = [{"key": "a", "operator": "In", "values": ["y", "x"]}, {"key": "c", "operator": "DoesNotExist"}]
    selector = {"matchLabels": {"b": "1"}, "matchExpressions": expressions}
    assert jobs.selector(job(spec={"selector": selector})) == "a in (x,y),b=1,!c"
    assert jobs.selector(job()) == "<none>"
