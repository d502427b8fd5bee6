"""What hangs on a thing, for people."""

from __future__ import annotations

from dbaas.contracts.parting import Belonging


def test_a_belonging_says_what_and_where_it_is() -> None:
    assert str(Belonging("shop", "sales", "orders", "table")) == "table sales.orders in database 'shop'"
    assert str(Belonging("", "", "shop", "database")) == "database shop"
