"""What a day-2 operation is: a declaration of what it changes in a cluster's spec and when it has succeeded. Pure.

An operation acts by changing what is wanted, so that whoever reads the spec knows what holds, and a crash leaves
nothing half done. What cannot be said in a spec is an action of a provider.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from dbaas.api.operation import OpsRequestSpec

Change = Mapping[str, Any]
"""The part of a cluster's spec that an operation states. Lists whose items have names are merged by name."""
LONGEST_VALUE = 4096
STOPPED = "Stopped"


@dataclass(frozen=True)
class ClusterState:
    """How a cluster is, by its status. `is_current`: that speaks of the generation that is asked about.

    `waits` tells what has not been done yet, because it waits for a maintenance window that opens at `until`.
    """

    is_current: bool
    is_ready: bool
    reason: str = ""
    message: str = ""
    is_stalled: bool = False
    ready_instances: int = 0
    waits: str = ""
    until: str | None = None

    @property
    def rests(self) -> bool:
        """Stopped, with nothing left that runs."""
        return self.reason == STOPPED and self.ready_instances == 0


def has_settled(state: ClusterState) -> bool:
    """It serves, or is stopped because that is wanted."""
    return state.is_ready or state.rests


def states_nothing(spec: OpsRequestSpec, began: str) -> Change:
    return {}


def names_no_instance(spec: OpsRequestSpec) -> str:
    return ""


@dataclass(frozen=True)
class Operation:
    """One type of operation.

    `change(spec, began)` is what it states in the cluster's spec; `began` is the time of its beginning. `places` say
    which field of the request a field of the cluster comes from (or `instance`, which is none of it), so that refusals
    name what the user wrote. `missing` is the reason why it is refused whatever the cluster; empty where it works.
    `capability` names an entry of the provider's table that must not be missing. `action` is what the provider must be
    able to do instead of a change, and `instance` tells to which instance; empty where any will do. `declared`: what it
    does instead stands in the cluster's DatabaseEngine. `alone`: no other operation of the cluster goes on meanwhile.
    `needs_running`: it makes no sense on a stopped cluster. `waits_for_ready`: it begins only when the cluster is well,
    unless forced. `hopeless` are reasons of the cluster's `Ready` by which it has failed. `minds_windows`: it may need
    restarts, which maintenance windows put off.
    """

    type: str
    change: Callable[[OpsRequestSpec, str], Change] = states_nothing
    places: Mapping[str, str] = field(default_factory=dict)
    has_succeeded: Callable[[ClusterState], bool] = has_settled
    hopeless: frozenset[str] = frozenset()
    capability: str = ""
    action: str = ""
    instance: Callable[[OpsRequestSpec], str] = names_no_instance
    missing: str = ""
    declared: bool = False
    alone: bool = False
    needs_running: bool = False
    waits_for_ready: bool = False
    minds_windows: bool = False


def complete_change(spec: Mapping[str, Any], change: Change) -> dict[str, Any]:
    """The change as a merge patch of that spec: lists of named items are whole, with the items that stay."""
    return {name: _complete(spec.get(name), value) for name, value in change.items()}


def change_spec(spec: Mapping[str, Any], change: Change) -> dict[str, Any]:
    """The spec as it is to be."""
    changed = dict(spec)
    for name, value in complete_change(spec, change).items():
        before = changed.get(name)
        is_map = isinstance(value, Mapping) and isinstance(before, Mapping)
        changed[name] = change_spec(before, value) if is_map and isinstance(before, Mapping) else value
    return changed


def find_values(spec: Mapping[str, Any], change: Change) -> dict[str, str | None]:
    """What a spec has in the fields that a change states: by path, as text; None where a field is not set."""
    return {path: _show(_find(spec, steps)) for path, steps, _ in _leaves(change)}


def stated_values(change: Change) -> dict[str, str | None]:
    """The same of the change itself."""
    return {path: _show(value) for path, _, value in _leaves(change)}


def fields_meet(first: Change, second: Change) -> bool:
    """Whether two changes state the same field."""
    return not stated_values(first).keys().isdisjoint(stated_values(second))


def _complete(before: Any, value: Any) -> Any:
    if isinstance(value, Mapping):
        return complete_change(before if isinstance(before, Mapping) else {}, value)
    if not _is_named(value):
        return value
    items = {item["name"]: item for item in before or () if isinstance(item, Mapping) and "name" in item}
    return list((items | {item["name"]: dict(item) for item in value}).values())


def _leaves(change: Change, path: str = "", steps: tuple[str, ...] = ()) -> Iterator[tuple[str, tuple[str, ...], Any]]:
    """Path, the names on the way, and value of each; an item with a name is a leaf."""
    for name, value in change.items():
        place, way = f"{path}.{name}" if path else name, (*steps, name)
        if isinstance(value, Mapping):
            yield from _leaves(value, place, way)
        elif _is_named(value):
            yield from ((f"{place}[{item['name']}]", (*way, item["name"]), item.get("value")) for item in value)
        else:
            yield place, way, value


def _find(value: Any, steps: Sequence[str]) -> Any:
    for step in steps:
        if isinstance(value, Mapping):
            value = value.get(step)
        elif _is_named(value):
            value = next((item.get("value") for item in value if item["name"] == step), None)
        else:
            return None
    return value


def _is_named(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(i, Mapping) and "name" in i for i in value)


def _show(value: Any) -> str | None:
    text = value if value is None or isinstance(value, str) else orjson.dumps(value).decode()
    return None if text is None else text[:LONGEST_VALUE]
