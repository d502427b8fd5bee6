"""What the status of a cluster says of each instance. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dbaas.contracts.provider import InstanceFacts

_MEBIBYTE = 1024 * 1024
SHOWN_CHARACTERS = 2048


def build_instances(facts: Sequence[InstanceFacts]) -> list[dict[str, Any]]:
    """By name. What is not known is left out, and of one that serves there is nothing to explain."""
    return [_build_instance(one) for one in sorted(facts, key=lambda one: one.name)]


def _build_instance(one: InstanceFacts) -> dict[str, Any]:
    known = {
        "role": one.role,
        "timeline": one.timeline,
        "lag": _round(one.lag_bytes),
        "restarts": one.restarts,
        "reason": "" if one.is_ready else one.reason,
        "message": "" if one.is_ready else one.message[:SHOWN_CHARACTERS],
    }
    return {"name": one.name, "ready": one.is_ready, **{name: value for name, value in known.items() if value}}


def _round(size: int | None) -> str:
    """A quantity in whole mebibytes."""
    if size is None:
        return ""
    return f"{size // _MEBIBYTE}Mi" if size >= _MEBIBYTE else "0"
