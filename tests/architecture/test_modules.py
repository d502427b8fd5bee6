"""What every module has: a docstring that says what it is for, a mirror among the tests, a name that says something."""

from __future__ import annotations

import ast
import re
from typing import TypeGuard

import pytest

from architecture.source import PACKAGE, ROOT, functions, methods, modules

pytestmark = pytest.mark.slow  # `make check` runs it

EMPTY_NAMES = {
    "utils", "util", "helpers", "helper", "common", "misc", "base", "shared", "types", "manage", "manager_base",
}  # fmt: skip
FULL_NAMES = {
    "apiserver/fields/types.py": "types of places in an object are what server-side apply is about",
}
"""Modules with such a name that means something there, and what."""
EMPTY_VERBS = re.compile(r"^_*(handle|process|do|perform|manage)(_|$)")
VERBS_BY_CONTRACT = {"do_handshake"}
OTHER_FOLDERS = ("tools", "bench", "tests")

TESTED_ELSEWHERE: dict[str, str] = {
    "app/laptop.py": "tests/e2e: what it puts together is a program, and is tested as one",
}
"""Modules without a mirror of their own, and which tests cover them and why."""


def test_every_module_says_what_it_is_for() -> None:
    silent = [m.place for m in modules() if m.text.strip() and not ast.get_docstring(m.tree)]
    silent += [f"{f}/{m.place}" for f in OTHER_FOLDERS for m in modules(ROOT / f) if not ast.get_docstring(m.tree)]
    assert silent == []


def test_every_module_has_its_mirror_among_the_tests() -> None:
    missing = [
        m.place
        for m in modules()
        if m.path.name not in ("__init__.py", "__main__.py")
        and m.place not in TESTED_ELSEWHERE
        and not _mirrors(m.place)
        and _has_logic(m.tree)
    ]
    assert missing == []


def test_every_module_named_as_tested_elsewhere_exists_and_has_no_mirror() -> None:
    wrong = [place for place in TESTED_ELSEWHERE if not (PACKAGE / place).exists() or _mirrors(place)]
    assert wrong == []


def test_no_name_is_empty() -> None:
    named = [
        m.place
        for m in modules()
        if EMPTY_NAMES & {*m.place.removesuffix(".py").split("/")} and m.place not in FULL_NAMES
    ]
    named += [
        f"{m.place}:{f.name}"
        for m in modules()
        for f in functions(m)
        if EMPTY_VERBS.match(f.name) and f.name not in VERBS_BY_CONTRACT
    ]
    assert named == []


def test_every_public_class_and_protocol_says_what_holds() -> None:
    public = [(m, c) for m in modules() for c in m.tree.body if _is_public_class(c)]
    assert [f"{m.place}:{c.name}" for m, c in public if not _says_what_holds(c)] == []


def _is_public_class(node: ast.stmt) -> TypeGuard[ast.ClassDef]:
    return isinstance(node, ast.ClassDef) and not node.name.startswith("_")


def _says_what_holds(node: ast.ClassDef) -> bool:
    """A protocol of one function may say it there."""
    only = methods(node)[0] if len(methods(node)) == 1 else None
    return bool(ast.get_docstring(node) or (only is not None and ast.get_docstring(only)))


def _mirrors(place: str) -> bool:
    """`apiserver/schemas/nodes.py` has test_nodes.py, or its folder's test_schemas.py, below tests/apiserver."""
    folder, _, name = place.rpartition("/")
    mirror = ROOT / "tests" / folder / f"test_{name}"
    parent, _, own = folder.rpartition("/")
    return mirror.exists() or (bool(parent) and (ROOT / "tests" / parent / f"test_{own}.py").exists())


def _has_logic(tree: ast.Module) -> bool:
    """Whether something can go wrong in it: models, protocols and constants are tested where they are used."""
    return any(
        isinstance(node, ast.If | ast.For | ast.While | ast.Try | ast.IfExp | ast.comprehension | ast.BoolOp)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    )
