"""Values that JSON does not have."""

from __future__ import annotations

from dbaas.apiserver.schemas.expressions.addresses import to_cidr, to_ip
from dbaas.apiserver.schemas.expressions.things import (
    KeyedList,
    Maybe,
    Opaque,
    SetList,
    TypeName,
    UInt,
    equal,
    is_in,
    shown_type,
    size_of,
    type_name,
)


def test_values_have_types() -> None:
    named = {"bool": True, "int": 1, "uint": UInt(1), "double": 1.0, "null": None, "optional_type": Maybe()}
    assert {type_name(value) for value in named.values()} == set(named)
    assert type_name(TypeName("int")) == "type"
    assert type_name(Opaque("kubernetes.URL", "")) == "kubernetes.URL"
    assert shown_type("duration") == "google.protobuf.Duration"


def test_numbers_are_equal_across_types_and_booleans_are_none() -> None:
    assert equal(1, 1.0)
    assert equal([UInt(1)], [1])
    assert not equal(True, 1)
    assert not equal({"a": 1}, {"a": True})
    assert not is_in(True, [1, 2])


def test_lists_without_an_order_are_equal_in_any() -> None:
    assert equal(SetList([1, 2]), [2, 1])
    assert not equal([1, 2], SetList([2, 1]))
    one = KeyedList([{"k": "a", "v": 1}, {"k": "b", "v": 2}], ["k"])
    assert equal(one, KeyedList(one[::-1], ["k"]))
    assert not equal(one, KeyedList([one[0], {"k": "b", "v": 3}], ["k"]))


def test_sizes_count_what_there_is() -> None:
    assert [size_of(each) for each in ("aé", b"a", [1, 2], {"a": 1}, 5, None)] == [2, 1, 2, 1, 1, 1]
    assert size_of(Maybe("abc", is_present=True)) == 3
    assert (size_of(to_ip("::1")), size_of(to_cidr("10.0.0.0/9"))) == (16, 2)
