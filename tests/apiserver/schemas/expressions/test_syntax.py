"""Expressions as trees."""

from __future__ import annotations

import pytest

from dbaas.apiserver.schemas.expressions.mistakes import Unreadable
from dbaas.apiserver.schemas.expressions.syntax import (
    Call,
    Constant,
    Elements,
    Entries,
    Expression,
    Name,
    Select,
    parse,
)


def written(part: Expression) -> str:
    """With all its brackets."""
    match part:
        case Constant():
            return part.type if part.text is None else repr(part.text)
        case Name():
            return part.name
        case Select():
            return f"{written(part.operand)}.{'?' if part.optional else ''}{part.field}"
        case Elements():
            return f"[{', '.join(map(written, part.elements))}]"
        case Entries():
            return f"{{{', '.join(f'{written(key)}: {written(value)}' for key, value in part.entries)}}}"
        case Call():
            target = f"{written(part.target)}." if part.target is not None else ""
            return f"{target}{part.function}({', '.join(map(written, part.arguments))})"


@pytest.mark.parametrize(
    ("source", "tree"),
    [
        ("a + b * c - d", "_-_(_+_(a, _*_(b, c)), d)"),
        ("a < b == c", "_==_(_<_(a, b), c)"),
        ("a && b && c || d", "_||_(_&&_(a, b, c), d)"),
        ("a ? b : c ? d : e", "_?_:_(a, b, _?_:_(c, d, e))"),
        ("!a.b && -c < -1", "_&&_(!_(a.b), _<_(-_(c), int))"),
        ("!!a == --b", "_==_(a, b)"),
        ("a.b(c, d)[0].e", "_[_](a.b(c, d), int).e"),
        ("a.?b[?'c']", "_[?_](a.?b, 'c')"),
        ("[1, ?x,] + [] + {'a': null, 'b': true,}", "_+_(_+_([int, x], []), {'a': null, 'b': bool})"),
        ("x in (y)", "@in(x, y)"),
        ("f(.a)", "f(a)"),
        ("self.namespace", "self.namespace"),
        ("9223372036854775807 + -9223372036854775808", "_+_(int, int)"),
    ],
)
def test_operators_bind_as_they_should(source: str, tree: str) -> None:
    assert written(parse(source)) == tree


def test_parts_know_where_they_are() -> None:
    sum_ = parse("ab + c.d(1)")
    assert isinstance(sum_, Call)
    assert [part.at for part in (sum_, *sum_.arguments)] == [3, 0, 8]
    assert parse("a.b").at == 1
    assert parse(" a[0]").at == 2


@pytest.mark.parametrize(
    ("source", "at", "reason"),
    [
        ("a b", 2, "mismatched input 'b' expecting <EOF>"),
        ("a +", 3, "mismatched input '<EOF>' expecting {'['"),
        ("(a", 2, "missing ')' at '<EOF>'"),
        ("[1 2]", 3, "expecting {']', ','}"),
        ("{1}", 2, "mismatched input '}' expecting ':'"),
        ("a ? b", 5, "expecting ':'"),
        ("a.true", 2, "expecting IDENTIFIER"),
        ("a.", 2, "expecting IDENTIFIER"),
        ("var", 0, "reserved identifier: var"),
        ("in", 0, "mismatched input 'in'"),
        ("9223372036854775808", 0, "invalid int literal"),
        ("18446744073709551616u", 0, "invalid uint literal"),
        ("(" * 200 + "a" + ")" * 200, 100, "expression recursion limit exceeded"),
    ],
)
def test_what_is_no_expression_is_refused_at_its_place(source: str, at: int, reason: str) -> None:
    with pytest.raises(Unreadable) as caught:
        parse(source)
    assert reason in caught.value.mistake.message
    assert caught.value.mistake.at == at


def test_long_chains_are_no_deep_trees() -> None:
    chain = parse(" || ".join(["a"] * 1000))
    assert isinstance(chain, Call)
    assert len(chain.arguments) == 1000


def test_numbers_that_are_written_are_known() -> None:
    assert [getattr(parse(each), "number", None) for each in ("5", "-5", "0x10", "5u", "5.0")] == [
        5,
        -5,
        16,
        None,
        None,
    ]
