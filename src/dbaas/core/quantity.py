"""Kubernetes quantities: `10Gi`, `500m`, `1.5G`.

The grammar is that of the Kubernetes API conventions (resource quantities).
"""

from __future__ import annotations

import re
from decimal import Decimal

PATTERN = r"^[+-]?([0-9]+|[0-9]+\.[0-9]*|\.[0-9]+)(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|[eE][+-]?[0-9]+)?$"
_SUFFIX = {"n": Decimal(10) ** -9, "u": Decimal(10) ** -6, "m": Decimal(10) ** -3, "": Decimal(1)} | {
    letter: Decimal(10) ** (3 * power) for power, letter in enumerate("kMGTPE", 1)
} | {f"{letter}i": Decimal(1024) ** power for power, letter in enumerate("KMGTPE", 1)}  # fmt: skip


def parse_quantity(text: str) -> Decimal:
    """The exact amount in base units (bytes, cores). Raises ValueError."""
    match = re.fullmatch(PATTERN, text)
    if match is None:
        raise ValueError(f"{text!r} is not a quantity such as 10Gi or 500m")
    suffix = match.group(2) or ""
    number = text.removesuffix(suffix)
    scale = _SUFFIX.get(suffix)
    return Decimal(number) * (Decimal(10) ** int(suffix[1:]) if scale is None else scale)
