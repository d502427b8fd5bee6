"""Schemas that say the same are one, as long as somebody uses it."""

from __future__ import annotations

import gc

from dbaas.apiserver.schemas import is_in_use, share_schema


def spec(most: int) -> dict[str, object]:
    return {"type": "object", "properties": {"size": {"type": "integer", "maximum": most}}}


def test_what_says_the_same_is_compiled_once() -> None:
    assert share_schema(spec(1)) is share_schema(spec(1))


def test_what_says_something_else_is_another() -> None:
    first, second = share_schema(spec(1)), share_schema(spec(2))
    assert first is not second
    assert not first.validate({"size": 1})
    assert second.validate({"size": 3})


def test_what_nobody_uses_is_forgotten() -> None:
    schema = share_schema(spec(3))
    assert is_in_use(spec(3))
    del schema
    gc.collect()
    assert not is_in_use(spec(3))
