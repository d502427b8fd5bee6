"""The project's own source as syntax trees, read once, for the tests of its architecture."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "dbaas"
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One file. `place` is its path below the folder that was read: `engines/postgres/session.py`."""

    place: str
    path: Path
    text: str
    tree: ast.Module

    @property
    def lines(self) -> int:
        return len(self.text.splitlines())

    def is_in(self, *folders: str) -> bool:
        """Whether it is one of these files, or in one of these folders (`engines/`)."""
        return any(self.place == f or (f.endswith("/") and self.place.startswith(f)) for f in folders)


@cache
def modules(root: Path = PACKAGE) -> tuple[Module, ...]:
    """All Python files below a folder."""
    found = []
    for path in sorted(root.rglob("*.py")):
        text = path.read_text()
        found.append(Module(path.relative_to(root).as_posix(), path, text, ast.parse(text)))
    return tuple(found)


@cache
def nodes(module: Module) -> tuple[ast.AST, ...]:
    """All of its tree: most tests go through it, which takes as long as to read it."""
    return tuple(ast.walk(module.tree))


def functions(module: Module) -> Iterator[FunctionNode]:
    """Every function and method, nested ones too."""
    return (node for node in nodes(module) if isinstance(node, FunctionNode))


def classes(module: Module) -> Iterator[ast.ClassDef]:
    return (node for node in nodes(module) if isinstance(node, ast.ClassDef))


def methods(node: ast.ClassDef) -> list[FunctionNode]:
    return [child for child in node.body if isinstance(child, FunctionNode)]


def imported(module: Module) -> Iterator[str]:
    """Everything that is imported anywhere in the file, by its full name: `asyncio`, `datetime.datetime`."""
    for node in nodes(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def used(module: Module) -> tuple[tuple[str, int], ...]:
    """Dotted names as they are read (`time.time`, `os.environ`), resolved through the file's imports, with the line."""
    return tuple(_used(module))


def _used(module: Module) -> Iterator[tuple[str, int]]:
    origin = _origins(module)
    for node in nodes(module):
        if isinstance(node, ast.Attribute | ast.Name) and (name := dotted(node)):
            first, _, rest = name.partition(".")
            whole = origin.get(first, first)
            yield (f"{whole}.{rest}" if rest else whole), node.lineno


def _origins(module: Module) -> dict[str, str]:
    origin = {}
    for node in nodes(module):
        if isinstance(node, ast.Import):
            origin |= {alias.asname: alias.name for alias in node.names if alias.asname}
        elif isinstance(node, ast.ImportFrom) and node.module:
            origin |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return origin


def dotted(node: ast.expr) -> str:
    """`a.b.c` for such an expression, else nothing."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (inner := dotted(node.value)):
        return f"{inner}.{node.attr}"
    return ""
