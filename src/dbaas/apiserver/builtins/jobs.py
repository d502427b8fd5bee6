"""Columns of a Job: how far it is and how long it took."""

from __future__ import annotations

from datetime import datetime

from dbaas.apiserver.builtins.columns import AGE, NAME, NONE, Column, Object, aged, field, items, text
from dbaas.core.clock import parse_time
from dbaas.core.duration import format_age

_WORDS = (
    ("Suspended", "Suspended"),
    ("FailureTarget", "FailureTarget"),
    ("SuccessCriteriaMet", "SuccessCriteriaMet"),
)


def status(job: Object) -> str:
    """The STATUS column of `kubectl get jobs`."""
    true = {each["type"] for each in items(job, "status", "conditions") if each["status"] == "True"}
    for condition in ("Complete", "Failed"):
        if condition in true:
            return condition
    if field(job, "metadata", "deletionTimestamp"):
        return "Terminating"
    return next((word for condition, word in _WORDS if condition in true), "Running")


def completions(job: Object) -> str:
    succeeded = field(job, "status", "succeeded") or 0
    wanted = field(job, "spec", "completions")
    if wanted is not None:
        return f"{succeeded}/{wanted}"
    parallelism = field(job, "spec", "parallelism") or 0
    return f"{succeeded}/1 of {parallelism}" if parallelism > 1 else f"{succeeded}/1"


def duration(job: Object, now: datetime) -> str:
    started = field(job, "status", "startTime")
    if not started:
        return ""
    ended = field(job, "status", "completionTime")
    return format_age((parse_time(ended) if ended else now) - parse_time(started))


def _requirement(expression: Object) -> str:
    key, values = str(expression["key"]), ",".join(sorted(expression.get("values") or ()))
    words = {"In": f"{key} in ({values})", "NotIn": f"{key} notin ({values})", "Exists": key, "DoesNotExist": f"!{key}"}
    return words.get(expression["operator"], "<error>")


def selector(job: Object) -> str:
    """A label selector as kubectl writes one, requirements sorted by key."""
    labels = field(job, "spec", "selector", "matchLabels") or {}
    parts = [(key, f"{key}={value}") for key, value in labels.items()]
    parts += [(each["key"], _requirement(each)) for each in items(job, "spec", "selector", "matchExpressions")]
    return ",".join(part for _, part in sorted(parts)) or NONE


def _each_container(job: Object, key: str) -> str:
    return ",".join(each.get(key, "") for each in items(job, "spec", "template", "spec", "containers"))


COLUMNS: tuple[Column, ...] = (
    NAME,
    text("Status", status),
    text("Completions", completions),
    aged("Duration", duration),
    AGE,
    text("Containers", lambda job: _each_container(job, "name"), priority=1),
    text("Images", lambda job: _each_container(job, "image"), priority=1),
    text("Selector", selector, priority=1),
)
