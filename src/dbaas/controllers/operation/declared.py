"""What an operation of type Custom runs, as its cluster's DatabaseEngine declares it, with all values in it. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from dbaas.api.database_engine import DatabaseEngineSpec
from dbaas.api.operation import OpsRequestSpec
from dbaas.contracts.admission import summarize
from dbaas.contracts.custom import CustomStatements
from dbaas.contracts.parameters import fill_database, find_operation, read_parameters
from dbaas.contracts.reconcile import Refused
from dbaas.contracts.statement import Composed
from dbaas.core.duration import parse_duration

DIGEST_LENGTH = 16


@dataclass(frozen=True)
class ScriptStep:
    """One statement, ready to be sent. `database` None is the administrative one."""

    name: str
    database: str | None
    sql: Composed


@dataclass(frozen=True)
class Script:
    """All of them, in order. `seconds` is how long they may take in all, `lock_seconds` how long each waits for locks.

    Two of the same digest run the same.
    """

    steps: tuple[ScriptStep, ...]
    is_repeatable: bool
    seconds: float
    lock_seconds: float

    @property
    def digest(self) -> str:
        said = [[step.name, step.database, str(step.sql)] for step in self.steps]
        return hashlib.sha256(orjson.dumps([said, self.is_repeatable])).hexdigest()[:DIGEST_LENGTH]

    def find(self, name: str) -> ScriptStep:
        return next(step for step in self.steps if step.name == name)


def build_script(spec: OpsRequestSpec, entry: Mapping[str, Any] | None, part: CustomStatements | None) -> Script:
    """`entry` is the spec of the DatabaseEngine. Raises Refused where that does not declare it, or not so."""
    assert spec.custom is not None, "the schema asks for it"
    declared = DatabaseEngineSpec.model_validate(entry).operations if entry else ()
    operation = find_operation(declared, spec.custom.operation)
    if operation is None or part is None:
        raise Refused("OperationRefused", f"no DatabaseEngine declares an operation {spec.custom.operation!r} for it")
    values, wrong = read_parameters(operation, spec.custom.parameters, part)
    if wrong:
        raise Refused("OperationRefused", summarize(wrong))
    steps = tuple(
        ScriptStep(each.name, fill_database(each.database, values), part.compose(each.sql, values))
        for each in operation.statements
    )
    limits = [parse_duration(text).total_seconds() for text in (spec.timeout, operation.timeout) if text is not None]
    return Script(steps, operation.repeatable, min(limits), parse_duration(operation.lock_timeout).total_seconds())
