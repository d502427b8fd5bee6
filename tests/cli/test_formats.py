"""Answers for machines keep everything, in an order that people like too."""

from __future__ import annotations

import json

import pytest
import yaml

from dbaas.api.database import DATABASE
from dbaas.api.resource import Kind, Resource, build_resource
from dbaas.cli.formats import Format, dump, dump_objects, full_name, order_fields
from dbaas.cli.kinds import ServedKind


def database(name: str) -> Resource:
    body = {"status": {"phase": "Ready"}, "spec": {"owner": "ü"}, "metadata": {"name": name}, "kind": "Database"}
    return build_resource(DATABASE, {**body, "apiVersion": "dbaas.io/v1", "extra": [1]})


@pytest.mark.parametrize("form", [Format.JSON, Format.YAML])
def test_one_object_is_printed_alone_and_whole(form: Format) -> None:
    text = dump_objects([database("shop")], form, as_list=False)
    read = json.loads(text) if form is Format.JSON else yaml.safe_load(text)
    assert read == database("shop").body()
    assert list(read) == ["apiVersion", "kind", "metadata", "spec", "status", "extra"]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_question_about_many_is_answered_by_a_list(count: int) -> None:
    listed = json.loads(dump_objects([database("shop")] * count, Format.JSON, as_list=True))
    assert (listed["apiVersion"], listed["kind"], len(listed["items"])) == ("v1", "List", count)


def test_text_is_written_as_it_is() -> None:
    assert dump({"owner": "ü"}, Format.JSON) == '{\n  "owner": "ü"\n}'
    assert dump({"owner": "ü", "b": 1, "a": None}, Format.YAML) == "owner: ü\nb: 1\na: null"


def test_words_that_look_like_something_else_stay_text_in_yaml() -> None:
    values = {"a": "yes", "b": "on", "c": "1.0", "d": "2026-01-01", "e": "null"}
    assert yaml.safe_load(dump(values, Format.YAML)) == values


def test_a_full_name_has_the_group_where_there_is_one() -> None:
    assert full_name(ServedKind(DATABASE, "database"), "shop") == "database.dbaas.io/shop"
    assert full_name(ServedKind(Kind("", "v1", "Secret", "secrets"), "secret"), "s") == "secret/s"


def test_absent_fields_are_not_made_up() -> None:
    assert list(order_fields({"kind": "Secret", "data": {}, "apiVersion": "v1"})) == ["apiVersion", "kind", "data"]


def test_tables_are_for_people() -> None:
    assert {form for form in Format if form.is_for_people} == {Format.TABLE, Format.WIDE}
