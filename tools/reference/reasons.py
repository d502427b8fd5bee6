"""reasons.md: the CamelCase reasons that conditions, events and refusals show, read from the syntax tree."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from reference.markdown import code, document, table

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "dbaas"
Names = Mapping[str, Sequence[ast.expr]]
FOLDERS = ("contracts", "controllers", "laptop", "runtime", "lanes", "manifests", "providers", "engines")
INTRODUCTION = """
What the `reason` of a condition or an event can be, with the message or the class that explains it. Conditions are true
statements about now; events tell what happened. `…` stands for what is filled in.
"""
CALLS = {
    "Waiting": 0,
    "Refused": 0,
    "Hold": 0,
    "Condition": 2,
    "event": 2,
    "held": 1,
    "_wait": 0,
    "Sign": 1,
    "Fault": 0,
    "Ended": 2,
    "wait": 1,
    "Doing": 0,
}
"""Which positional argument of a call is the reason; the one after it is the message."""

LOGGING = {"debug", "info", "warning", "error", "exception"}
IN_WORDS = {
    "CertificatePending": "cert-manager has not made the certificate yet; the message says what it waits for.",
    "ConnectionFailed": "The server does not answer, or does not let us in; the message says what it says.",
    "DeletionBlocked": "What holds the deletion, and what to do about it.",
    "DiskFull": "The disk with a server's data has no room left; the message says which.",
    "DriftCorrectionFailed": "What differs on the server cannot be put right; the message is the server's.",
    "HealthCheckFailed": "The server answers, but not as it should; the message says what it says.",
    "Healing": "A cluster that has served does not serve any more; the message says what it waits for.",
    "HostNameMismatch": "The server's certificate is for another name than the one it was called by.",
    "NotPossible": "The server, or our login on it, cannot do what the manifest says; the message says what to do.",
    "NotOwned": "A namespace that may use a server asks for what does not belong to it; the message names it.",
    "ClusterDeleted": "The cluster that an operation is about was deleted, or is being deleted.",
    "OperationRefused": "What was asked of the cluster is not possible any more; the message names the fields.",
    "OperationUndone": "Somebody has changed again what an operation has done; the message names the fields.",
    "OwnsObjects": "A user or role that owns things cannot be dropped; the message names them and tells the ways out.",
    "PasswordDiffers": "The server has another password than the Secret.",
    "Pending": "Nothing has been done yet.",
    "PoolerNotReady": "The pooler, or what it needs on the server, is not there yet; the message says what.",
    "PortInUse": "A port that clients know is taken by another program, which is named where we may know it.",
    "Queued": "Another operation of the cluster goes on or is before it; the message names it.",
    "Terminating": "The pod of an instance is being stopped.",
    "TooManyConnections": "The server has no connection left for us.",
}
"""Of those whose message is put together elsewhere."""


def page() -> str:
    found: dict[str, set[str]] = defaultdict(set)
    trees = [ast.parse(path.read_text()) for folder in FOLDERS for path in sorted((PACKAGE / folder).rglob("*.py"))]
    constants = {name: value for tree in trees for name, value in _constants(tree)}
    for reason, text in (pair for tree in trees for pair in _reasons(tree, constants)):
        found[reason].add(text)
    for reason, texts in found.items():
        if not any(texts):
            texts.add(IN_WORDS[reason])
    rows = [(code(reason), "<br>".join(sorted(filter(None, texts)))) for reason, texts in sorted(found.items())]
    return document("Reasons", INTRODUCTION, table(("Reason", "What it says"), rows))


def _reasons(tree: ast.Module, constants: Names) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield from _class_reason(node)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names = {**constants, **_assignments(node)}
            yield from _calls(node, names)
    for statement in tree.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign):
            yield from _calls(statement, constants)


def _calls(node: ast.AST, names: Names) -> Iterator[tuple[str, str]]:
    for call in (inner for inner in ast.walk(node) if isinstance(inner, ast.Call)):
        yield from _call_reason(call, names)


def _constants(tree: ast.Module) -> Iterator[tuple[str, Sequence[ast.expr]]]:
    """Names in capitals, which mean the same wherever they are imported, and what they stand for."""
    for node in tree.body:
        if not isinstance(node, ast.Assign):
            continue
        names, values = [node.targets[0]], [node.value]
        if isinstance(node.targets[0], ast.Tuple) and isinstance(node.value, ast.Tuple):
            names, values = node.targets[0].elts, node.value.elts
        yield from ((ast.unparse(n), [v]) for n, v in zip(names, values, strict=True) if ast.unparse(n).isupper())


def _assignments(function: ast.AST) -> Names:
    """What a name may stand for in a function."""
    found: dict[str, list[ast.expr]] = defaultdict(list)
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id].append(node.value)
    return found


def _class_reason(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for statement in node.body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "reason":
            reason = ast.literal_eval(statement.value)
            yield reason, (ast.get_docstring(node) or "").split("\n\n")[0]


def _call_reason(node: ast.Call, names: Names) -> Iterator[tuple[str, str]]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    given = {word.arg: word.value for word in node.keywords}
    if name in CALLS and len(node.args) > CALLS[name]:
        rest = node.args[CALLS[name] + 1 :]
        message = rest[0] if rest else given.get("message")
        for reason in _texts(node.args[CALLS[name]], names):
            yield from ((reason, text) for text in _texts(message, names) or [""] if reason.isalpha())
    elif name not in LOGGING and isinstance(given.get("reason"), ast.Constant) and node.args:
        yield from ((given["reason"].value, text) for text in _texts(node.args[0], names) or [""])


def _texts(node: ast.expr | None, names: Names) -> list[str]:
    """What an expression may say; nothing where only a run could tell."""
    match node:
        case ast.Constant(value=str(text)) if text:
            return [text]
        case ast.JoinedStr():
            text = "".join(str(v.value) if isinstance(v, ast.Constant) else "…" for v in node.values)
            return [text.replace("……", "…")] if any(map(str.isalpha, text)) else []
        case ast.IfExp():
            return [*_texts(node.body, names), *_texts(node.orelse, names)]
        case ast.Name(id=name):
            return [text for value in names.get(name, ()) for text in _texts(value, {})]
    return []
