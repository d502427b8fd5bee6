"""The order of merged lists."""

from __future__ import annotations

from dbaas.apiserver.patches.element_order import arrange, identity


def test_wanted_elements_come_in_the_wanted_order_and_others_keep_their_place() -> None:
    assert arrange(list("abcd"), list("db"), list("abcd"), "") == list("acdb")
    assert arrange(list("abc"), list("xc"), list("abc"), "") == list("abc")
    assert arrange(list("abn"), list("n"), list("ab"), "") == list("nab")


def test_an_element_is_known_by_its_key_or_by_itself() -> None:
    assert identity({"name": "a", "x": 1}, "name") == "a"
    assert identity("a", "") == "a"
