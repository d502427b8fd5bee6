"""Macros that go over the elements of a list or the entries of a map.

To cel-go each is a loop with a variable for its result, and it costs what this loop costs: `_before` of each says which
part of it is beside the macro's own arguments. Sources: cel-go, `parser/macro.go` and `ext/comprehensions.go`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from dbaas.apiserver.schemas.expressions.failures import EVALUATION_ERRORS, Failure, NoOverload
from dbaas.apiserver.schemas.expressions.runs import Fixed, Run, Step
from dbaas.apiserver.schemas.expressions.syntax import Call, Expression, Name
from dbaas.apiserver.schemas.expressions.things import Value, type_name

_ONE_NAME = frozenset({("all", 2), ("exists", 2), ("exists_one", 2), ("filter", 2), ("map", 2), ("map", 3)})
_TWO_NAMES = frozenset(
    {("all", 3), ("exists", 3), ("exists_one", 3), ("existsOne", 3)}
    | {(name, count) for name in ("transformList", "transformMap", "transformMapEntry") for count in (3, 4)}
)
_NEW_LIST = 10


def names_of_loop(function: str, count: int) -> int:
    """How many names such a call binds; 0 if it is no macro that does."""
    if (function, count) in _ONE_NAME:
        return 1
    return 2 if (function, count) in _TWO_NAMES else 0


def is_loop(part: Call) -> bool:
    count = names_of_loop(part.function, len(part.arguments))
    return count > 0 and part.target is not None and all(isinstance(each, Name) for each in part.arguments[:count])


def bodies_of(part: Call) -> Sequence[Expression]:
    """What is evaluated for each element."""
    return part.arguments[names_of_loop(part.function, len(part.arguments)) :]


def plan_loop(part: Call, source: Step, bodies: Sequence[Step]) -> Step:
    """`bodies` are those of the call, each as a step."""
    count = names_of_loop(part.function, len(part.arguments))
    names = [each.name for each in part.arguments[:count] if isinstance(each, Name)]
    loop = _Loop(source, names)
    match part.function:
        case "all":
            return _quantified(loop, bodies[0], deciding=False, asking=2)
        case "exists":
            return _quantified(loop, bodies[0], deciding=True, asking=3)
        case "exists_one" | "existsOne":
            return _counted(loop, bodies[0])
        case "filter":
            return _gathered(loop, bodies[0], lambda run: run.names[names[0]], cost=_NEW_LIST + 3)
        case "transformMap" | "transformMapEntry":
            return _mapped(loop, bodies, keeps_keys=part.function == "transformMap")
    made = 0 if isinstance(bodies[-1], Fixed) else _NEW_LIST
    return _gathered(loop, bodies[0] if len(bodies) > 1 else None, bodies[-1], cost=made + 2)


class _Loop:
    def __init__(self, source: Step, names: Sequence[str]) -> None:
        self.source = source
        self.names = names

    def over(self, run: Run, values: Value) -> Iterator[None]:
        """Gives the names their values, one element after the other."""
        if not isinstance(values, list | dict):
            kind = f"types.{type_name(values).capitalize()}"
            if len(self.names) == 1:
                raise Failure(f"got '{kind}', expected iterable type")
            raise Failure(f"unsupported comprehension range type: {kind}")
        if len(self.names) == 1:
            (name,) = self.names
            for each in values:
                run.names[name] = each
                run.check()
                yield
            return
        first, second = self.names
        for key, each in values.items() if isinstance(values, dict) else enumerate(values):
            run.names[first], run.names[second] = key, each
            run.check()
            yield


def _quantified(loop: _Loop, body: Step, *, deciding: bool, asking: int) -> Step:
    """One element that decides absorbs the errors of others. `asking` is what the question costs whether to go on."""

    def quantify(run: Run) -> bool:
        failure: Exception | None = None
        decided = False
        values = loop.source(run)
        with run.scope(*loop.names):
            for _ in loop.over(run, values):
                run.spent += asking
                if decided:
                    break
                run.spent += 1
                try:
                    found = body(run)
                except EVALUATION_ERRORS as error:
                    failure = failure or error
                    continue
                if not isinstance(found, bool):
                    failure = failure or NoOverload()
                decided = found is deciding
        run.spent += 1
        if failure is not None and not decided:
            raise failure
        return deciding if decided else not deciding

    return quantify


def _counted(loop: _Loop, body: Step) -> Step:
    def count(run: Run) -> bool:
        failure: Exception | None = None
        found = 0
        values = loop.source(run)
        with run.scope(*loop.names):
            for _ in loop.over(run, values):
                try:
                    is_one = _asked(body, run)
                except EVALUATION_ERRORS as error:
                    failure = error
                    continue
                if is_one:
                    run.spent += 2
                    found += 1
        run.spent += 2
        if failure is not None:
            raise failure
        return found == 1

    return count


def _asked(condition: Step, run: Run) -> bool:
    found = condition(run)
    if not isinstance(found, bool):
        raise NoOverload
    return found


def _gathered(loop: _Loop, condition: Step | None, body: Step, *, cost: int) -> Step:
    """The last error of a condition is told, or the first one of a body."""

    def gather(run: Run) -> list[Value]:
        failure: Exception | None = None
        made: list[Value] = []
        values = loop.source(run)
        with run.scope(*loop.names):
            for _ in loop.over(run, values):
                try:
                    is_kept = condition is None or _asked(condition, run)
                except EVALUATION_ERRORS as error:
                    failure = error
                    continue
                if is_kept and failure is None:
                    made.append(body(run))
                    run.spent += cost
        run.spent += 1
        if failure is not None:
            raise failure
        return made

    return gather


def _mapped(loop: _Loop, bodies: Sequence[Step], *, keeps_keys: bool) -> Step:
    make: Callable[[Run], dict[Value, Value]] = bodies[-1]
    if keeps_keys:
        make = lambda run: {run.names[loop.names[0]]: bodies[-1](run)}  # noqa: E731  # the same thing in another way
    cost = 3 if keeps_keys else 2

    def gather(run: Run) -> dict[Value, Value]:
        made: dict[Value, Value] = {}
        values = loop.source(run)
        with run.scope(*loop.names):
            for _ in loop.over(run, values):
                if len(bodies) > 1 and not _asked(bodies[0], run):
                    continue
                found = make(run)
                if not isinstance(found, dict):
                    raise NoOverload(f"cel.@mapInsert(map, {type_name(found)})")
                for key, value in found.items():
                    if key in made:
                        raise Failure(f"insert failed: key {key} already exists")
                    made[key] = value
                run.spent += cost
        run.spent += 1
        return made

    return gather
