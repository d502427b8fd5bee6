"""Functions that Kubernetes adds to CEL: what they take, what they answer and how they fail."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.kubernetes_api.library_mistakes import ERRS, NO_ADDRESSES, REFUSED
from conformance.kubernetes_api.library_rules import FAILS, HOLDS, SHAPE, VALUES
from conformance.kubernetes_api.rule_costs import fields
from conformance.kubernetes_api.specimens import definition
from conformance.kubernetes_api.test_rules import DEFINITIONS, ruled
from fixtures.control_plane import Api

LATER: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("later_rules.yaml").read_text())
_PLACE = re.compile(r"ERROR: <input>:1:(\d+: .*)")


async def answers(api: Api, name: str, sources: list[str]) -> dict[str, str]:
    """What is said of each rule that does not hold, without the rule's message."""
    rules = [{"rule": source, "message": f"m{number}"} for number, source in enumerate(sources)]
    made = await ruled(api, name, {**fields(**SHAPE), "x-kubernetes-validations": rules})
    found = [re.fullmatch(r"spec: Invalid value: (.*?)m(\d+)", each) for each in await made.causes(VALUES)]
    return {sources[int(each[2])]: each[1] for each in found if each is not None}


@pytest.mark.parametrize("part", range(3))
async def test_rules_hold(api: Api, part: int) -> None:
    assert await answers(api, f"holds{part}", [*HOLDS, *LATER["holds"]][part::3]) == {}


async def test_rules_do_not_hold(api: Api) -> None:
    rules = [*FAILS, *LATER["fails"]]
    assert await answers(api, "fails", rules) == dict.fromkeys(rules, "")


async def test_what_is_no_address_is_told_with_its_reason(api: Api) -> None:
    rules = {f"ip('{text}').family() == 4": (text, why) for text, why in NO_ADDRESSES.items()}
    assert await answers(api, "addresses", list(rules)) == {
        rule: (
            f'"object": IP Address "{text}" parse error during conversion from string: ParseAddr("{text}"): {why} '
            "evaluating rule: "
        )
        for rule, (text, why) in rules.items()
    }


async def test_functions_fail(api: Api) -> None:
    errs = {**ERRS, **LATER["errs"]}
    found = await answers(api, "errs", list(errs))
    assert {
        rule: why.removeprefix('"object": ').removesuffix(" evaluating rule: ") for rule, why in found.items()
    } == errs


async def test_a_constant_that_cannot_be_converted_is_refused(api: Api) -> None:
    spec = {**fields(**SHAPE), "x-kubernetes-validations": [{"rule": "int('x') == 1"}]}
    answer = await api.post(DEFINITIONS, definition("constant", "Constant", spec), dryRun="All")
    (cause,) = answer.body["details"]["causes"]
    why = "type conversion error from 'string' to 'int'"
    assert cause["message"].endswith(f": program instantiation failed: {why}")


async def test_calls_with_other_types_are_refused(api: Api) -> None:
    refused = {**REFUSED, **LATER["refused"]}
    spec: dict[str, Any] = {**fields(**SHAPE), "x-kubernetes-validations": [{"rule": each} for each in refused]}
    answer = await api.post(DEFINITIONS, definition("refused", "Refused", spec), dryRun="All")
    told: dict[int, str] = {}
    for each in answer.body["details"]["causes"]:
        place = re.search(r"validations\[(\d+)\]\.rule$", each["field"])
        if place is not None and "compilation failed" in each["message"]:
            message = re.sub(r"selfType\d+", "selfType", each["message"])
            told[int(place[1])] = "\n".join(_PLACE.findall(message))
    assert told == dict(enumerate(refused.values()))
