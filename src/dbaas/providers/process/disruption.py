"""What a running program must be started anew for. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dbaas.api.process import PROCESS, ProcessFile, ProcessSpec
from dbaas.api.resource import Resource
from dbaas.contracts.provider import Disruption
from dbaas.manifests.monitoring import COMPONENT

RESTART = "restart"
_STARTED_WITH = ("command", "env", "packages", "uses_api", "leash", "ports")
_KEPT = ("programs", "command", "init", "env", "packages", "usesApi", "leash", "ports", "restartedAt")


def find_disruption(running: Resource, wanted: Mapping[str, Any]) -> Disruption | None:
    """None for what is no program, or does not run, or reads again what has changed, or serves no client."""
    if running.kind != PROCESS or COMPONENT.items() <= running.metadata.labels.items():
        return None
    before, after = ProcessSpec.model_validate(running.spec), ProcessSpec.model_validate(wanted["spec"])
    if before.stopped or after.stopped or _is_down(running):
        return None
    settings, has_moved = sorted(_changes(before, after)), before.programs != after.programs
    versions = [*_versions(before, after)]
    is_asked = before.restarted_at != after.restarted_at
    if not (settings or has_moved or is_asked or versions):
        return None
    what = ", ".join([*settings, *(["other programs"] if has_moved else [])]) or "a restart"
    meanwhile = {**wanted, "spec": _mix(running.spec, wanted["spec"])}
    is_upgrade = has_moved and not settings and not versions
    return Disruption(", ".join(versions) or what, is_asked, is_upgrade=is_upgrade, meanwhile=meanwhile)


def _is_down(running: Resource) -> bool:
    """It has been looked at, and nothing runs: all that can be lost by a change is time."""
    return bool(running.status.get("observedGeneration")) and not running.status.get("pid")


def _versions(before: ProcessSpec, after: ProcessSpec) -> Iterator[str]:
    """Another major version, which is more than other programs."""
    old = {step.creates: step.mark.version for step in before.init if step.mark is not None}
    for step in after.init:
        if step.mark is not None and old.get(step.creates, step.mark.version) != step.mark.version:
            yield f"version {step.mark.version} instead of {old[step.creates]}"


def _mix(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What it was started with as before, all else as it is wanted."""
    kept = {name: before[name] for name in _KEPT if name in before}
    files = [file for file in after.get("files") or () if file.get("onChange", RESTART) != RESTART]
    files += [file for file in before.get("files") or () if file.get("onChange", RESTART) == RESTART]
    return {**{name: value for name, value in after.items() if name not in _KEPT}, **kept, "files": files}


def _changes(before: ProcessSpec, after: ProcessSpec) -> Iterator[str]:
    for name in _STARTED_WITH:
        if getattr(before, name) != getattr(after, name):
            yield name
    old, new = _read_at_start(before), _read_at_start(after)
    yield from (path for path in {*old, *new} if old.get(path) != new.get(path))


def _read_at_start(spec: ProcessSpec) -> dict[str, ProcessFile]:
    return {file.path: file for file in spec.files if file.on_change == RESTART}
