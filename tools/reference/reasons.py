"""reasons.md: the CamelCase reasons that conditions, events and refusals show, read from the syntax tree."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from reference.markdown import code, document, table

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "dbaas"
FOLDERS = ("contracts", "controllers", "laptop", "runtime", "lanes", "providers", "engines")
INTRODUCTION = """
What the `reason` of a condition or an event can be, with the message or the class that explains it. Conditions are true
statements about now; events tell what happened. `…` stands for what is filled in.
"""
CALLS = {"Waiting": 0, "Refused": 0, "Condition": 2, "event": 2}
"""Which positional argument of a call is the reason; the one after it is the message."""

LOGGING = {"debug", "info", "warning", "error", "exception"}


def page() -> str:
    found: dict[str, set[str]] = defaultdict(set)
    for folder in FOLDERS:
        for path in sorted((PACKAGE / folder).rglob("*.py")):
            for reason, text in _reasons(ast.parse(path.read_text())):
                found[reason].add(text)
    rows = [(code(reason), "<br>".join(sorted(filter(None, texts)))) for reason, texts in sorted(found.items())]
    return document("Reasons", INTRODUCTION, table(("Reason", "What it says"), rows))


def _reasons(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield from _class_reason(node)
        elif isinstance(node, ast.Call):
            yield from _call_reason(node)


def _class_reason(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for statement in node.body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "reason":
            reason = ast.literal_eval(statement.value)
            yield reason, (ast.get_docstring(node) or "").split("\n\n")[0]


def _call_reason(node: ast.Call) -> Iterator[tuple[str, str]]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    given = {word.arg: word.value for word in node.keywords}
    if name in CALLS and len(node.args) > CALLS[name]:
        reason, rest = node.args[CALLS[name]], node.args[CALLS[name] + 1 :]
        if isinstance(reason, ast.Constant) and isinstance(reason.value, str) and reason.value:
            yield reason.value, _text(rest[0] if rest else given.get("message"))
    elif name not in LOGGING and isinstance(given.get("reason"), ast.Constant) and node.args:
        yield given["reason"].value, _text(node.args[0])


def _text(node: ast.expr | None) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(v.value) if isinstance(v, ast.Constant) else "…" for v in node.values)
    return ""
