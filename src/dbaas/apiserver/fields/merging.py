"""What a manager applies, merged into the live value: what it does not mention stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dbaas.apiserver.fields.places import DEDUCED, Type
from dbaas.apiserver.fields.walks import is_leaf, steps_of
from dbaas.apiserver.schemas.nodes import ABSENT


def merge(live: Any, applied: Any, place: Type) -> Any:
    """At least one of the two is given; ABSENT is the other."""
    if applied is ABSENT:
        return live
    kind = place.kind(applied)
    if is_leaf(kind, place, live, applied):
        return applied
    if kind == "map":
        return _merge_maps(live if isinstance(live, Mapping) else {}, applied or {}, place)
    return _merge_lists(live if isinstance(live, list) else [], applied or [], place)


def _merge_maps(live: Mapping[str, Any], applied: Mapping[str, Any], place: Type) -> dict[str, Any]:
    merged = dict(live)
    for key, value in applied.items():
        merged[key] = merge(live.get(key, ABSENT), value, place.field(key) or DEDUCED)
    return merged


def _merge_lists(live: Sequence[Any], applied: Sequence[Any], place: Type) -> list[Any]:
    """Applied elements come in the order in which they are applied; others keep their place among the live ones."""
    before, wanted = steps_of(live, place), steps_of(applied, place)
    live_by_step = {
        step: value if before.count(step) == 1 else ABSENT for step, value in zip(before, live, strict=True)
    }
    applied_by_step = dict(zip(wanted, applied, strict=True))
    merged: list[Any] = []
    for step, index in _interleave(before, wanted):
        if step in applied_by_step:
            merged.append(merge(live_by_step.get(step, ABSENT), applied_by_step[step], place.items()))
        else:
            merged.append(live[index])
    return merged


def _interleave(live: Sequence[str], applied: Sequence[str]) -> list[tuple[str, int]]:
    """Steps of the merged list, each with its index in the live one (-1 for what is applied)."""
    shared = [step for step in applied if step in set(live)]
    wanted, done, order = set(applied), set[str](), list[tuple[str, int]]()
    left = right = 0
    while left < len(live) or right < len(applied):
        step = live[left] if left < len(live) else None
        if step is not None and right < len(applied):
            if step == applied[right]:
                order.append((step, -1))
                done.add(step)
                left, right, shared = left + 1, right + 1, shared[1:]
                continue
            if step in wanted and shared and shared[0] != step:
                left += 1
                continue
        if step is not None:
            if step not in wanted:
                order.append((step, left))
                left += 1
                continue
            if step in done:
                left += 1
        if right < len(applied):
            order.append((applied[right], -1))
            done.add(applied[right])
            shared = shared[1:] if shared[:1] == [applied[right]] else shared
            right += 1
    return order
