"""What is known of the sizes of parts."""

from __future__ import annotations

from typing import Any

from dbaas.apiserver.schemas.expressions.checking import find_types
from dbaas.apiserver.schemas.expressions.extents import extent_of
from dbaas.apiserver.schemas.expressions.measures import Measures, Parts
from dbaas.apiserver.schemas.expressions.sizes import ONE, UNKNOWN, Size
from dbaas.apiserver.schemas.expressions.static_types import declared_type
from dbaas.apiserver.schemas.expressions.syntax import Name, Select

SPEC: dict[str, Any] = {
    "type": "object",
    "properties": {
        "s": {"type": "string", "maxLength": 5},
        "l": {"type": "array", "maxItems": 10, "items": {"type": "string", "maxLength": 2}},
        "i": {"type": "integer"},
    },
}


def measures(source: str) -> tuple[Measures, Any]:
    own, extent = declared_type(SPEC), extent_of(SPEC)
    assert own is not None
    assert extent is not None
    typed = find_types(source, {"self": own})
    return Measures(typed, extent), typed.root


def test_a_value_of_the_schema_has_the_size_that_the_schema_allows() -> None:
    known, root = measures("self.s")
    assert known.size_of(root) is None
    known.reach(root, (*known.path_of(root.operand), "s"))
    assert known.size_of(root) == Size(0, 20)


def test_what_was_kept_counts_before_anything_else() -> None:
    known, root = measures("'abc'")
    assert known.size_of(root) == Size(3, 3)
    known.keep(root, ONE, Parts(True, ONE, UNKNOWN))
    assert known.size_of(root) == ONE
    assert known.parts_of(root) == Parts(True, ONE, UNKNOWN)


def test_a_name_is_bound_to_the_elements_inside_its_scope_only() -> None:
    known, root = measures("self.l")
    assert isinstance(root, Select)
    known.reach(root, ("self", "l"))
    name = Name("x", 100)
    with known.scope():
        known.bind_element(name, root)
        assert known.path_of(name) == ("self", "l", "@items")
        assert known.size_of(name) == Size(0, 8)
        known.bind_value(name)
        assert known.path_of(name) == ()
    assert known.path_of(name) == ("x",)


def test_the_elements_of_a_list_that_was_made_have_the_size_that_was_kept() -> None:
    known, root = measures("['a', 'bcd']")
    known.keep(root, None, Parts(True, ONE, Size(1, 3)))
    known.bind_element(Name("x", 100), root)
    assert known.size_of(Name("x", 100)) == Size(0, 0)  # cel-go takes a path without a variable for the object itself


def test_numbers_have_size_one_and_what_is_not_known_any() -> None:
    known, root = measures("1 + 2 > 3")
    assert known.size_of(root.arguments[0]) == ONE
    known, root = measures("self.s.charAt(1)")
    assert known.size_or_unknown(root) == UNKNOWN


def test_an_operand_knows_its_elements_and_its_number() -> None:
    known, root = measures("self.l")
    known.reach(root, ("self", "l"))
    assert known.operand(root).element == Size(0, 8)
    known, root = measures("-3")
    assert known.operand(root).number == -3
