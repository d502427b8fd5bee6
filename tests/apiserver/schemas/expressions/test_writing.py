"""Expressions for the library: the same with fewer brackets, and without what it cannot read."""

from __future__ import annotations

import pytest

from dbaas.apiserver.schemas.expressions.syntax import parse
from dbaas.apiserver.schemas.expressions.writing import write

NAMES = {"size": "sizeOf", "sets.contains": "isSuperset"} | {
    name: name for name in ("toOptional", "presentElements", "presentEntries")
}


@pytest.mark.parametrize(
    "source",
    [
        "a || b && c",
        "(a || b) && c",
        "a + b * c - d",
        "(a + b) * c - (d - e)",
        "a - (b - c)",
        "a < b == true",
        "!(a in b) || !c.d",
        "-(a + b)",
        "-1 + 2u",
        "(-1).f()",
        "a ? b : c ? d : e",
        "(a ? b : c) ? d : e",
        "(a ? b : c).d[0].e('x', [1, 2.5])",
        r"{'a': r'\d', 1: b'\x41'}['a']",
        "has(a.b) && a.b.all(x, x == null)",
        "a.map(x, x > 1, x + 1)",
    ],
)
def test_what_the_library_reads_stays_as_it_is(source: str) -> None:
    assert write(parse(source), NAMES) == source


@pytest.mark.parametrize(
    ("source", "written"),
    [
        ("((a) && (b)) && c", "a && b && c"),
        ("!!a", "a"),
        ("size(a) + b.size() == 'size(c)'", "sizeOf(a) + b.sizeOf() == 'size(c)'"),
        ("sets.contains(a, b) && a.contains(b)", "isSuperset(a, b) && a.contains(b)"),
        ("a.?b", "optional.of(a).b"),
        ("a.b.?c.?d.e[?0]", "optional.of(a.b).c.d.e[0]"),
        ("oldSelf.?a", "toOptional(oldSelf).a"),
        ("f(a).?b", "toOptional(f(a)).b"),
        ("a[?'b']['c'].?d", "optional.of(a)['b']['c'].d"),
        ("[?a, b]", "presentElements([a, b], [0])"),
        ("{'a': b, ?'c': d}", "presentEntries([['a', b], ['c', d]], [1])"),
        ("a.optMap(x, x + 1)", "(a.hasValue() ? optional.of([a.value()].map(x, x + 1)[0]) : optional.none())"),
        (
            "a.optFlatMap(x, x.?b)",
            "(a.hasValue() ? toOptional([a.value()].map(x, optional.of(x).b)[0]) : optional.none())",
        ),
    ],
)
def test_what_the_library_cannot_read_is_said_in_other_words(source: str, written: str) -> None:
    assert write(parse(source), NAMES) == written
