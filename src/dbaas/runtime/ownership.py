"""Whether a server-side apply would change anything, told from the live object and what we own in it.

An apply that changes nothing still costs the server its whole work, so it is better not sent. It is needed where a
wanted value differs from the live one, where we do not own a field that we want (the owner may take it away), and
where we own one that we no longer want (it must go).

Source of the format: structured-merge-diff, `fieldpath` (`f:` field, `k:` list item by keys, `v:` value, `.` itself).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

# Who an object is; never owned by anybody.
_IDENTITY = frozenset({"apiVersion", "kind"})
_METADATA_IDENTITY = frozenset({"name", "namespace", "uid"})


def would_change(wanted: Mapping[str, Any], live: Mapping[str, Any], applied: bytes) -> bool:
    """`applied` is our fieldsV1; empty means that we own nothing. Errs on the side of True."""
    if not applied:
        return True
    owned: dict[str, Any] = orjson.loads(applied)
    wanted = {name: value for name, value in wanted.items() if name not in _IDENTITY}
    if "metadata" in wanted:
        kept = {name: value for name, value in wanted["metadata"].items() if name not in _METADATA_IDENTITY}
        wanted = {**wanted, "metadata": kept}
        if not kept:
            del wanted["metadata"]
    return not _is_settled(wanted, live, owned)


def _is_settled(wanted: object, live: object, owned: Mapping[str, Any]) -> bool:
    """`owned` is what we own below this point: nothing below means that the value is owned as one piece."""
    below = [name for name in owned if name != "."]
    if not below:
        return wanted == live
    if isinstance(wanted, Mapping) and isinstance(live, Mapping):
        return _map_is_settled(wanted, live, owned)
    if isinstance(wanted, list) and isinstance(live, list):
        return _list_is_settled(wanted, live, owned)
    return False


def _map_is_settled(wanted: Mapping[str, Any], live: Mapping[str, Any], owned: Mapping[str, Any]) -> bool:
    """An empty list without an entry is a set or a map by keys: of those only members are owned."""
    wanted = {n: value for n, value in wanted.items() if value != [] or f"f:{n}" in owned or live.get(n) != []}
    if {f"f:{name}" for name in wanted} != {name for name in owned if name != "."}:
        return False
    return all(name in live and _is_settled(value, live[name], owned[f"f:{name}"]) for name, value in wanted.items())


def _list_is_settled(wanted: Sequence[Any], live: Sequence[Any], owned: Mapping[str, Any]) -> bool:
    below = {name: rest for name, rest in owned.items() if name != "."}
    if len(below) != len(wanted):
        return False
    if all(name.startswith("v:") for name in below):
        return all(value in live for value in wanted) and all(orjson.loads(name[2:]) in wanted for name in below)
    if not all(name.startswith("k:") for name in below):
        return False
    return all(_item_is_settled(orjson.loads(name[2:]), rest, wanted, live) for name, rest in below.items())


def _item_is_settled(
    keys: Mapping[str, Any], owned: Mapping[str, Any], wanted: Sequence[Any], live: Sequence[Any]
) -> bool:
    """Keys that have a default may be missing in what we want; then we cannot tell, and apply."""
    wanted_item, live_item = _find_item(wanted, keys), _find_item(live, keys)
    return wanted_item is not None and live_item is not None and _is_settled(wanted_item, live_item, owned)


def _find_item(items: Sequence[Any], keys: Mapping[str, Any]) -> Mapping[str, Any] | None:
    for item in items:
        if isinstance(item, Mapping) and all(item.get(name) == value for name, value in keys.items()):
            return item
    return None
