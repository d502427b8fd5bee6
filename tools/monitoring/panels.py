"""Dashboards of Grafana as data, and their JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

COLUMNS, WIDTH, HEIGHT = 24, 8, 8
STAT_WIDTH, STAT_HEIGHT = 4, 4
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
Json = dict[str, Any]


@dataclass(frozen=True)
class Panel:
    """Queries and their legends. `unit` by Grafana's names; `red_from` colours values from there on."""

    title: str
    queries: Sequence[tuple[str, str]]
    unit: str = "short"
    kind: Literal["timeseries", "stat", "table"] = "timeseries"
    red_from: float | None = None


@dataclass(frozen=True)
class Dashboard:
    """`name` is that of its file."""

    name: str
    title: str
    panels: Sequence[Panel]


def draw(dashboard: Dashboard) -> Json:
    """For Grafana 9 and newer. The data source is chosen in the dashboard."""
    return {
        "uid": f"dbaas-{dashboard.name}",
        "title": f"dbaas / {dashboard.title}",
        "tags": ["dbaas"],
        "schemaVersion": 38,
        "editable": True,
        "time": {"from": "now-6h", "to": "now"},
        "refresh": "1m",
        "links": [
            {"type": "dashboards", "tags": ["dbaas"], "asDropdown": True, "title": "dbaas", "icon": "external link"}
        ],
        "templating": {
            "list": [{"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Data source"}]
        },
        "panels": _place(dashboard.panels),
    }


def _place(panels: Sequence[Panel]) -> list[Json]:
    """From left to right, in rows of their own height."""
    drawn: list[Json] = []
    x = y = row = 0
    for number, panel in enumerate(panels, 1):
        width, height = (STAT_WIDTH, STAT_HEIGHT) if panel.kind == "stat" else (WIDTH, HEIGHT)
        if x + width > COLUMNS or (row and height != row):
            x, y = 0, y + row
        drawn.append(_draw(panel, number, {"x": x, "y": y, "w": width, "h": height}))
        x, row = x + width, height
    return drawn


def _draw(panel: Panel, number: int, place: Json) -> Json:
    steps: list[Json] = [{"color": "green", "value": None}]
    if panel.red_from is not None:
        steps.append({"color": "red", "value": panel.red_from})
    defaults: Json = {"unit": panel.unit, "thresholds": {"mode": "absolute", "steps": steps}}
    if panel.kind == "timeseries":
        defaults |= {"min": 0, "custom": {"fillOpacity": 10, "showPoints": "never"}}
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "datasource": DATASOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "targets": [_target(panel, name, query) for name, query in zip("ABCDEFGH", panel.queries, strict=False)],
    }


def _target(panel: Panel, name: str, query: tuple[str, str]) -> Json:
    expr, legend = query
    shape = {"instant": True, "format": "table"} if panel.kind == "table" else {"range": True}
    return {"refId": name, "datasource": DATASOURCE, "expr": expr, "legendFormat": legend, **shape}
