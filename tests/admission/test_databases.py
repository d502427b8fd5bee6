"""What is refused in a Database of any engine."""

from __future__ import annotations

from typing import Any

from dbaas.admission.databases import quarantine_is_possible, sql_can_be_run
from dbaas.admission.facts import Facts
from dbaas.api.database import DatabaseSpec
from dbaas.contracts.admission import Review
from dbaas.contracts.registry import Registry
from simulation.engine import Network, build_engine


def find(spec: dict[str, Any]) -> list[str]:
    engine = build_engine(Network())
    facts = Facts(Registry({engine.name: engine}, {}, ""), engine.name)
    body = {"metadata": {"name": "shop", "namespace": "here"}, "spec": {"instanceRef": {"name": "main"}, **spec}}
    review = Review("CREATE", "dbaas.io", "v1", "Database", body, None)
    parsed = DatabaseSpec.model_validate(body["spec"])
    return [each.field for each in (*sql_can_be_run(review, parsed, facts), *quarantine_is_possible(parsed, facts))]


def test_what_the_engine_cannot_do_is_refused() -> None:
    assert find({"initSQL": {"inline": ["SELECT 1"]}}) == ["spec.initSQL"]
    assert find({"quarantine": "7d"}) == ["spec.quarantine"]
    assert find({}) == []


def test_no_text_is_read_from_another_namespace() -> None:
    there = {"name": "sql", "key": "init", "namespace": "there"}
    assert find({"initSQL": {"secretRef": there}}) == ["spec.initSQL", "spec.initSQL.secretRef.namespace"]
    assert find({"initSQL": {"configMapRef": {**there, "namespace": "here"}}}) == ["spec.initSQL"]
