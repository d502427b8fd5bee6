"""Expressions made into functions that evaluate them and count what that costs.

Every part becomes one function of a run, which has the names and the count. What is counted where is cel-go's
`interpreter/runtimecost.go`: a name and each step from it one, a constant nothing, a call what `charges` says. Of
what is around an error each call counts one, and arguments after it count nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from dbaas.apiserver.schemas.expressions import loops
from dbaas.apiserver.schemas.expressions.charges import CHARGES
from dbaas.apiserver.schemas.expressions.failures import EVALUATION_ERRORS, Failure, NoOverload
from dbaas.apiserver.schemas.expressions.functions import FUNCTIONS, accepts
from dbaas.apiserver.schemas.expressions.literals import constant_value, mentions, named_type
from dbaas.apiserver.schemas.expressions.mistakes import Mistake, Unreadable
from dbaas.apiserver.schemas.expressions.runs import Fixed, Run, Step
from dbaas.apiserver.schemas.expressions.signatures import SIGNATURES
from dbaas.apiserver.schemas.expressions.syntax import Call, Constant, Elements, Entries, Expression, Name, Select
from dbaas.apiserver.schemas.expressions.things import Maybe, Value, is_in, shown_type, type_name

_NEW_LIST, _NEW_MAP = 10, 30
_PATHS = frozenset({"_[_]", "_[?_]", "_?_:_"})
_DECIDING = {"_&&_": False, "_||_": True}
_CONVERSIONS = frozenset({"bool", "bytes", "double", "duration", "dyn", "int", "string", "timestamp", "type", "uint"})
_UNSORTABLE = frozenset({"bytes", "list", "map"})
_OPTIONAL_MACROS = frozenset({"optMap", "optFlatMap"})
_INPUT = "@sortBy"
_SILENT = frozenset(name for name in FUNCTIONS if not name[0].isalpha())
_SILENT |= {"contains", "endsWith", "startsWith", "matches", "find", "findAll"}
_NAMED_ONLY = frozenset({"size", "sort"})


def plan(part: Expression) -> Step:
    """Raises Unreadable for what cannot be evaluated, Failure for a constant that cannot be converted."""
    match part:
        case Constant():
            return Fixed(constant_value(part))
        case Name():
            named = named_type(part.name)
            return _plan_path(part, 1) if named is None else Fixed(named)
        case Select():
            return _plan_path(part, 1)
        case Elements():
            return _plan_list(part)
        case Entries():
            return _plan_map(part)
        case Call():
            return _plan_call(part)
    raise AssertionError(part)


def _is_path(part: Expression) -> bool:
    """Whether it is a name or what is reached from something by steps, which cel-go keeps as one."""
    if isinstance(part, Name):
        return named_type(part.name) is None
    return isinstance(part, Select) or (isinstance(part, Call) and part.function in _PATHS)


def _plan_path(part: Expression, start: int) -> Step:
    """`start` is what the beginning of the path costs: nothing where cel-go takes the path alone."""
    match part:
        case Name(name=name) if _is_path(part):
            return _plan_name(name, start)
        case Select(operand=operand, field=field):
            return _step(_plan_path(operand, start), Fixed(field), is_optional=part.optional)
        case Call(function="_[_]" | "_[?_]", arguments=(operand, index)):
            return _step(_plan_path(operand, start), _plan_branch(index), is_optional=part.function == "_[?_]")
        case Call(function="_?_:_", arguments=(condition, one, other)):
            return _choice(plan(condition), _plan_branch(one), _plan_branch(other))
    inner = plan(part)
    if isinstance(part, Call) and part.function in _OPTIONAL_MACROS:  # to cel-go a choice between two paths
        return inner

    def begin(run: Run) -> Value:
        value = inner(run)
        run.spent += start
        return value

    return begin


def _plan_branch(part: Expression) -> Step:
    return _plan_path(part, 0) if _is_path(part) else plan(part)


def _plan_name(name: str, cost: int) -> Step:
    def read(run: Run) -> Value:
        run.spent += cost
        try:
            return run.names[name]
        except KeyError as error:
            raise Failure(f"no such attribute(s): {name}") from error

    return read


def _step(holder: Step, key: Step, *, is_optional: bool) -> Step:
    """What an optional value has is optional too."""

    def reach(run: Run) -> Value:
        held = holder(run)
        if not is_optional and not isinstance(held, Maybe):
            found = held
            wanted = key(run)
            run.spent += 1
            return _reached(found, wanted)
        inside = held.value if isinstance(held, Maybe) else held
        if isinstance(held, Maybe) and not held.is_present:
            return held
        wanted = key(run)
        if not _has(inside, wanted):
            return Maybe()
        run.spent += 1
        return Maybe(_reached(inside, wanted), is_present=True)

    return reach


def _reached(holder: Value, key: Value) -> Value:
    if isinstance(holder, dict):
        if key not in holder:
            raise Failure(f"no such key: {key}")
        return holder[key]
    if isinstance(holder, list):
        index = _index(key)
        if not 0 <= index < len(holder):
            raise Failure(f"index out of bounds: {index}")
        return holder[index]
    raise Failure(f"no such key: {key}")


def _has(holder: Value, key: Value) -> bool:
    if isinstance(holder, list):
        return 0 <= _index(key) < len(holder)
    return isinstance(holder, dict) and key in holder


def _index(key: Value) -> int:
    if isinstance(key, int | float) and not isinstance(key, bool):
        if key != int(key):
            raise Failure(f"unsupported index value {key} in list")
        return int(key)
    raise Failure(f"unsupported index type '{type_name(key)}' in list")


def _choice(condition: Step, one: Step, other: Step) -> Step:
    def choose(run: Run) -> Value:
        found = condition(run)
        if not isinstance(found, bool):
            raise NoOverload
        return one(run) if found else other(run)

    return choose


def _plan_list(part: Elements) -> Step:
    steps = [(plan(each), index in part.optional) for index, each in enumerate(part.elements)]

    def make(run: Run) -> list[Value]:
        made: list[Value] = []
        for step, is_optional in steps:
            value = step(run)
            if not is_optional:
                made.append(value)
            elif _expect_optional(value).is_present:
                made.append(value.value)
        run.spent += _NEW_LIST
        return made

    return _fixed_if(make, all(isinstance(step, Fixed) and not is_optional for step, is_optional in steps))


def _plan_map(part: Entries) -> Step:
    steps = [(plan(key), plan(each), index in part.optional) for index, (key, each) in enumerate(part.entries)]

    def make(run: Run) -> dict[Value, Value]:
        made = {}
        for key_step, step, is_optional in steps:
            key, value = key_step(run), step(run)
            if not is_optional:
                made[key] = value
            elif _expect_optional(value).is_present:
                made[key] = value.value
        run.spent += _NEW_MAP
        return made

    parts = [(step, is_optional) for key, each, is_optional in steps for step in (key, each)]
    return _fixed_if(make, all(isinstance(step, Fixed) and not is_optional for step, is_optional in parts))


def _fixed_if(step: Step, is_fixed: bool) -> Step:
    return Fixed(step(Run({}))) if is_fixed else step


def _expect_optional(value: Value) -> Maybe:
    if not isinstance(value, Maybe):
        raise Failure(f"cannot initialize optional element from non-optional value {value}")
    return value


def _plan_call(part: Call) -> Step:
    name, target, arguments = part.function, part.target, part.arguments
    if name in _DECIDING:
        return _logical([plan(each) for each in arguments], _DECIDING[name])
    if name in _PATHS:
        return _plan_path(part, 1)
    if name == "has" and target is None and len(arguments) == 1 and isinstance(arguments[0], Select):
        return _presence(_plan_branch(arguments[0].operand), arguments[0].field)
    if target is not None:
        if loops.is_loop(part):
            return loops.plan_loop(part, plan(target), [plan(each) for each in loops.bodies_of(part)])
        if name in _OPTIONAL_MACROS and len(arguments) == 2 and isinstance(arguments[0], Name):
            return _plan_optional_map(part, target, arguments[0].name)
        if name == "sortBy" and len(arguments) == 2 and isinstance(arguments[0], Name):
            return _plan_sort(part, target)
        if name in ("or", "orValue") and len(arguments) == 1:
            return _otherwise(plan(target), plan(arguments[0]), keeps=name == "or")
    if isinstance(target, Name) and f"{target.name}.{name}" in SIGNATURES:
        name, target = f"{target.name}.{name}", None
    steps = [plan(each) for each in (arguments if target is None else (target, *arguments))]
    if name == "@in" and isinstance(steps[1], Fixed):
        known = steps[1].value
        if isinstance(known, list) and not any(type_name(each) in _UNSORTABLE for each in known):
            return _membership(steps[0], known)
    step = _call(name, steps, part.at, is_method=target is not None)
    return _fixed_if(step, name in _CONVERSIONS and len(steps) == 1 and isinstance(steps[0], Fixed))


def _logical(steps: Sequence[Step], deciding: bool) -> Step:
    """A part that decides absorbs the errors of others."""

    def decide(run: Run) -> bool:
        failure: Exception | None = None
        for step in steps:
            try:
                found = step(run)
            except EVALUATION_ERRORS as error:
                failure = failure or error
                continue
            if found is deciding:
                return bool(deciding)
            if not isinstance(found, bool):
                failure = failure or NoOverload()
        if failure is not None:
            raise failure
        return not deciding

    return decide


def _presence(holder: Step, field: str) -> Step:
    def test(run: Run) -> bool:
        held = holder(run)
        run.spent += 1
        if isinstance(held, Maybe):
            return bool(held.is_present) and _has(held.value, field)
        return _has(held, field)

    return test


def _plan_optional_map(part: Call, target: Expression, name: str) -> Step:
    """To cel-go the target is evaluated for whether it has a value, and once more for the value if that is used."""
    source, body = plan(target), plan(part.arguments[1])
    is_used = mentions(part.arguments[1], name)

    def apply(run: Run) -> Value:
        before = run.spent
        held = source(run)
        run.spent += 1
        if not held.is_present:
            run.spent += 1
            return held
        run.spent += (run.spent - before) * is_used
        with run.scope(name):
            run.names[name] = held.value
            made = body(run)
        if part.function == "optFlatMap":
            return made
        run.spent += 1
        return Maybe(made, is_present=True)

    return apply


def _plan_sort(part: Call, target: Expression) -> Step:
    """What cel-go makes of it: a name for the list, a `map` over that, and a call with both."""
    source = Name(_INPUT, part.at)
    keys = plan(Call("map", part.arguments, part.at, source))
    order = _call("@sortByAssociatedKeys", [_plan_path(source, 1), keys], part.at, is_method=True)
    values = plan(target)

    def sort(run: Run) -> Value:
        found = values(run)
        with run.scope(_INPUT):
            run.names[_INPUT] = found
            return order(run)

    return sort


def _otherwise(target: Step, other: Step, *, keeps: bool) -> Step:
    def choose(run: Run) -> Value:
        held = target(run)
        if not isinstance(held, Maybe):
            raise NoOverload
        if not held.is_present:
            return other(run)
        return held if keeps else held.value

    return choose


def _membership(value: Step, known: Sequence[Value]) -> Step:
    """In a list of constants is looked up for nothing; in an empty one nothing is looked up."""
    if not known:
        return Fixed(False)
    return lambda run: is_in(value(run), known)


def _call(name: str, steps: Sequence[Step], at: int, *, is_method: bool) -> Step:
    function = FUNCTIONS.get(name)
    if function is None:
        raise Unreadable(Mistake(at, f"undeclared reference to '{name}' (in container '')"))
    charge = CHARGES.get(name)

    def call(run: Run) -> Value:
        try:
            values = [step(run) for step in steps]
            given = tuple(map(type_name, values))
            if not accepts(name, given, is_method=is_method):
                raise NoOverload(_show_call(name, given))
            result = function(*values)
        except EVALUATION_ERRORS:
            run.spent += 1
            raise
        run.spent += 1 if charge is None else charge(values, result)
        return result

    return call


def _show_call(name: str, given: Sequence[str]) -> str:
    """As cel-go shows a call that it has no function for; of some it shows less."""
    if name in _SILENT:
        return ""
    if name in _NAMED_ONLY:
        return name
    first, *rest = map(shown_type, given)
    if name == "flatten":
        return f"{first}.flatten({', '.join(rest)})"
    return f"{name}({', '.join([first, *rest])})"
