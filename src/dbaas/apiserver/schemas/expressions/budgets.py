"""How much the rules of a schema may cost: each by itself, and all of a definition.

Source: apiextensions-apiserver, `pkg/apis/apiextensions/validation` (`validation.go`, `cel_validation.go`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from dbaas.apiserver.schemas import wording
from dbaas.apiserver.schemas.causes import Cause
from dbaas.apiserver.schemas.expressions.extents import Extent
from dbaas.apiserver.schemas.expressions.sizes import MOST
from dbaas.apiserver.schemas.nodes import Spec

LIMIT_OF_EXPRESSION = 10_000_000
LIMIT_OF_DEFINITION = 100_000_000
_WORTH_TELLING = LIMIT_OF_DEFINITION // 100
_TOLD = 4
_WHOLE = "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema"
_CONTRIBUTED = "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema"
_FORBIDDEN = "FieldValueForbidden"


@dataclass
class _Sum:
    total: int = 0
    dearest: list[tuple[int, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Budget:
    """What rules may cost at one place of a schema. `count` is how often that place can be in one object; None if no
    schema above says so. What is spent is spent for all places."""

    count: int | None = 1
    _spent: _Sum = field(default_factory=_Sum)

    def below(self, spec: Spec) -> Budget:
        """That of the places that are directly below one with this schema."""
        limit: int | None = 1
        if spec.get("type") == "array":
            limit = spec.get("maxItems")
        elif spec.get("type") == "object" and spec.get("additionalProperties") is not None:
            limit = spec.get("maxProperties")
        if self.count is None or limit is None:
            return replace(self, count=None)
        return replace(self, count=min(self.count * max(limit, 0), MOST))

    def spend_on_rule(self, cost: int, extent: Extent, where: str) -> Iterator[Cause]:
        """For a rule that costs so much each time."""
        count = extent.most_in_a_request if self.count is None else self.count
        return self._spend(min(cost * count, MOST), "estimated rule cost", where)

    def spend_on_message(self, cost: int, where: str) -> Iterator[Cause]:
        """A message is made once, however often its place is there."""
        return self._spend(cost, "estimated messageExpression cost", where)

    def _spend(self, cost: int, what: str, where: str) -> Iterator[Cause]:
        self._spent.total = min(self._spent.total + cost, MOST)
        if cost >= _WORTH_TELLING:
            self._spent.dearest.append((cost, where))
        if cost > LIMIT_OF_EXPRESSION:
            yield wording.without_value(where, _excess(what, cost, LIMIT_OF_EXPRESSION), _FORBIDDEN)

    def problems(self, path: str) -> Iterator[Cause]:
        """Of all that was spent; `path` is where the schema stands."""
        if self._spent.total <= LIMIT_OF_DEFINITION:
            return
        dearest = sorted(self._spent.dearest, key=lambda each: -each[0])
        for _, where in dearest[:_TOLD]:
            yield wording.without_value(where, _CONTRIBUTED, _FORBIDDEN)
        yield wording.without_value(path, _excess(_WHOLE, self._spent.total, LIMIT_OF_DEFINITION), _FORBIDDEN)


def _excess(what: str, cost: int, limit: int) -> str:
    times = cost / limit
    factor = "more than 100x" if times > 100 else f"{times:.6f}x" if times < 1.5 else f"{times:.1f}x"
    advice = (
        "try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings"
    )
    return f"{what} exceeds budget by factor of {factor} ({advice} are declared)"
