"""metrics.md: the series of the metrics endpoint, read from where they are made."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from reference.markdown import code, document, table

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "dbaas"
TYPES = {
    "Counter": "counter", "Gauge": "gauge", "Histogram": "histogram",
    "CounterMetricFamily": "counter", "GaugeMetricFamily": "gauge",
}  # fmt: skip
INTRODUCTION = """
Served in the Prometheus text format by the metrics endpoint; `dbaas status` prints its address. No series has a label
per object, so their number does not grow with yours.
"""


def page() -> str:
    rows = sorted(row for path in PACKAGE.rglob("*.py") for row in _series(ast.parse(path.read_text())))
    return document("Metrics", INTRODUCTION, table(("Series", "Type", "Labels", "What it counts"), rows))


def _series(tree: ast.Module) -> Iterator[tuple[str, str, str, str]]:
    constants = dict(_constants(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in TYPES and len(node.args) >= 2:
            name, says = _text(node.args[0], constants), _text(node.args[1], constants)
            given = {word.arg: word.value for word in node.keywords}
            labels = node.args[2] if len(node.args) > 2 else given.get("labels", given.get("labelnames"))
            kind = TYPES[getattr(node.func, "id", "")]
            series = name if kind != "counter" or name.endswith("_total") else f"{name}_total"
            yield code(series), kind, _labels(labels), says


def _constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield ast.unparse(node.targets[0]), node.value.value


def _text(node: ast.expr, constants: Mapping[str, str]) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part, constants) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return constants.get(ast.unparse(node.value), "…")
    return str(node.value) if isinstance(node, ast.Constant) else constants.get(ast.unparse(node), "…")


def _labels(node: ast.expr | None) -> str:
    names = node.elts if isinstance(node, ast.List | ast.Tuple) else []
    return ", ".join(code(name.value) for name in names if isinstance(name, ast.Constant))
