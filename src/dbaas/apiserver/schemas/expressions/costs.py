"""What an expression costs at most, in the units of cel-go, before there is any value.

Rules are refused by the figure. Source: cel-go, `checker/cost.go`.
"""

from __future__ import annotations

from collections.abc import Sequence

from dbaas.apiserver.schemas.expressions.call_costs import Price, price_of
from dbaas.apiserver.schemas.expressions.checking import Typed
from dbaas.apiserver.schemas.expressions.extents import Extent
from dbaas.apiserver.schemas.expressions.loops import bodies_of, is_loop
from dbaas.apiserver.schemas.expressions.measures import Measures, Parts
from dbaas.apiserver.schemas.expressions.signatures import Signature
from dbaas.apiserver.schemas.expressions.sizes import MOST, ONE, Size
from dbaas.apiserver.schemas.expressions.syntax import Call, Constant, Elements, Entries, Expression, Name, Select

_NEW_LIST, _NEW_MAP = 10, 30


def estimate_cost(typed: Typed, extent: Extent) -> int:
    """The highest, for an expression without mistakes. `extent` is that of `self` and `oldSelf`."""
    return min(_Estimate(typed, extent).cost(typed.root), MOST)


class _Estimate:
    """Every part is looked at once, the ones inside first."""

    def __init__(self, typed: Typed, extent: Extent) -> None:
        self._calls = typed.calls
        self._known = Measures(typed, extent)

    def cost(self, part: Expression) -> int:
        match part:
            case Constant():
                return 0
            case Name():
                return 1
            case Select():
                return self._cost_of_select(part)
            case Elements():
                return self._cost_of_list(part)
            case Entries():
                return self._cost_of_map(part)
            case Call():
                return self._cost_of_call(part)

    def _cost_of_select(self, part: Select) -> int:
        cost = self.cost(part.operand)
        if part.optional:
            return cost + 1
        holder = self._known.type_of(part.operand)
        self._known.reach(part, (*self._known.path_of(part.operand), part.field))
        return cost + (holder.fields is not None or holder.name == "map")

    def _cost_of_list(self, part: Elements) -> int:
        cost = _NEW_LIST + sum(map(self.cost, part.elements))
        self._known.keep(part, None, Parts(True, ONE, self._any_of(part.elements)))
        return cost

    def _cost_of_map(self, part: Entries) -> int:
        keys, values = [key for key, _ in part.entries], [value for _, value in part.entries]
        cost = _NEW_MAP + sum(map(self.cost, [*keys, *values]))
        self._known.keep(part, None, Parts(False, self._any_of(keys), self._any_of(values)))
        return cost

    def _any_of(self, parts: Sequence[Expression]) -> Size:
        sizes = [self._known.size_or_unknown(each) for each in parts]
        return Size(min((each.least for each in sizes), default=0), max((each.most for each in sizes), default=0))

    def _cost_of_call(self, part: Call) -> int:
        if part.function in ("_&&_", "_||_"):
            return sum(map(self.cost, part.arguments))
        if part.function == "has" and part.target is None and isinstance(part.arguments[0], Select):
            return self.cost(part.arguments[0].operand)
        signatures = self._calls.get(part.at, ())
        if part.target is not None and is_loop(part):
            return self._cost_of_macro(part, part.target)
        if part.target is not None and part.function == "sortBy":
            return self._cost_of_sort(part, part.target)
        if part.target is not None and part.function in _OPTIONAL_STEPS:
            return self._cost_of_optional_macro(part, part.target)
        if part.function == "_?_:_":
            return self._cost_of_choice(part)
        is_method = any(each.is_method for each in signatures)
        operands = (part.target, *part.arguments) if part.target is not None and is_method else part.arguments
        cost = sum(map(self.cost, operands))
        if part.function == "dyn":
            self._known.keep(part, self._known.size_of(operands[0]), self._known.parts_of(operands[0]))
            return cost + 1
        return cost + self._cost_of_function(part, signatures, operands)

    def _cost_of_function(self, part: Call, signatures: Sequence[Signature], operands: Sequence[Expression]) -> int:
        """The dearest of all signatures that fit; the result may be as small or as large as that of any."""
        seen = [self._known.operand(each) for each in operands]
        name = part.function
        if isinstance(part.target, Name) and len(operands) == len(part.arguments):
            name = f"{part.target.name}.{name}"
        prices = [price_of(name, each, seen) for each in signatures]
        size = self._size_of_element(part, signatures) if part.function == "_[_]" else _widest(prices)
        parts = None
        if part.function == "_+_":
            one, other = map(self._known.parts_of, operands)
            parts = one.or_(other) if one is not None and other is not None else None
        self._known.keep(part, self._known.size_of(part) if size is None else size, parts)
        return max((each.cost for each in prices), default=0)

    def _size_of_element(self, part: Call, signatures: Sequence[Signature]) -> Size | None:
        container = part.arguments[0]
        found = self._known.parts_of(container)
        for each in signatures:
            if each.arguments[0].name in ("list", "map"):
                step = "@items" if each.arguments[0].name == "list" else "@values"
                self._known.reach(part, (*self._known.path_of(container), step))
        return found.value if found is not None and self._known.path_of(part) else None

    def _cost_of_choice(self, part: Call) -> int:
        condition, *ways = map(self.cost, part.arguments)
        one, other = part.arguments[1:]
        first, second = self._known.parts_of(one), self._known.parts_of(other)
        parts = first.or_(second) if first is not None and second is not None else None
        self._known.keep(part, self._known.size_or_unknown(one).or_(self._known.size_or_unknown(other)), parts)
        return condition + max(ways)

    def _cost_of_macro(self, part: Call, target: Expression) -> int:
        """A macro is a loop with a variable for its result: `_STEPS` has what that costs beside the rest."""
        cost = self.cost(target)
        bodies = bodies_of(part)
        names = [each for each in part.arguments[: -len(bodies)] if isinstance(each, Name)]
        with self._known.scope():
            if len(names) == 1:
                self._known.bind_element(names[0], target)
            else:
                self._known.bind_entry(names[0], names[1], target)
            each = sum(map(self.cost, bodies))
            element = self._known.size_or_unknown(names[0] if part.function == "filter" else bodies[-1])
        step, once = _STEPS[part.function]
        count = self._known.size_or_unknown(target)
        if part.function in ("map", "filter", "transformList"):
            self._known.keep(part, count, Parts(True, ONE, Size(0, element.most)))
        elif part.function in ("transformMap", "transformMapEntry"):
            self._known.keep(part, count)
        else:
            self._known.keep(part, ONE, None)
        return cost + once + count.most * (step + each)

    def _cost_of_sort(self, part: Call, target: Expression) -> int:
        """A `map` for the keys, and a call with these; the list has a name, which is asked for twice."""
        cost = self._cost_of_macro(Call("map", part.arguments, part.at, target), target) + 2 + _NEW_LIST
        keys = self._known.operand(part)
        signatures = self._calls.get(part.at, ())
        prices = [price_of("@sortByAssociatedKeys", each, [keys, keys]) for each in signatures]
        self._known.keep(part, _widest(prices))
        return cost + max((each.cost for each in prices), default=0)

    def _cost_of_optional_macro(self, part: Call, target: Expression) -> int:
        """The target is evaluated twice: whether there is a value, and for the value."""
        name, body = part.arguments
        cost = 2 * self.cost(target)
        with self._known.scope():
            if isinstance(name, Name):
                self._known.bind_value(name)
            cost += self.cost(body)
        return cost + _OPTIONAL_STEPS[part.function]


def _widest(prices: Sequence[Price]) -> Size | None:
    sizes = [each.size for each in prices if each.size is not None]
    return Size(min(each.least for each in sizes), max(each.most for each in sizes)) if sizes else None


# Of each macro, what a step of the loop costs beside the macro's arguments, and what the rest costs.
_STEPS = {
    "all": (3, 1),
    "exists": (4, 1),
    "exists_one": (2, 2),
    "existsOne": (2, 2),
    "filter": (13, _NEW_LIST + 1),
    "map": (12, _NEW_LIST + 1),
    "transformList": (12, _NEW_LIST + 1),
    "transformMap": (3, _NEW_MAP + 1),
    "transformMapEntry": (2, _NEW_MAP + 1),
}
_OPTIONAL_STEPS = {"optMap": 13, "optFlatMap": 12}
