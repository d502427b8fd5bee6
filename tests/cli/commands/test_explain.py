"""Fields explained from the schema itself."""

from __future__ import annotations

import io

import pytest

from dbaas.api.schema import build_schema
from dbaas.cli.commands.explain import explain, find_definition
from dbaas.cli.exits import WrongUsage
from dbaas.cli.terminal import Terminal

PLAIN = Terminal(io.StringIO(), io.StringIO())


def told(path: str, *, recursive: bool = False) -> str:
    name, *fields = path.split(".")
    definition = find_definition(name)
    return "\n".join(explain(definition, build_schema(definition, {}), fields, PLAIN, recursive=recursive))


def test_a_field_has_its_type_bounds_and_choices() -> None:
    text = told("cluster.spec.deletionPolicy")
    assert text.startswith("DatabaseCluster.spec.deletionPolicy  <string>")
    assert "one of: Retain, Delete, Snapshot" in text
    assert "default: Retain" in text


def test_an_object_has_its_fields_and_which_are_required() -> None:
    text = told("dbi.spec")
    assert "  connection  <object> (required)" in text
    assert "  maxConnections  <integer>\n" in text


def test_items_of_a_list_are_explained_by_its_name() -> None:
    assert "  withGrantOption  <boolean>" in told("grant.spec.privileges")


def test_everything_below_is_told_when_asked() -> None:
    assert "namespace  <string>" in told("db.spec", recursive=True)


def test_a_misspelt_field_is_suggested() -> None:
    with pytest.raises(WrongUsage) as caught:
        told("db.spec.onwer")
    assert caught.value.advice[0] == "did you mean 'owner'?"


def test_a_misspelt_kind_is_suggested() -> None:
    with pytest.raises(WrongUsage) as caught:
        find_definition("databse")
    assert caught.value.advice[0] == "did you mean 'database'?"
