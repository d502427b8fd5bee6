"""Steps of paths."""

from __future__ import annotations

import pytest

from dbaas.apiserver.fields import elements


def test_steps_are_written_as_fieldsv1_has_them() -> None:
    assert elements.field("a.b/c") == "f:a.b/c"
    assert elements.key({"port": 80, "name": "x<"}) == 'k:{"name":"x\\u003c","port":80}'
    assert [elements.value(each) for each in ("a", 1.0, True)] == ['v:"a"', "v:1", "v:true"]


def test_a_foreign_spelling_of_a_step_is_made_ours() -> None:
    assert elements.normalise('k:{ "b": 1, "a": "x" }') == 'k:{"a":"x","b":1}'
    assert elements.normalise("f: spaced ") == "f: spaced "


@pytest.mark.parametrize("text", ["x:a", "f", "", "k:[1]", "k:{", "v:"])
def test_other_texts_are_no_steps(text: str) -> None:
    with pytest.raises(elements.ElementRefused):
        elements.normalise(text)


def test_paths_are_described_for_people() -> None:
    path = ("f:spec", 'k:{"name":"a\\"b","port":80}', "f:x", 'v:"s"', "v:1", "i:3", 'k:{"n":null}')
    assert elements.describe(path) == '.spec[name="a\\"b",port=80].x[="s"][=1][3][n=null]'


def test_fields_come_before_keys_and_values_each_in_their_order() -> None:
    steps = ['v:"b"', "v:10", "v:9", "v:true", "f:b", "f:a", 'k:{"n":"b"}', 'k:{"n":"a"}', "i:2", "i:10"]
    assert sorted(steps, key=elements.rank) == [
        *("f:a", "f:b", 'k:{"n":"a"}', 'k:{"n":"b"}', "v:9", "v:10", 'v:"b"', "v:true", "i:2", "i:10")
    ]
