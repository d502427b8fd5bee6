"""Routines as people write them."""

from __future__ import annotations

import pytest

from dbaas.engines.postgres.privileges.holdings import Routine
from dbaas.engines.postgres.privileges.signatures import find_routines

THERE = {
    "area(integer, character varying)": Routine("area"), "area(text[])": Routine("area"), "tidy()": Routine("tidy"),
    "f(x)()": Routine("f(x)"), 'paint(sales."Dark, Red")': Routine("paint"),
    "at(timestamp with time zone)": Routine("at"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("area(integer, character varying)", ["area(integer, character varying)"]),
        ("area(int,varchar(20))", ["area(integer, character varying)"]),
        ("area(IN INT4 , VARCHAR)", ["area(integer, character varying)"]),
        ("area(TEXT [])", ["area(text[])"]),
        ("at(timestamptz)", ["at(timestamp with time zone)"]),
        ("tidy", ["tidy()"]),
        ("tidy( )", ["tidy()"]),
        ("f(x)", ["f(x)()"]),
        ('paint(sales."Dark, Red")', ['paint(sales."Dark, Red")']),
        ("area", ["area(integer, character varying)", "area(text[])"]),
        ("area(bigint)", []),
        ("nothing", []),
        (")", []),
    ],
)
def test_a_routine_is_found_by_its_name_or_by_its_arguments(written: str, expected: list[str]) -> None:
    assert find_routines(written, THERE) == expected
