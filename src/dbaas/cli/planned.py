"""A plan told for people or machines: what becomes of each object, and the exact statements."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dbaas.cli.terminal import Style, Terminal
from dbaas.contracts.statement import Change, Statement
from dbaas.controllers.managed.planning import ObjectPlan

LONGEST_VALUE = 100
_SIGNS: Mapping[str, tuple[str, Style]] = {
    "create": ("+ create", "good"),
    "update": ("~ change", "busy"),
    "unchanged": ("= unchanged", "faint"),
}


def tell_plans(plans: Sequence[ObjectPlan], terminal: Terminal) -> Iterator[str]:
    groups = {(plan.kind.kind, plan.kind.group) for plan in plans}
    names = [kind for kind, _ in groups]
    for plan in plans:
        group = f" ({plan.kind.group})" if names.count(plan.kind.kind) > 1 else ""  # several have a kind of that name
        yield from _tell_plan(plan, group, terminal)
    yield ""
    yield _summarise(plans)


def build_facts(plans: Sequence[ObjectPlan]) -> list[dict[str, Any]]:
    return [
        {
            "group": plan.kind.group,
            "kind": plan.kind.kind,
            "namespace": plan.key.namespace,
            "name": plan.key.name,
            "action": plan.action,
            "fields": [{"path": f.path, "before": f.before, "after": f.after} for f in plan.fields],
            "changes": [_change_facts(change) for change in plan.changes],
            "left": [_change_facts(change) for change in plan.left],
            "notes": list(plan.notes),
        }
        for plan in plans
    ]


def _tell_plan(plan: ObjectPlan, group: str, terminal: Terminal) -> Iterator[str]:
    sign, style = _SIGNS[plan.action]
    if plan.action == "unchanged" and plan.changes:
        sign, style = "~ correct", "busy"
    where = group + (f" in {plan.key.namespace}" if plan.key.namespace else "")
    yield terminal.style(f"{sign} {plan.kind.kind} {plan.key.name}", style) + where
    for field in plan.fields:
        before = "" if field.before is None else f"{_value(field.before)} -> "
        after = "(removed)" if field.after is None else _value(field.after)
        yield f"    {field.path}: {before}{after}"
    for change in plan.changes:
        mark = terminal.style("  -- may lose data or access", "bad") if change.destructive else ""
        for statement in change.statements:
            yield f"    {_place(statement)}{statement.sql};{mark}"
    for change in plan.left:
        why = change.why or ("it cannot be changed in place" if change.immutable else "it is only reported")
        yield f"    differs: {change.field}: {_value(change.expected)}, the server has {_value(change.actual)}: {why}"
    for note in plan.notes:
        yield terminal.style(f"    note: {note}", "faint")


def _place(statement: Statement) -> str:
    role = f" as {statement.run_as}" if statement.run_as else ""
    return f"[{statement.database or 'server'}{role}] "


def _summarise(plans: Sequence[ObjectPlan]) -> str:
    count = {action: sum(plan.action == action for plan in plans) for action in _SIGNS}
    statements = sum(len(plan.statements) for plan in plans)
    return (
        f"{count['create']} to create, {count['update']} to change, {count['unchanged']} unchanged; "
        f"{statements} statement{'s' if statements != 1 else ''}; nothing was executed"
    )


def _change_facts(change: Change) -> dict[str, Any]:
    return {
        "field": change.field,
        "expected": change.expected,
        "actual": change.actual,
        "destructive": change.destructive,
        "immutable": change.immutable,
        **({"why": change.why} if change.why else {}),
        "statements": [{"database": s.database, "runAs": s.run_as, "sql": str(s.sql)} for s in change.statements],
    }


def _value(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"
