"""What CEL rules may cost when they are evaluated: each call, and all calls for one object."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.kubernetes_api.rule_costs import array, fields, text
from conformance.kubernetes_api.test_rules import ruled
from fixtures.control_plane import Api

DEAR = "self.l.sort().size() > 0"  # reckoned with the square of the length, and quickly done
DEAREST = 690  # elements, with which it costs not quite a million
SHAPE = fields(l=array(text(20), 700))
OUT_OF_BUDGET = (
    'spec: Invalid value: "object": validation failed due to running out of cost budget, '
    "no further validation rules will be run"
)


def of_length(count: int) -> dict[str, Any]:
    return {"l": ["a"] * count}


async def test_a_call_may_cost_a_million(api: Api) -> None:
    rules = [{"rule": DEAR, "message": "dear"}, {"rule": "false", "message": "next"}]
    made = await ruled(api, "dear", {**SHAPE, "x-kubernetes-validations": rules})
    assert await made.causes(of_length(DEAREST)) == ["spec: Invalid value: next"]
    assert await made.causes(of_length(DEAREST + 1)) == [
        "spec: Invalid value: \"object\": 'operation cancelled: actual cost limit exceeded': no further validation "
        "rules will be run due to call cost exceeds limit for rule: dear"
    ]


@pytest.mark.parametrize(("calls", "is_told"), [(10, False), (11, True)])
async def test_all_calls_for_an_object_may_cost_ten_millions(api: Api, calls: int, is_told: bool) -> None:
    rules = [{"rule": DEAR, "message": "dear"}] * calls
    made = await ruled(api, f"calls{calls}", {**SHAPE, "x-kubernetes-validations": rules})
    assert await made.causes(of_length(DEAREST)) == ([OUT_OF_BUDGET] if is_told else [])


async def test_a_message_may_cost_as_much_as_a_rule(api: Api) -> None:
    message = "string(self.l.sort().size())"
    rules = [{"rule": "false", "messageExpression": message}] * 2
    made = await ruled(api, "message", {**SHAPE, "x-kubernetes-validations": rules})
    assert await made.causes(of_length(DEAREST)) == [f"spec: Invalid value: {DEAREST}"] * 2
    assert await made.causes(of_length(DEAREST + 1)) == [
        'spec: Invalid value: "object": no further validation rules will be run due to call cost exceeds limit for '
        f'messageExpression: "{message}"'
    ]
