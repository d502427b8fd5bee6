"""Kubernetes quantities, exactly."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbaas.core.quantity import parse_quantity


@pytest.mark.parametrize(
    ("text", "amount"),
    [("10Gi", 10 * 1024**3), ("1.5G", 1_500_000_000), ("500m", "0.5"), ("1Ki", 1024), ("2", 2), ("1e3", 1000),
     ("1E3", 1000), ("1E", 10**18), ("1Ei", 1024**6), ("-1k", -1000), ("+1", 1), (".5", "0.5"), ("1.", 1),
     ("100n", "1e-7"), ("5u", "0.000005"), ("1e-3", "0.001")],
)  # fmt: skip
def test_a_quantity_is_read_exactly(text: str, amount: int | str) -> None:
    assert parse_quantity(text) == Decimal(amount)


@pytest.mark.parametrize("text", ["", "Gi", "10GB", "10 Gi", "1,5G", "10gi", "1e", "e3", "0x10", "10Gi\n"])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a quantity"):
        parse_quantity(text)


@given(st.integers(min_value=-(10**12), max_value=10**12))
def test_a_binary_unit_is_1024_of_the_one_below(number: int) -> None:
    assert (
        parse_quantity(f"{number}Gi") == 1024 * parse_quantity(f"{number}Mi") == 1024**3 * parse_quantity(f"{number}")
    )
