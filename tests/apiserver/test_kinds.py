"""The resources that are served from the start."""

from __future__ import annotations

from dbaas.apiserver.habits import HABITS
from dbaas.apiserver.kinds import SELECTABLE, builtin_resources
from dbaas.apiserver.strategies import STRATEGIES


def test_every_table_of_particulars_is_about_a_kind_that_is_served() -> None:
    names = {f"{resource.plural}.{resource.group}".removesuffix(".") for resource in builtin_resources()}
    for table in (HABITS, STRATEGIES, SELECTABLE):
        assert table.keys() <= names


def test_selectable_fields_are_read_from_the_object() -> None:
    events = next(resource for resource in builtin_resources() if resource.collection == "events")
    obj = {"involvedObject": {"name": "one"}, "source": {"component": "test"}}
    assert events.selectable["involvedObject.name"](obj) == "one"
    assert events.selectable["source"](obj) == "test"
    assert events.selectable["reason"](obj) == ""
