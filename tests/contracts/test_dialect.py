"""What holds for translations of whatever group."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from dbaas.api.core import CONFIG_MAP, NAMESPACE
from dbaas.api.resource import Key, Resource, build_resource
from dbaas.contracts.dialect import Lookup, tell_deleted, translate
from fixtures.dialects import SHELF, SHELVES

HERE = {"metadata": {"name": "top", "namespace": "default"}}


@pytest.mark.parametrize(
    ("lookup", "is_anywhere"),
    [
        (Lookup(CONFIG_MAP, Key("", "a")), True),
        (Lookup(CONFIG_MAP, Key("default", "a")), False),
        (Lookup(NAMESPACE, Key("", "a")), False),
    ],
)
def test_only_what_is_in_a_namespace_can_be_in_any(lookup: Lookup, is_anywhere: bool) -> None:
    assert lookup.is_anywhere is is_anywhere


async def test_a_translation_gets_what_was_found_for_each_of_its_lookups() -> None:
    asked: list[Lookup] = []
    label = build_resource(CONFIG_MAP, {"metadata": {"name": "sticker", "namespace": "default"}})

    async def find(lookup: Lookup) -> Sequence[Resource]:
        asked.append(lookup)
        return [label]

    spec = {"name": "books", "label": "sticker", "policy": "Delete", "protected": False}
    translation = await translate(SHELVES, build_resource(SHELF, {**HERE, "spec": spec}), find)
    assert asked == [Lookup(CONFIG_MAP, Key("default", "sticker"))]
    assert translation.missing == () and len(translation.objects) == 1


def test_an_end_is_told_as_such_where_a_kind_has_no_words_of_its_own() -> None:
    (told,) = tell_deleted(build_resource(SHELF, HERE))
    assert (told.type, told.reason) == ("Normal", "Deleted")
