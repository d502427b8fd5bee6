"""Values that cross the contract of boundaries."""

from __future__ import annotations

from dbaas.contracts.boundaries import SERVER, Real


def test_things_are_told_apart_by_what_they_are() -> None:
    assert Real("role", "shop") != Real("database", "shop")
    assert SERVER not in {Real("role", ""), Real("database", "")}
