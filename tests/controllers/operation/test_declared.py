"""From a declaration and what is given to the statements that are run."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.api.operation import OpsRequestSpec
from dbaas.contracts.reconcile import Refused
from dbaas.controllers.operation.declared import Script, build_script
from simulation.engine import Network, SimulatedCustoms

PART = SimulatedCustoms(Network())
OPERATION: dict[str, Any] = {
    "name": "sweep",
    "parameters": [{"name": "table", "type": "Identifier"}, {"name": "kind", "default": "soft"}],
    "statements": [{"name": "only", "sql": "sweep $(table) $(kind)", "database": "$(table)"}],
}


def build(declared: dict[str, Any] | None = None, timeout: str = "1h", **parameters: str) -> Script:
    custom = {"operation": "sweep", "parameters": {"table": "floor", **parameters}}
    body = {"clusterRef": {"name": "main"}, "type": "Custom", "custom": custom, "timeout": timeout}
    operations = [{**OPERATION, **(declared or {})}]
    entry = {"type": "basalt", "provider": "instant", "supportedVersions": ["7"], "operations": operations}
    return build_script(OpsRequestSpec.model_validate(body), entry, PART)


def test_a_statement_has_its_values_and_its_database() -> None:
    (step,) = build().steps
    assert (step.name, step.database, str(step.sql)) == ("only", "floor", "sweep 'floor' 'soft'")


def test_the_shorter_time_counts() -> None:
    assert [build(timeout=text).seconds for text in ("1h", "10s")] == [3600, 10]
    assert build({"timeout": "1m"}).seconds == 60
    assert build({"timeout": "2h"}).seconds == 3600
    assert build({"lockTimeout": "5m"}).lock_seconds == 300


def test_only_what_runs_otherwise_has_another_digest() -> None:
    digest = build().digest
    assert build({"description": "nicely"}, timeout="2h").digest == digest
    others = [build(kind="hard"), build({"repeatable": True}), build({"statements": OPERATION["statements"] * 2})]
    assert digest not in {other.digest for other in others}
    assert len({other.digest for other in others}) == 3


def test_what_is_not_declared_or_does_not_fit_is_refused() -> None:
    with pytest.raises(Refused, match="declares an operation 'sweep'"):
        build({"name": "polish"})
    with pytest.raises(Refused, match=r"spec\.custom\.parameters\[colour\]"):
        build(colour="red")
