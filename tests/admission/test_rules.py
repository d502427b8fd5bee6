"""Which objects are refused, at which field, and with which hint."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.admission.facts import Facts
from dbaas.admission.rules import find_violations
from dbaas.contracts.admission import Review, Violation
from fixtures.registries import granite_registry, granite_spec


def judge(kind: str, spec: dict[str, Any], engine: str = "", named: dict[str, Any] | None = None) -> list[Violation]:
    new = {"metadata": {"name": "x", "namespace": "default"}, "spec": spec}
    review = Review("CREATE", "dbaas.io", "v1", kind, new, None)
    return find_violations(review, Facts(granite_registry(), engine, named))


ON = {"instanceRef": {"name": "main"}}
FAR = {"host": "h", "port": 1, "secretRef": {"name": "s"}}


def running(engine: str, version: str) -> dict[str, Any]:
    return granite_spec(engine={"type": engine, "version": version})


def entry(engine: str, provider: str, version: str) -> dict[str, Any]:
    return {"type": engine, "provider": provider, "supportedVersions": [version]}


@pytest.mark.parametrize(
    ("kind", "spec", "engine"),
    [
        ("DatabaseCluster", granite_spec(), "granite"),
        ("DatabaseCluster", granite_spec(clusterSize=2, config=[{"name": "a", "value": "1"}]), "rock"),
        ("DatabaseInstance", {"engine": "Slate", "connection": FAR}, "Slate"),
        ("Database", ON, "granite"),
        ("Database", ON, ""),
        ("DatabaseEngine", entry("rock", "runner", "1"), ""),
    ],
    ids=str,
)  # fmt: skip
def test_what_can_be_had_is_accepted(kind: str, spec: dict[str, Any], engine: str) -> None:
    assert judge(kind, spec, engine) == []


@pytest.mark.parametrize(
    ("kind", "spec", "engine", "field", "hint"),
    [
        ("DatabaseCluster", running("granit", "2"), "granit", "spec.engine.type", "did you mean 'granite'"),
        ("DatabaseCluster", running("roc", "2"), "roc", "spec.engine.type", "did you mean 'granite'"),
        ("DatabaseCluster", running("slate", "1"), "slate", "spec.engine.type", "as a DatabaseInstance"),
        ("DatabaseCluster", running("granite", "3"), "granite", "spec.engine.version", "choose one of 2, 1"),
        ("DatabaseCluster", running("granite", "2.7"), "granite", "spec.engine.version", "write '2'"),
        ("DatabaseCluster", granite_spec(clusterSize=3), "granite", "spec.clusterSize", "two legs"),
        ("DatabaseCluster", granite_spec(provider="boat"), "granite", "spec.provider", "this installation has runner"),
        ("DatabaseCluster", granite_spec(slate={"a": 1}), "granite", "spec.slate", "remove the block"),
        ("Database", ON, "slate", "spec", "slate has no Database"),
        ("Database", ON | {"name": "bad"}, "granite", "spec.name", "bad name"),
        ("Database", ON | {"deletionPolicy": "Snapshot"}, "granite", "spec.deletionPolicy", "Retain"),
        ("DatabaseEngine", entry("granite", "boat", "1"), "", "spec.provider", "runner"),
        ("DatabaseEngine", entry("granite", "runner", "9"), "", "spec.supportedVersions[0]", "choose from 2, 1"),
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_had_is_refused_at_its_field(
    kind: str, spec: dict[str, Any], engine: str, field: str, hint: str
) -> None:
    (violation,) = judge(kind, spec, engine)
    assert violation.field == field
    assert hint in violation.message


def test_a_name_that_defaults_to_the_objects_must_be_possible_too() -> None:
    new = {"metadata": {"name": "bad", "namespace": "default"}, "spec": ON}
    review = Review("CREATE", "dbaas.io", "v1", "Database", new, None)
    (violation,) = find_violations(review, Facts(granite_registry(), "granite"))
    assert violation.field == "spec.name"


def test_all_that_is_wrong_is_said_at_once() -> None:
    spec = granite_spec(engine={"type": "granite", "version": "9"}, clusterSize=3, slate={})
    assert [v.field for v in judge("DatabaseCluster", spec, "granite")] == [
        "spec.engine.version", "spec.clusterSize", "spec.slate",
    ]  # fmt: skip


def test_an_entry_of_the_catalogue_must_exist_and_agree() -> None:
    spec = granite_spec(engine={"type": "granite", "version": "2", "engineRef": {"name": "old"}})
    assert [v.field for v in judge("DatabaseCluster", spec, "granite")] == ["spec.engine.engineRef.name"]
    slate = entry("slate", "runner", "1")
    assert [v.field for v in judge("DatabaseCluster", spec, "granite", slate)] == [
        "spec.engine.engineRef.name", "spec.engine.version",
    ]  # fmt: skip


def test_what_slips_past_the_schema_is_told_without_its_value() -> None:
    (violation,) = judge("Database", {"instanceRef": {"name": "x"}, "owner": 7}, "granite")
    assert violation == Violation("spec.owner", "input should be a valid string")


def wrong(**metadata: Any) -> dict[str, Any]:
    return {"metadata": {"name": "x", **metadata}, "spec": granite_spec(clusterSize=9)}


@pytest.mark.parametrize(
    "review",
    [
        Review("DELETE", "dbaas.io", "v1", "DatabaseCluster", None, wrong()),
        Review("UPDATE", "dbaas.io", "v1", "DatabaseCluster", wrong(deletionTimestamp="now"), granite_spec()),
        Review("UPDATE", "dbaas.io", "v1", "DatabaseCluster", wrong(), wrong()),
        Review("UPDATE", "dbaas.io", "v1", "DatabaseCluster", wrong(), None, subresource="status"),
        Review("CREATE", "", "v1", "Secret", wrong(), None),
    ],
    ids=["deletion", "being deleted", "spec as it was", "status", "not ours"],
)
def test_some_writes_are_never_refused(review: Review) -> None:
    assert find_violations(review, Facts(granite_registry(), "granite")) == []


def test_a_version_that_cannot_read_the_data_is_refused() -> None:
    old, new = ({"metadata": {"name": "x"}, "spec": running("granite", version)} for version in ("2", "1"))
    review = Review("UPDATE", "dbaas.io", "v1", "DatabaseCluster", new, old)
    (violation,) = find_violations(review, Facts(granite_registry(), "granite"))
    assert violation.field == "spec.engine.version"
    assert "no version reads data of a newer one, and this is of version 2: write '2'" in violation.message


def test_a_cluster_that_found_data_of_another_version_may_change_to_that() -> None:
    stalled = {"type": "Stalled", "status": "True", "reason": "DataOfOtherVersion"}
    old = {"metadata": {"name": "x"}, "spec": running("granite", "2"), "status": {"conditions": [stalled]}}
    new = {"metadata": {"name": "x"}, "spec": running("granite", "1")}
    review = Review("UPDATE", "dbaas.io", "v1", "DatabaseCluster", new, old)
    assert find_violations(review, Facts(granite_registry(), "granite")) == []
