"""How tests are written: names are sentences, nobody sleeps, our own modules are not patched."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from architecture.source import ROOT, Module, functions, imported, modules, used

pytestmark = pytest.mark.slow  # `make check` runs it

TESTS = ROOT / "tests"
SLEEPS = {"time.sleep", "asyncio.sleep"}
POLLS: dict[str, str] = {
    "apiserver/test_http.py": "the kernel, which tells the server of a closed connection when it likes",
    "fixtures/control_plane.py": "a server of others, which tells nobody how far it has come",
    "providers/statefulset/test_pooler_at_work.py": "servers of others, and a shell that looks at its files",
    "providers/statefulset/test_printing.py": "a server of others, started by a shell",
    "providers/statefulset/test_scripts.py": "a shell, which looks at its files every other second",
    "providers/statefulset/test_server_upgrades.py": "a server of others, started by a shell",
    "e2e/conftest.py": "a laptop that runs by itself, asked as people do",
    "node/conftest.py": "a cluster of others, asked by kubectl as people do",
    "fixtures/monitoring.py": "Prometheus and an exporter, which tell nobody how far they have come",
    "fixtures/postgres.py": "a server of others, and a lock file that other test processes hold",
}
"""Files that wait for a process of the operating system or a server of others, and why nothing tells them."""


def test_no_test_sleeps() -> None:
    sleepers = {
        f"tests/{m.place}:{line}"
        for m in modules(TESTS)
        if m.place not in POLLS
        for name, line in used(m)
        if name in SLEEPS and not _yields(m, line) and not _is_on_virtual_time(m, line)
    }
    assert sleepers == set()


def test_every_named_poll_is_still_there() -> None:
    polling = {m.place for m in modules(TESTS) if any(name in SLEEPS for name, _ in used(m))}
    assert POLLS.keys() - polling == set()


def test_names_of_tests_are_sentences() -> None:
    short = [f"tests/{m.place}:{f.name}" for m in modules(TESTS) for f in _tests(m) if len(f.name.split("_")) < 3]
    assert short == []


def test_our_own_modules_are_not_patched() -> None:
    patched = [
        f"tests/{m.place}:{number}"
        for m in modules(TESTS)
        for number, line in enumerate(m.text.splitlines(), 1)
        if re.search(r"""monkeypatch\.setattr\(\s*["']?dbaas|patch\(\s*["']dbaas|patch\.object\(""", line)
    ]
    assert patched == []
    mocking = [f"tests/{m.place}" for m in modules(TESTS) if any(n.startswith("unittest.mock") for n in imported(m))]
    assert mocking == []


def _tests(module: Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    if module.path.name.startswith("test_"):
        yield from (f for f in functions(module) if f.name.startswith("test_"))


def _yields(module: Module, line: int) -> bool:
    """`sleep(0)` only lets others run."""
    return "sleep(0)" in module.text.splitlines()[line - 1]


def _is_on_virtual_time(module: Module, line: int) -> bool:
    """There a sleep takes no time: it only says what happens when."""
    return any(
        f.lineno <= line <= (f.end_lineno or line) and (_is_decorated(f) or f"virtually({f.name}(" in module.text)
        for f in functions(module)
    )


def _is_decorated(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any("virtual" in ast.unparse(decorator) for decorator in function.decorator_list)
