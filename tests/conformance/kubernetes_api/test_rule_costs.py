"""What CEL rules may cost: kube-apiserver estimates it from the schema, and refuses a definition for it."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest

from conformance.kubernetes_api.rule_costs import BOUNDLESS, COSTS, SHAPE, array, fields, mapping, text
from conformance.kubernetes_api.specimens import definition
from conformance.kubernetes_api.test_rules import DEFINITIONS, rule
from fixtures.control_plane import Api

LIMIT = 10_000_000
PARTS = 4
_ADVICE = (
    " (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are "
    "declared)"
)


async def refusals(api: Api, **properties: Any) -> list[tuple[str, str]]:
    """The causes for which a definition with these properties is refused, each with where it stands."""
    answer = await api.post(DEFINITIONS, definition("costly", "Costly", fields(**properties)), dryRun="All")
    assert answer.status in (201, 422), answer.body
    causes = answer.body["details"]["causes"] if answer.status == 422 else []
    root = "spec.validation.openAPIV3Schema.properties[spec].properties"
    return [(each["field"].removeprefix(root), each["message"]) for each in causes]


def excess(times: str, what: str = "estimated rule cost") -> str:
    return f"Forbidden: {what} exceeds budget by factor of {times}{_ADVICE}"


async def excesses(api: Api, **properties: Any) -> dict[str, str]:
    """By how much the one rule of a property is too expensive."""
    found = await refusals(api, **properties)
    told = [
        (where, re.findall(r"estimated rule cost exceeds budget by factor of (.*) \(try", why)) for where, why in found
    ]
    return {re.findall(r"^\[(\w+)\]", where)[0]: factors[0] for where, factors in told if factors}


@pytest.mark.parametrize("part", range(PARTS))
async def test_the_estimate_of_a_rule_is_the_same_to_the_unit(api: Api, part: int) -> None:
    """Each rule stands where it may be as often as makes it a little too expensive: then six digits are shown."""
    properties, wanted = {}, {}
    for number, (source, cost) in enumerate(list(COSTS.items())[part::PARTS]):
        count = 1 if cost > LIMIT else math.ceil(1.2 * LIMIT / cost)
        times = cost * count / LIMIT
        properties[f"p{number}"] = array({**SHAPE, **rule(source)}, count)
        wanted[f"p{number}"] = f"{times:.6f}x" if times < 1.5 else f"{times:.1f}x"
    assert await excesses(api, **properties) == wanted


NAME = rule("self.matches('^[a-z0-9]+(-[a-z0-9]+)*$')")
SHORT = {**text(10), **NAME}
UNBOUNDED = {"type": "string", **NAME}
NAMED = fields("name", "id", name=text(10), id={"type": "boolean"}, d={"type": "integer", "default": 1})
MATCHED = rule("self.name.matches('^[a-z0-9]+(-[a-z0-9]+)*$') || self.name.contains('abcdefghijklmnopqrstuvwxyz')")
PLACES = {
    "alone": ({"type": "string", **NAME}, ""),
    "bounded in an array": (array(SHORT, 100_000), ""),
    "in an array": (array(SHORT), "3.3x"),
    "in a map": (mapping(SHORT), "3.3x"),
    "bounded in a map": (mapping(SHORT, 300_000), ""),
    "bounded in arrays": (array(array(SHORT, 700), 700), "1.5x"),
    "in an array of bounded ones": (array(array(SHORT, 3)), "3.3x"),
    "unbounded in an array": (array({"type": "string", **NAME}), "more than 100x"),
    "in an array of objects that are never small": (array({**NAMED, **MATCHED}), ""),
    "in an array of objects that may be small": (array({**NAMED, **MATCHED, "required": ["d"]}), "4.8x"),
    "in a map that stands in an array": (array(mapping(SHORT, 1000), 1000), "3.1x"),
}


@pytest.mark.parametrize("place", PLACES)
async def test_a_rule_costs_more_the_more_often_its_place_can_be_there(api: Api, place: str) -> None:
    schema, times = PLACES[place]
    assert await excesses(api, p=schema) == ({"p": times} if times else {})


@pytest.mark.parametrize("source", BOUNDLESS)
async def test_what_loses_all_bounds_costs_too_much_by_far(api: Api, source: str) -> None:
    assert await excesses(api, p={**SHAPE, **rule(source)}) == {"p": "more than 100x"}


async def test_a_definition_has_a_limit_for_all_of_its_rules(api: Api) -> None:
    dear = {f"p{limit}": array(array({**text(20), **NAME}, limit), 1000) for limit in (177, 178, 179, 180, 181)}
    cheap = {f"q{number}": array({**text(20), **NAME}, 30_000) for number in range(60)}
    assert await refusals(api, **dear) == []
    contributed = "Forbidden: contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema"
    what = "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema"
    assert await refusals(api, **dear, **cheap) == [
        *((f"[p{limit}].items.items.x-kubernetes-validations[0].rule", contributed) for limit in (181, 180, 179, 178)),
        ("spec.validation.openAPIV3Schema", excess("1.482250x", what)),
    ]


async def test_a_message_costs_too_but_once(api: Api) -> None:
    long = "self.replace('a', 'bbbbbbbb').replace('b', 'cccc') + self"
    schema = array({**text(1_000_000), **rule("self.size() < 5", messageExpression=long)}, 2)
    where = "[p].items.x-kubernetes-validations[0].messageExpression"
    assert await refusals(api, p=schema) == [(where, excess("2.0x", "estimated messageExpression cost"))]


async def test_what_else_is_wrong_with_a_rule_that_costs_too_much_is_told_too(api: Api) -> None:
    two = {**text(20_000_000), **rule("self.contains('aaaaaaaaaaaaaaa')", messageExpression="self + 1")}
    where = "[p].x-kubernetes-validations[0]"
    (first, why), (second, _) = await refusals(api, p=two)
    assert (first, why) == (f"{where}.rule", excess("1.6x"))
    assert second == f"{where}.messageExpression"
