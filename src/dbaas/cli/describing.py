"""One object told for people: what it should be, how it is, what differs, what happened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from dbaas.api.resource import Resource
from dbaas.api.sensitive import mask_secrets, put_secrets
from dbaas.cli.happenings import COLUMNS, Happening
from dbaas.cli.terminal import Terminal, format_table, indent
from dbaas.core.clock import Clock, parse_time
from dbaas.core.duration import format_age

EVENTS_SHOWN = 12
_TOLD_APART = ("conditions", "phase", "message", "observedGeneration", "drift", "instances")
_HIDDEN_ANNOTATIONS = ("kubectl.kubernetes.io/last-applied-configuration",)


def describe(resource: Resource, happenings: Sequence[Happening], terminal: Terminal, clock: Clock) -> list[str]:
    body = resource.body()
    lines = [*_head(resource, terminal, clock)]
    for title, section in (("Spec", _spec(body)), ("Data", _data(body)), ("Status", _status(body))):
        if section:
            lines += ["", terminal.style(title, "strong"), *(indent(line, 2) for line in _tree(section))]
    lines += _instances(body, terminal)
    lines += _conditions(body, terminal, clock)
    lines += _drift(body, terminal)
    lines += _events(happenings, terminal, clock)
    return lines


def _head(resource: Resource, terminal: Terminal, clock: Clock) -> Iterator[str]:
    metadata, status = resource.metadata, resource.status
    where = f" in namespace {metadata.namespace}" if metadata.namespace else ""
    yield terminal.style(f"{resource.kind.kind} {metadata.name}", "strong") + where
    pairs = {
        "Phase": terminal.colour_word(str(status.get("phase") or "")),
        "Message": str(status.get("message") or ""),
        "Age": _age(metadata.creationTimestamp, clock),
        "Deleting": f"since {_age(metadata.deletionTimestamp, clock)}" if metadata.deletionTimestamp else "",
        "Owner": f"{metadata.owner.kind} {metadata.owner.name}" if metadata.owner else "",
        "Labels": _pairs(metadata.labels),
        "Annotations": _pairs({k: v for k, v in metadata.annotations.items() if k not in _HIDDEN_ANNOTATIONS}),
    }
    for name, value in pairs.items():
        if value:
            yield f"  {name + ':':<13}{value}"


def _tree(value: Any, name: str = "") -> Iterator[str]:
    """Scalars behind their name, the rest below it."""
    if isinstance(value, Mapping):
        if name:
            yield f"{name}:"
        for key, child in value.items():
            yield from (indent(line, 2 if name else 0) for line in _tree(child, str(key)))
    elif isinstance(value, list) and any(isinstance(item, Mapping | list) for item in value):
        yield f"{name}:"
        for item in value:
            lines = [line for child in _tree(item) for line in child.splitlines()]
            yield "\n".join([f"  - {lines[0]}", *(f"    {line}" for line in lines[1:])]) if lines else "  -"
    elif isinstance(value, list):
        yield f"{name}: {', '.join(_scalar(item) for item in value) or '(none)'}"
    else:
        yield f"{name}: {_scalar(value)}" if name else _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _spec(body: Mapping[str, Any]) -> Any:
    """Without the passwords that are written out in it."""
    spec = {"spec": body.get("spec") or {}}
    return put_secrets(spec, mask_secrets(spec))["spec"]


def _status(body: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in (body.get("status") or {}).items() if key not in _TOLD_APART}


def _data(body: Mapping[str, Any]) -> dict[str, Any]:
    """Of a Secret the keys and sizes only: a base64 text of n characters holds about three quarters of it."""
    data = body.get("data") or {}
    if body.get("kind") != "Secret":
        return dict(data)
    return {key: f"{len(value) * 3 // 4 - value.count('=')} bytes" for key, value in data.items()}


def _instances(body: Mapping[str, Any], terminal: Terminal) -> list[str]:
    """Of a cluster."""
    rows = [
        [
            str(one.get("name", "")),
            str(one.get("role", "")),
            _scalar(one.get("ready", False)),
            _scalar(one.get("timeline")),
            _scalar(one.get("lag")),
            _scalar(one.get("restarts", 0)),
            ": ".join(filter(None, (one.get("reason"), one.get("message")))),
        ]
        for one in (body.get("status") or {}).get("instances") or ()
        if isinstance(one, Mapping)
    ]
    columns = ("Name", "Role", "Ready", "Timeline", "Lag", "Restarts", "Why not ready")
    return _section("Instances", columns, rows, terminal)


def _conditions(body: Mapping[str, Any], terminal: Terminal, clock: Clock) -> list[str]:
    conditions = (body.get("status") or {}).get("conditions") or []
    rows = [
        [
            c.get("type", ""),
            c.get("status", ""),
            c.get("reason", ""),
            _age(c.get("lastTransitionTime"), clock),
            c.get("message", ""),
        ]
        for c in conditions
    ]
    return _section("Conditions", ("Type", "Status", "Reason", "Since", "Message"), rows, terminal)


def _drift(body: Mapping[str, Any], terminal: Terminal) -> list[str]:
    drift = (body.get("status") or {}).get("drift") or {}
    if not drift.get("detected"):
        return []
    rows = [
        [
            d.get("field", ""),
            d.get("expected", ""),
            d.get("actual", ""),
            ", ".join(w for w in ("destructive", "immutable") if d.get(w)),
        ]
        for d in drift.get("diffs") or ()
    ]
    return _section("Drift", ("Field", "Expected", "Actual", "Remark"), rows, terminal)


def _events(happenings: Sequence[Happening], terminal: Terminal, clock: Clock) -> list[str]:
    rows = []
    for happening in happenings[-EVENTS_SHOWN:]:
        seen, type_, reason, _, message = happening.cells(clock)
        rows.append([seen, type_, reason, message])
    return _section("Events", (COLUMNS[0], COLUMNS[1], COLUMNS[2], COLUMNS[4]), rows, terminal)


def _section(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], terminal: Terminal) -> list[str]:
    if not rows:
        return []
    return ["", terminal.style(title, "strong"), *(indent(line, 2) for line in format_table(columns, rows, terminal))]


def _pairs(values: Mapping[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in values.items())


def _age(moment: str | None, clock: Clock) -> str:
    if not moment:
        return ""
    elapsed: timedelta = clock.now() - parse_time(moment)
    return format_age(elapsed)


def join(parts: Iterable[Sequence[str]]) -> list[str]:
    """Several descriptions, apart by an empty line."""
    lines: list[str] = []
    for part in parts:
        lines += ["", *part] if lines else part
    return lines
