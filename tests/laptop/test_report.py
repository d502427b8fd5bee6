"""What the status says."""

from __future__ import annotations

from pathlib import Path

from dbaas.api.process import ProcessStatus
from dbaas.contracts.reconcile import Condition
from dbaas.laptop.record import Record, RecordedExit
from dbaas.laptop.report import Report

ENDED = RecordedExit("2026-01-01T00:00:00Z", "was killed by SIGKILL", signal="SIGKILL")
RUNNING = Record(pid=7, started_at="2026-01-01T00:00:00Z", ports={"main": 5}, restarts=1, last_exit=ENDED)


def test_the_status_has_all_that_is_recorded_and_fits_the_schema() -> None:
    outcome = Report(RUNNING, Path("/log")).held("Stopping", "Stopping", "why")
    assert outcome.status == {
        "restarts": 1, "log": "/log", "host": "127.0.0.1", "ports": {"main": 5}, "pid": 7,
        "startedAt": "2026-01-01T00:00:00Z",
        "lastExit": {"signal": "SIGKILL", "at": "2026-01-01T00:00:00Z", "message": "was killed by SIGKILL"},
    }  # fmt: skip
    assert ProcessStatus.model_validate(outcome.status).ports == {"main": 5}


def test_logs_that_it_writes_itself_are_told_apart_from_what_it_prints() -> None:
    outcome = Report(Record(), Path("/log"), (Path("/data/a.json"),)).held("Stopped", "Stopped", "why")
    assert outcome.status == {"restarts": 0, "log": "/log", "logs": ["/data/a.json"]}


def test_a_program_that_is_about_to_end_still_lives() -> None:
    outcome = Report(RUNNING, Path("/log")).held("Stopping", "Stopping", "why")
    assert outcome.conditions == (
        Condition("Ready", "False", "Stopping", "why"),
        Condition("Alive", "True", "Running", "runs as process 7"),
    )


def test_a_program_that_does_not_run_has_no_pid() -> None:
    outcome = Report(Record(), Path("/log")).held("Stopped", "Stopped", "why", requeue_after=3)
    assert outcome.status == {"restarts": 0, "log": "/log"}
    assert [(c.type, c.status) for c in outcome.conditions] == [("Ready", "False"), ("Alive", "False")]
    assert (outcome.phase, outcome.message, outcome.requeue_after) == ("Stopped", "why", 3)
