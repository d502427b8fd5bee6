"""Equality of JSON values as Kubernetes sees it: true is not 1, and 1 is not 1.0."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def equal(one: Any, other: Any) -> bool:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return len(one) == len(other) and all(key in other and equal(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    return type(one) is type(other) and bool(one == other)
