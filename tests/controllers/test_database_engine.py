"""The catalogue's entries."""

from __future__ import annotations

import pytest

from dbaas.api.database_engine import DATABASE_ENGINE
from dbaas.api.resource import build_resource
from dbaas.controllers.database_engine import DatabaseEngineController, builtin_entries
from fixtures.registries import granite_registry


def test_there_is_an_entry_for_each_engine_that_can_be_run() -> None:
    (entry,) = builtin_entries(granite_registry())
    assert entry["metadata"]["name"] == "granite"
    assert entry["spec"] == {"type": "granite", "provider": "runner", "supportedVersions": ["2", "1"]}


@pytest.mark.parametrize(
    ("spec", "status", "reason"),
    [
        ({"type": "granite", "provider": "runner", "supportedVersions": ["1", "2"]}, "True", "Ready"),
        ({"type": "granite", "provider": "runner", "supportedVersions": ["1"]}, "False", "ProgramsMissing"),
        ({"type": "granite", "provider": "boat", "supportedVersions": ["2"]}, "False", "NotInstalled"),
        ({"type": "slate", "provider": "runner", "supportedVersions": ["2"]}, "False", "NotInstalled"),
    ],
    ids=str,
)
async def test_ready_says_whether_it_is_really_there(spec: dict[str, object], status: str, reason: str) -> None:
    resource = build_resource(DATABASE_ENGINE, {"metadata": {"name": "x"}, "spec": spec})
    outcome = await DatabaseEngineController(granite_registry()).reconcile(resource)
    assert (outcome.conditions[0].status, outcome.conditions[0].reason) == (status, reason)
