"""Functions in rules: each with the answer that kube-apiserver gave."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.apiserver.schemas import Schema
from dbaas.apiserver.schemas.expressions.functions import FUNCTIONS, accepts
from dbaas.apiserver.schemas.expressions.signatures import SIGNATURES

TEXT = {"type": "string"}
FIELDS: dict[str, Any] = {
    "s": TEXT,
    "i": {"type": "integer"},
    "n": {"type": "number"},
    "l": {"type": "array", "items": TEXT},
    "li": {"type": "array", "items": {"type": "integer"}},
    "d": {"type": "string", "format": "duration"},
    "t": {"type": "string", "format": "date-time"},
    "by": {"type": "string", "format": "byte"},
}
VALUES = {
    "s": "aéb",
    "i": 1,
    "n": 100000000,
    "l": ["a", "b", "a"],
    "li": [1, 2],
    "d": "1h30m",
    "t": "2024-01-01T10:00:00+02:00",
    "by": "YWJj",
}


def failures(rule: str) -> list[str]:
    spec = {"type": "object", "properties": FIELDS, "x-kubernetes-validations": [{"rule": rule, "message": "false"}]}
    made = Schema.compile({"type": "object", "properties": {"f": spec}})
    return [each.message for each in made.validate({"f": VALUES})]


@pytest.mark.parametrize(
    "rule",
    [
        "size(self.s) == 3 && self.s.size() == 3 && self.l.size() == 3",
        r"self.s.matches('^a\\W+b$') && !self.s.matches('^b')",
        "self.s.lowerAscii() == 'aéb' && self.s.upperAscii() == 'AéB'",
        "self.s.charAt(1) == 'é' && self.s.charAt(3) == ''",
        "self.s.indexOf('b') == 2 && self.s.indexOf('b', 9) == -1 && self.s.lastIndexOf('a') == 0",
        "self.s.substring(1) == 'éb' && self.s.substring(0, 1) == 'a'",
        "self.s.replace('é', 'e') == 'aeb' && self.s.replace('', '-', 1) == '-aéb'",
        "self.s.replace('a', 'b', 0) == self.s && self.s.replace('a', 'b', -1) == 'béb'",
        "' a '.trim() == 'a'",
        "'a,b,c'.split(',') == ['a', 'b', 'c'] && 'a,b,c'.split(',', 2) == ['a', 'b,c'] && 'a,b'.split(',', 0) == []",
        "'ab'.split('') == ['a', 'b'] && 'ab'.split('', 1) == ['ab']",
        "self.l.join('-') == 'a-b-a' && self.l.join() == 'aba'",
        "self.li.isSorted() && !self.l.isSorted()",
        "self.li.sum() == 3 && self.li.min() == 1 && self.li.max() == 2",
        "self.l.indexOf('a') == 0 && self.l.lastIndexOf('a') == 2 && self.l.indexOf('z') == -1",
        "self.s.find('[é]') == 'é' && self.s.find('z') == '' && 'a1b2'.findAll('[0-9]') == ['1', '2']",
        "'a1b2'.findAll('[0-9]', 1) == ['1']",
        "string(self.i) == '1' && string(self.n) == '1e+08' && string(true) == 'true' && string(self.by) == 'abc'",
        "string(self.d) == '5400s' && string(self.t) == '2024-01-01T10:00:00+02:00'",
        "self.d == duration('90m') && self.t > timestamp('2024-01-01T00:00:00Z')",
        "self.t.getHours() == 8 && self.t.getHours('Europe/Berlin') == 9 && self.t.getFullYear() == 2024",
        "self.t.getMonth() == 0 && self.t.getDate() == 1 && self.t.getDayOfMonth() == 0 && self.t.getDayOfWeek() == 1",
        "self.t.getDayOfYear() == 0 && self.t.getMinutes() == 0 && self.t.getSeconds() == 0",
        "self.d.getHours() == 1 && self.d.getMinutes() == 90 && self.d.getSeconds() == 5400",
        "type(self.i) == int && type(self.n) == double && type(self.s) == string",
        "self.by == b'abc' && self.by.size() == 3",
        "self.l.exists_one(x, x == 'b') && self.l.filter(x, x == 'a').size() == 2 && self.li.map(x, x * 2) == [2, 4]",
        "self.s != 'size(self.s)'",
        "sets.contains(self.l, ['b', 'a']) && !sets.contains([1, 2], [3]) && !sets.contains([dyn(1)], [dyn(true)])",
        "sets.equivalent(self.l, ['b', 'a']) && !sets.equivalent(self.l, ['a']) && !sets.intersects(self.l, ['c'])",
        "self.?s.orValue('') == 'aéb' && self.?x.orValue('c') == 'c' && !self.?x.?y.hasValue()",
        "self.l[?1].orValue('z') == 'b' && self.l[?9].orValue('z') == 'z'",
        "self.?s.optMap(x, x.size()).orValue(0) == 3 && !self.?x.optMap(x, x).hasValue()",
        "optional.of(self.l).optFlatMap(x, x[?0]).value() == 'a' && !optional.none().optFlatMap(x, x).hasValue()",
        "[?self.?s, ?self.?x, 'c'] == ['aéb', 'c'] && {?'a': self.?x, 'b': 1} == {'b': 1}",
        "self.l.first().value() == 'a' && ![].last().hasValue() && optional.unwrap([self.?x, self.?s]) == ['aéb']",
        "isIP('::1') && cidr('10.0.0.0/8').containsIP(ip('10.1.2.3')) && string(ip('::0')) == '::'",
        "quantity('1Gi').isGreaterThan(quantity('1G')) && quantity('1').add(1) == quantity('2000m')",
        "url('https://a:1/b?c=d').getHostname() == 'a' && semver('1.2.3').minor() == 2",
        "format.dns1123Label().validate('a.b').value() == ['must not contain dots']",
        "self.l.all(i, v, i < 3 && v != 'z') && self.l.transformMap(i, v, v)[1] == 'b'",
        "['b', 'a'].sortBy(x, x) == ['a', 'b'] && lists.range(2) == [0, 1] && [[1], [2]].flatten() == [1, 2]",
        "'%d %s'.format([1, 'a']) == '1 a' && strings.quote('a') == '\"a\"' && uint('5') == 5u && bool('t')",
    ],
)
def test_functions_answer_as_in_kubernetes(rule: str) -> None:
    assert failures(rule) == []


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        ("self.s.substring(1, 9) == ''", "index out of range: 9"),
        ("self.s.substring(2, 1) == ''", "invalid substring range. start: 2, end: 1"),
        ("self.s.charAt(-1) == ''", "index out of range: -1"),
        ("self.li.filter(x, x > 5).min() == 1", "min called on empty list"),
        ("self.li.filter(x, x > 5).max() == 1", "max called on empty list"),
        ("self.l[5] == ''", "index out of bounds: 5"),
        ("int(self.s) == 1", "type conversion error from 'string' to 'int'"),
        ("timestamp(self.s) == self.t", "type conversion error from 'string' to 'google.protobuf.Timestamp'"),
        ("self.i % 0 == 1", "modulus by zero"),
        ("self.?x.value() == 1", "optional.none() dereference"),
        ("self.i + 9223372036854775807 > 0", "integer overflow"),
    ],
)
def test_errors_are_worded_as_in_kubernetes(rule: str, error: str) -> None:
    assert failures(rule) == [f'Invalid value: "object": {error} evaluating rule: false']


# What is evaluated without calling anything: choices, steps of paths, what is lazy, one step of a macro.
PLANNED = {"_?_:_", "_[_]", "_[?_]", "or", "orValue", "cel.@mapInsert"}


def test_every_function_that_rules_may_call_is_there_and_no_other() -> None:
    assert set(SIGNATURES) - PLANNED == set(FUNCTIONS)


def test_a_function_takes_values_by_their_types() -> None:
    assert accepts("size", ("list",), is_method=True)
    assert not accepts("size", ("int",), is_method=True)
    assert not accepts("size", ("list", "list"), is_method=True)
    assert not accepts("quantity", ("string",), is_method=True)
