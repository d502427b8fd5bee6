"""What calls cost; `tests/conformance` proves the figures."""

from __future__ import annotations

import pytest

from dbaas.apiserver.schemas.expressions.call_costs import Operand, Price, price_of
from dbaas.apiserver.schemas.expressions.signatures import SIGNATURES
from dbaas.apiserver.schemas.expressions.sizes import Size
from dbaas.apiserver.schemas.expressions.static_types import INT, STRING, list_of

TEN = Operand(STRING, Size(0, 10))
HUNDRED = Operand(STRING, Size(0, 100))
TEXTS = Operand(list_of(STRING), Size(0, 5), Size(0, 20))
NUMBERS = Operand(list_of(INT), Size(0, 5), Size(1, 1))


def literal(text: str) -> Operand:
    return Operand(STRING, Size(len(text), len(text)))


@pytest.mark.parametrize(
    ("name", "operands", "price"),
    [
        ("startsWith", (TEN, HUNDRED), Price(10)),
        ("contains", (TEN, HUNDRED), Price(10)),
        ("matches", (TEN, literal("^[a-z]+$")), Price(4)),
        ("find", (TEN, literal("^[a-z]+$")), Price(4, Size(0, 10))),
        ("trim", (HUNDRED,), Price(10, Size(0, 100))),
        ("replace", (TEN, literal("a"), literal("bcd")), Price(2, Size(0, 30))),
        ("replace", (TEN, literal("abc"), literal("d")), Price(2, Size(0, 10))),
        ("replace", (TEN, literal(""), literal("d")), Price(2, Size(1, 21))),
        ("split", (TEN, literal(",")), Price(2, Size(0, 10))),
        ("split", (TEN, literal(","), Operand(INT, Size(1, 1), number=3)), Price(2, Size(0, 3))),
        ("split", (TEN, literal(","), Operand(INT, Size(1, 1), number=-1)), Price(2, Size(0, 2**64 - 1))),
        ("join", (TEXTS, literal("--")), Price(11, Size(0, 108))),
        ("isSorted", (TEXTS,), Price(15)),
        ("isSorted", (NUMBERS,), Price(5)),
        ("indexOf", (HUNDRED, literal("a")), Price(10)),
        ("charAt", (HUNDRED, Operand(INT)), Price(1)),
        ("size", (HUNDRED,), Price(1)),
    ],
)
def test_a_method_costs_by_the_sizes_of_what_it_works_on(
    name: str, operands: tuple[Operand, ...], price: Price
) -> None:
    signature = next(each for each in SIGNATURES[name] if each.is_method)
    assert price_of(name, signature, operands) == price


@pytest.mark.parametrize(
    ("name", "kind", "price"),
    [
        ("_==_", "A", Price(1)),
        ("_<_", "string", Price(1)),
        ("_<_", "int", Price(1)),
        ("_+_", "string", Price(11, Size(0, 110))),
        ("_+_", "list", Price(1, Size(0, 110))),
        ("_+_", "int", Price(1)),
        ("@in", "list", Price(100)),
        ("@in", "map", Price(1)),
        ("matches", "string", Price(1)),
    ],
)
def test_an_operator_costs_by_its_types(name: str, kind: str, price: Price) -> None:
    signature = next(each for each in SIGNATURES[name] if each.arguments[-1].name == kind and not each.is_method)
    assert price_of(name, signature, (TEN, HUNDRED)) == price
