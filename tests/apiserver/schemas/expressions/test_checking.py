"""The types of expressions; the conformance suite has the long list."""

from __future__ import annotations

import pytest

from dbaas.apiserver.schemas.expressions.checking import find_types
from dbaas.apiserver.schemas.expressions.static_types import DYN, INT, STRING, Type, list_of, map_of, optional_of

VARIABLES = {
    "s": STRING,
    "i": INT,
    "v": DYN,
    "l": list_of(STRING),
    "m": map_of(STRING, INT),
    "o": Type("selfType", fields={"x": STRING}),
    "p": optional_of(Type("selfType", fields={"x": STRING})),
}


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("i + 1", "int"),
        ("l.map(x, x + 'a')", "list(string)"),
        ("l.map(x, x == 'a', size(x))", "list(int)"),
        ("l.filter(x, x == s)", "list(string)"),
        ("m.filter(k, m[k] > 1)", "list(string)"),
        ("l.exists_one(x, x == s)", "bool"),
        ("v.a.b[0]", "dyn"),
        ("v + 1", "int"),
        ("v == s ? 1 : v", "dyn"),
        ("m.any", "int"),
        ("p.x", "optional_type(string)"),
        ("o.?x", "optional_type(string)"),
        ("p.x.orValue('')", "string"),
        ("optional.of(i).value()", "int"),
        ("[?p.x]", "list(string)"),
        ("type(i)", "type(int)"),
        ("{'a': 1}", "map(string, int)"),
        ("o.x.split(',')[0]", "string"),
    ],
)
def test_an_expression_has_a_type(source: str, shown: str) -> None:
    typed = find_types(source, VARIABLES)
    found, mistakes = typed.type, typed.mistakes
    assert (str(found), mistakes) == (shown, [])


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("s + i", ["1:2: found no matching overload for '_+_' applied to '(string, int)'"]),
        ("o.y", ["undefined field 'y'"]),
        ("x", ["undeclared reference to 'x' (in container '')"]),
        ("l.all(x, x) && x", ["expected type 'bool' but found 'string'", "undeclared reference to 'x'"]),
        ("i.all(x, true)", ["expression of type 'int' cannot be range of a comprehension"]),
        ("l.all(1, true)", ["argument must be a simple name"]),
        ("has(o)", ["invalid argument to has() macro"]),
        ("i.x", ["type 'int' does not support field selection"]),
        ("s.nope(y)", ["undeclared reference to 'nope'", "undeclared reference to 'y'"]),
        ("[1, 'a']", ["expected type 'int' but found 'string'"]),
        ("s.matches('[')", ["invalid matches argument"]),
        ("[1, 'a'] == nope", ["undeclared reference to 'nope'"]),
    ],
)
def test_mistakes_are_found_all_at_once(source: str, told: list[str]) -> None:
    mistakes = find_types(source, VARIABLES).mistakes
    shown = [each.message for each in sorted(mistakes)]
    assert len(shown) == len(told)
    assert all(part.removeprefix("1:2: ") in whole for part, whole in zip(told, shown, strict=True))


def test_the_name_of_a_macro_ends_with_it() -> None:
    assert find_types("l.all(s, s == 'a') && s == 'b'", VARIABLES).mistakes == []
    assert find_types("l.all(i, i == 'a') && i == 1", VARIABLES).mistakes == []
