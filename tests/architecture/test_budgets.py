"""Sizes, measured from the syntax tree. Who needs more is named here with the reason; a limit is never raised."""

from __future__ import annotations

import ast
import statistics

import pytest

from architecture.source import Module, classes, functions, methods, modules

pytestmark = pytest.mark.slow  # `make check` runs it

FUNCTION_LINES = 50
FUNCTION_LINES_P90 = 25
FILE_LINES = 400
FILE_LINES_P90 = 250
PARAMETERS = 6
CLASS_METHODS = 15
PROTOCOL_METHODS = 8

EXCEPTIONS: dict[str, str] = {}
"""`place:name` (a file: only its place) and why it may be larger."""


def test_every_function_fits_on_a_screen() -> None:
    sizes = {f"{m.place}:{f.name}": _lines(f) for m in modules() for f in functions(m)}
    assert _above(sizes, FUNCTION_LINES) == {}
    assert _ninetieth(list(sizes.values())) <= FUNCTION_LINES_P90


def test_every_file_can_be_read_in_one_go() -> None:
    sizes = {m.place: m.lines for m in modules()}
    assert _above(sizes, FILE_LINES) == {}
    assert _ninetieth(list(sizes.values())) <= FILE_LINES_P90


def test_no_function_takes_more_than_six_parameters() -> None:
    counts = {f"{m.place}:{f.name}": _parameters(f) for m in modules() for f in functions(m)}
    assert _above(counts, PARAMETERS) == {}


def test_no_class_has_more_than_fifteen_methods() -> None:
    counts = {f"{m.place}:{c.name}": len(methods(c)) for m in modules() for c in classes(m)}
    assert _above(counts, CLASS_METHODS) == {}


def test_no_protocol_has_more_than_eight_methods() -> None:
    counts = {f"{m.place}:{c.name}": len(methods(c)) for m in modules() for c in _protocols(m)}
    assert _above(counts, PROTOCOL_METHODS) == {}


def test_every_named_exception_is_still_needed() -> None:
    names = {m.place for m in modules()}
    names |= {f"{m.place}:{f.name}" for m in modules() for f in functions(m)}
    names |= {f"{m.place}:{c.name}" for m in modules() for c in classes(m)}
    assert EXCEPTIONS.keys() - names == set()


def _lines(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    arguments = node.args
    named = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return len([name for name in named if name not in ("self", "cls")])


def _protocols(module: Module) -> list[ast.ClassDef]:
    return [c for c in classes(module) if any(ast.unparse(base).partition("[")[0] == "Protocol" for base in c.bases)]


def _above(sizes: dict[str, int], limit: int) -> dict[str, int]:
    return {name: size for name, size in sizes.items() if size > limit and name not in EXCEPTIONS}


def _ninetieth(sizes: list[int]) -> float:
    return statistics.quantiles(sizes, n=10)[-1]
