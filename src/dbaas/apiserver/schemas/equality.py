"""Equality of JSON values as Kubernetes sees it: true is not 1, and 1 is not 1.0."""

from __future__ import annotations

from typing import Any

import orjson


def equal(one: Any, other: Any) -> bool:
    """Both are JSON. What differs even to Python differs; what has the same text is equal; the rest is looked at."""
    if one is other:
        return True
    if type(one) is not type(other) or one != other:
        return False
    if isinstance(one, dict):
        return orjson.dumps(one) == orjson.dumps(other) or all(equal(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return all(map(equal, one, other))
    return True
