"""What a DatabaseEngine may declare, and what an OpsRequest may ask of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dbaas.admission.customs import custom_is_declared, operations_are_possible
from dbaas.admission.facts import Facts
from dbaas.api.database_engine import DatabaseEngineSpec
from dbaas.api.operation import OpsRequestSpec
from dbaas.contracts.registry import Registry
from fixtures.registries import GRANITE
from simulation.engine import Network, SimulatedCustoms

ENGINE = replace(GRANITE, custom_statements=SimulatedCustoms(Network()))
REGISTRY = Registry({"granite": ENGINE}, {}, "")
SWEEP = {
    "name": "sweep",
    "parameters": [{"name": "table", "type": "Identifier"}],
    "statements": [{"name": "only", "sql": "sweep $(table)"}],
}


def entry(*operations: dict[str, Any]) -> dict[str, Any]:
    return {"type": "granite", "provider": "runner", "supportedVersions": ["2"], "operations": list(operations)}


def refusals(**more: Any) -> dict[str, str]:
    """Of a declaration that differs from a good one: message by field, without what all have in common."""
    spec = DatabaseEngineSpec.model_validate(entry({**SWEEP, **more}))
    found = operations_are_possible(spec, ENGINE)
    return {each.field.removeprefix("spec.operations[0]."): each.message for each in found}


def table(**more: Any) -> dict[str, Any]:
    return {"parameters": [{**SWEEP["parameters"][0], **more}]}  # type: ignore[dict-item]


def statement(**more: Any) -> dict[str, Any]:
    return {"statements": [{"name": "only", "sql": "sweep $(table)", **more}]}


def test_what_can_be_run_is_accepted() -> None:
    assert refusals() == {}
    assert refusals(**statement(database="$(table)")) == {}


@pytest.mark.parametrize(
    ("more", "field", "why"),
    [
        (statement(sql="damn $(table)"), "statements[0].sql", "be polite"),
        (statement(sql="sweep $(table) $(tabel)"), "statements[0].sql", "did you mean 'table'?"),
        (statement(sql="sweep"), "parameters[0].name", "no statement has $(table) in it"),
        (statement(database="x$(table)"), "statements[0].database", "$(name) of one parameter and nothing else"),
        (statement(database="$(other)"), "statements[0].database", "$(other) is no parameter"),
        ({**table(type="String"), **statement(database="$(table)")}, "statements[0].database", "needs an Identifier"),
        (table(default="damn"), "parameters[0].default", "its own rules refuse it: it swears"),
        (table(default="c", values=["a"]), "parameters[0].default", "choose from a"),
        (table(values=["a", "B"], pattern="[a-z]"), "parameters[0].values[1]", "it must match [a-z]"),
        (table(pattern="("), "parameters[0].pattern", "no regular expression"),
        (table(minimum=1), "parameters[0].minimum", "only an Integer has a minimum"),
        (table(type="Integer", minimum=2, maximum=1), "parameters[0].minimum", "more than the maximum"),
        ({"lockTimeout": "10ms"}, "lockTimeout", "at least a second"),
        ({"timeout": "0s"}, "timeout", "at least a second"),
        (
            {"parameters": [{"name": "newPassword"}], "statements": [{"name": "a", "sql": "x $(newPassword)"}]},
            "parameters[0].name", "a password belongs in a Secret",
        ),
    ],
    ids=str,
)  # fmt: skip
def test_what_never_could_be_is_refused_at_its_place(more: dict[str, Any], field: str, why: str) -> None:
    found = refusals(**more)
    assert found.keys() == {field}
    assert why in found[field]


def test_an_engine_that_cannot_run_them_says_so() -> None:
    spec = DatabaseEngineSpec.model_validate(entry(SWEEP))
    assert [each.field for each in operations_are_possible(spec, GRANITE)] == ["spec.operations"]
    assert list(operations_are_possible(spec, None)) == []


def asked(operation: str, *declared: dict[str, Any], **parameters: str) -> list[tuple[str, str]]:
    custom = {"operation": operation, "parameters": parameters}
    spec = OpsRequestSpec.model_validate({"clusterRef": {"name": "main"}, "type": "Custom", "custom": custom})
    facts = Facts(REGISTRY, "granite", entry(*declared))
    return [(each.field, each.message) for each in custom_is_declared(spec, facts)]


def test_what_is_declared_may_be_asked_with_what_it_takes() -> None:
    assert asked("sweep", SWEEP, table="floor") == []


def test_what_is_not_declared_is_refused_with_all_that_is() -> None:
    other = {**SWEEP, "name": "polish"}
    ((field, message),) = asked("swep", SWEEP, other)
    assert field == "spec.custom.operation"
    assert "it declares sweep, polish; did you mean 'sweep'?" in message
    ((_, message),) = asked("sweep")
    assert message.endswith("it declares none")


def test_what_nobody_knows_yet_is_told_later() -> None:
    custom = {"operation": "sweep"}
    spec = OpsRequestSpec.model_validate({"clusterRef": {"name": "main"}, "type": "Custom", "custom": custom})
    assert list(custom_is_declared(spec, Facts(REGISTRY, "granite"))) == []


def test_what_is_given_is_judged_by_its_parameter() -> None:
    assert {field for field, _ in asked("sweep", SWEEP, tabel="x")} == {
        "spec.custom.parameters[tabel]", "spec.custom.parameters[table]"
    }  # fmt: skip
