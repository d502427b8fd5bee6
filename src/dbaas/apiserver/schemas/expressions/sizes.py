"""Sizes between bounds, in whole numbers that stop at the largest of 64 bits, as cel-go counts them.

Source: cel-go, `checker/cost.go`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

MOST = 2**64 - 1


class Size(NamedTuple):
    """Of a text in characters, of bytes, of a list or map in elements; 1 for what has none."""

    least: int
    most: int

    def plus(self, other: Size) -> Size:
        return Size(min(self.least + other.least, MOST), min(self.most + other.most, MOST))

    def times(self, other: Size) -> Size:
        return Size(min(self.least * other.least, MOST), min(self.most * other.most, MOST))

    def or_(self, other: Size) -> Size:
        """That of a value which has the one size or the other."""
        return Size(min(self.least, other.least), max(self.most, other.most))


ONE = Size(1, 1)
UNKNOWN = Size(0, MOST)


def scale(count: int, factor: float) -> int:
    """The next whole number."""
    return min(math.ceil(float(count) * factor), MOST) if float(count) * factor < float(MOST) else MOST
