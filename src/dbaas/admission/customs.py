"""Rules of operations of type Custom: what a DatabaseEngine may declare, and what an OpsRequest may ask of that."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from dbaas.admission.facts import Facts
from dbaas.api.database_engine import (
    DatabaseEngineSpec,
    EngineOperation,
    OperationParameter,
    OperationStatement,
)
from dbaas.api.operation import OpsRequestSpec
from dbaas.contracts.admission import Violation
from dbaas.contracts.custom import HOLE, CustomStatements
from dbaas.contracts.engine import Engine
from dbaas.contracts.parameters import Unfit, check_pattern, find_operation, parse_value, read_parameters, suggest
from dbaas.core.duration import parse_duration

NOT_SUPPORTED = "FieldValueNotSupported"
_SECRET = re.compile(r"passw(or)?d|secret", re.IGNORECASE)


def custom_is_declared(spec: OpsRequestSpec, facts: Facts) -> Iterator[Violation]:
    """By the DatabaseEngine of the cluster that it is about, as it is now; with all that it is given."""
    engine = facts.registry.engine(facts.engine)
    if engine is None or spec.custom is None:
        return  # the rules of clusters and the schema tell
    if engine.custom_statements is None:
        yield Violation("spec.type", f"dbaas cannot run statements of a catalogue on {engine.name}", NOT_SUPPORTED)
        return
    if facts.entry is None:
        return  # which may come later: then it is told when its turn comes
    declared = DatabaseEngineSpec.model_validate(facts.entry).operations
    operation = find_operation(declared, spec.custom.operation)
    if operation is None:
        names = [each.name for each in declared]
        has = f"it declares {', '.join(names)}" if names else "it declares none"
        message = (
            f"the DatabaseEngine of {spec.cluster_ref.name!r} declares no operation {spec.custom.operation!r}: {has}"
            f"{suggest(spec.custom.operation, names)}"
        )
        yield Violation("spec.custom.operation", message, "FieldValueNotFound")
        return
    yield from read_parameters(operation, spec.custom.parameters, engine.custom_statements)[1]


def operations_are_possible(spec: DatabaseEngineSpec, engine: Engine | None) -> Iterator[Violation]:
    """That each can be run at all. An engine that is not known is told by another rule."""
    if engine is None or not spec.operations:
        return
    if engine.custom_statements is None:
        message = f"dbaas cannot run statements of a catalogue on {engine.name}: leave them out"
        yield Violation("spec.operations", message, NOT_SUPPORTED)
        return
    for field, operation in _number("spec.operations", spec.operations):
        yield from _operation_is_possible(field, operation, engine.custom_statements)


def _operation_is_possible(field: str, operation: EngineOperation, part: CustomStatements) -> Iterator[Violation]:
    for name, text in (("timeout", operation.timeout), ("lockTimeout", operation.lock_timeout)):
        if text is not None and parse_duration(text).total_seconds() < 1:
            yield Violation(f"{field}.{name}", "it must be at least a second")
    for place, parameter in _number(f"{field}.parameters", operation.parameters):
        yield from _parameter_is_possible(place, parameter, part)
    used = frozenset[str]()
    for place, statement in _number(f"{field}.statements", operation.statements):
        holes = part.find_holes(statement.sql) | set(HOLE.findall(statement.database or ""))
        used |= holes
        yield from _statement_is_possible(place, statement, operation, part)
    for place, parameter in _number(f"{field}.parameters", operation.parameters):
        if parameter.name not in used:
            message = f"no statement has $({parameter.name}) in it: use it, or leave the parameter out"
            yield Violation(f"{place}.name", message)


def _statement_is_possible(
    field: str, statement: OperationStatement, operation: EngineOperation, part: CustomStatements
) -> Iterator[Violation]:
    types = {parameter.name: parameter.type for parameter in operation.parameters}
    for problem in part.check(statement.sql):
        yield Violation(f"{field}.sql", problem)
    for name in sorted(part.find_holes(statement.sql) - types.keys()):
        known = f"there are {', '.join(types)}" if types else "there are none"
        message = f"$({name}) is no parameter of this operation: {known}{suggest(name, list(types))}"
        yield Violation(f"{field}.sql", message, "FieldValueNotFound")
    yield from _database_is_possible(f"{field}.database", statement.database, types)


def _database_is_possible(field: str, database: str | None, types: dict[str, Any]) -> Iterator[Violation]:
    holes = HOLE.findall(database or "")
    if database is None or "$(" not in database:
        return
    if not HOLE.fullmatch(database):
        yield Violation(field, "write a name, or $(name) of one parameter and nothing else")
    for name in holes:
        if name not in types:
            yield Violation(field, f"$({name}) is no parameter of this operation", "FieldValueNotFound")
        elif types[name] != "Identifier":
            yield Violation(field, f"parameter {name!r} is of type {types[name]}: a database needs an Identifier")


def _parameter_is_possible(field: str, parameter: OperationParameter, part: CustomStatements) -> Iterator[Violation]:
    if _SECRET.search(parameter.name):
        yield Violation(
            f"{field}.name",
            "everybody who may read an OpsRequest reads what is given: a password belongs in a Secret, and a login is "
            "made by a DatabaseUser",
            "FieldValueForbidden",
        )
    bounds = (("minimum", parameter.minimum), ("maximum", parameter.maximum))
    for name, bound in bounds:
        if bound is not None and parameter.type != "Integer":
            yield Violation(f"{field}.{name}", f"only an Integer has a {name}, and this is of type {parameter.type}")
    if parameter.minimum is not None and parameter.maximum is not None and parameter.minimum > parameter.maximum:
        yield Violation(f"{field}.minimum", f"it is more than the maximum, {parameter.maximum}")
    if parameter.pattern is not None and (problem := check_pattern(parameter.pattern)):
        yield Violation(f"{field}.pattern", problem)
        return
    texts = [(f"{field}.values[{index}]", text) for index, text in enumerate(parameter.values)]
    if parameter.default is not None:
        texts.append((f"{field}.default", parameter.default))
    for place, text in texts:
        try:
            parse_value(parameter, text, part)
        except Unfit as unfit:
            yield Violation(place, f"its own rules refuse it: {unfit}")


def _number(field: str, items: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    return ((f"{field}[{index}]", item) for index, item in enumerate(items))
