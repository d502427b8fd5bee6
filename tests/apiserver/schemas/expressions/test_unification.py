"""Whether a value of one type may be where another is wanted."""

from __future__ import annotations

import pytest

from dbaas.apiserver.schemas.expressions.static_types import INT, STRING, Type, list_of, read_types
from dbaas.apiserver.schemas.expressions.unification import Bindings, is_as_wide


def accepts(given: str, wanted: str) -> bool:
    bindings = Bindings()
    return bindings.accept(read_types(given), bindings.instantiate(read_types(wanted)))


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("int", "int"), ("dyn", "int"), ("int", "dyn"), ("int, int", "A, A"), ("list(int), int", "list(A), A"),
        ("dyn, int", "A, A"), ("null", "timestamp"), ("timestamp", "null"), ("null", "optional_type(int)"),
        ("type(int)", "type(string)"), ("map(string, dyn)", "map(string, int)"), ("list(dyn), string", "list(A), A"),
    ],
)  # fmt: skip
def test_what_fits_is_accepted(given: str, wanted: str) -> None:
    assert accepts(given, wanted)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("int", "string"), ("int, string", "A, A"), ("int", "int, int"), ("list(int)", "list(string)"),
        ("null", "int"), ("null", "list(int)"), ("map(string, int)", "map(int, int)"), ("list(int), int", "A, A"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_not(given: str, wanted: str) -> None:
    assert not accepts(given, wanted)


def test_null_may_be_where_an_object_is() -> None:
    assert Bindings().accept([Type("null")], [Type("selfType", fields={})])


def test_what_is_refused_leaves_nothing_behind() -> None:
    bindings = Bindings()
    variable = bindings.new_variable()
    assert not bindings.accept([INT, STRING], [variable, INT])
    assert bindings.resolve(variable) == variable
    assert bindings.accept([STRING], [variable])
    assert bindings.resolve(list_of(variable)) == list_of(STRING)


def test_the_wider_type_stays() -> None:
    bindings = Bindings()
    variable = bindings.new_variable()
    assert bindings.accept([INT, Type("dyn")], [variable, variable])
    assert str(bindings.resolve(variable)) == "dyn"


def test_a_type_cannot_hold_itself() -> None:
    bindings = Bindings()
    variable = bindings.new_variable()
    assert not bindings.accept([list_of(variable)], [variable])


def test_what_nothing_is_known_of_can_be_shown_as_anything() -> None:
    bindings = Bindings()
    assert str(bindings.resolve(list_of(bindings.new_variable()), unknown_is_any=True)) == "list(dyn)"


def test_each_call_has_variables_of_its_own() -> None:
    bindings = Bindings()
    one, other = (bindings.instantiate(read_types("A, A")) for _ in range(2))
    assert one[0] == one[1] != other[0]


def test_wider_is_what_holds_the_other() -> None:
    dyn, ints = read_types("dyn, list(int)")
    assert is_as_wide(dyn, INT)
    assert not is_as_wide(INT, dyn)
    assert is_as_wide(ints, ints)
    assert not is_as_wide(ints, list_of(STRING))
