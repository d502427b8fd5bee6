"""Remove an engine's folder and no line elsewhere mentions it: names of engines stand only in their own folders."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from architecture.source import PACKAGE, Module, modules

pytestmark = pytest.mark.slow  # `make check` runs it

WORDS = {
    "postgres": r"postgres|psql|psycopg|\bpg_|\bpg[A-Z]|initdb",
    "mysql": r"mysql|mariadb",
    "mongodb": r"mongo",
    "redis": r"\bredis",
    "elasticsearch": r"elasticsearch",
    "kafka": r"kafka",
    "sqlite": r"\bsqlite(?!3\b)",
    "clickhouse": r"clickhouse",
    "cockroachdb": r"cockroach",
}
"""How each engine betrays itself in names and texts, whether it has a folder yet or not."""

EXEMPT = {
    "sqlite": ("apiserver/",),  # the embedded API server keeps its own objects in SQLite: not the engine
}
NAMING_IS_THE_JOB = ("dialects/",)
"""What serves the words of others names what they name."""


@pytest.mark.parametrize("engine", WORDS)
def test_an_engine_is_named_only_in_its_own_folder(engine: str) -> None:
    pattern = re.compile(WORDS[engine], re.IGNORECASE if engine != "postgres" else 0)
    allowed = (f"engines/{engine}/", *EXEMPT.get(engine, ()), *NAMING_IS_THE_JOB)
    leaks = [
        f"{m.place}:{line} {text[:80]!r}"
        for m in modules()
        if not m.is_in(*allowed)
        for text, line in _words(m)
        if pattern.search(text)
    ]
    assert leaks == []


def test_every_engine_that_exists_is_watched() -> None:
    folders = {path.parent.name for path in (PACKAGE / "engines").glob("*/__init__.py")}
    assert folders - WORDS.keys() == set()


def _words(module: Module) -> Iterator[tuple[str, int]]:
    """Names, texts and docstrings; comments are read with the lines that hold them."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value, node.lineno
        elif isinstance(node, ast.Name):
            yield node.id, node.lineno
        elif isinstance(node, ast.Attribute):
            yield node.attr, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "", node.lineno
        elif isinstance(node, ast.alias):
            yield node.name, node.lineno
    for number, line in enumerate(module.text.splitlines(), 1):
        if "#" in line:
            yield line.partition("#")[2], number
