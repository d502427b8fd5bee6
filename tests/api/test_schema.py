"""Structural schemas made from models."""

from __future__ import annotations

import time
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from dbaas.api.kinds import DEFINITIONS, LAPTOP_DEFINITIONS, Definition
from dbaas.api.model import EngineBlocks, Model, immutable, rule
from dbaas.api.resource import Kind
from dbaas.api.schema import UnsupportedSchema, build_crd, build_schema, render

THING = Kind("example.io", "v1", "Thing", "things", short_names=("th",))


class Part(Model):
    """A part."""

    model_config = ConfigDict(json_schema_extra=rule("self.size_ > 1", "too small"))
    size_: Annotated[int, Field(default=2, alias="size", gt=0, lt=9, description="How large.")]


class ThingSpec(EngineBlocks):
    """The wanted thing."""

    main_part: Annotated[Part, Field(description="The main part.", json_schema_extra=immutable("it"))]
    other_part: Annotated[Part | None, Field(default=None, description="Another.")]
    third_part: Annotated[Part, Field(default=Part(), description="A third.")]
    kind: Annotated[Literal["one"], Field(default="one", description="Only one.")]
    port: Annotated[int | str | None, Field(default=None, description="Number or name.")]
    words: Annotated[list[str], Field(default=[], max_length=3, description="Words.")]
    labels: Annotated[dict[str, int], Field(default={}, max_length=3, description="Numbers by name.")]
    text: Annotated[str, Field(default="", description="Two\nlines.")]
    raw: Annotated[dict[str, Any] | None, Field(default=None, description="Whatever.")]


class ThingStatus(Model):
    """The observed thing."""

    is_there: Annotated[bool, Field(default=False, description="Whether it is there.")]
    parts: Annotated[list[Part], Field(default=[Part()], description="Its parts.")]


class Thing(Model):
    """A thing.

    What else there is to know about it.
    """

    spec: ThingSpec
    status: ThingStatus | None = None


class Block(Model):
    """Settings of one engine."""

    speed: Annotated[int, Field(default=1, description="How fast.")]


DEFINITION = Definition(
    THING,
    Thing,
    (("Age", "date", ".metadata.creationTimestamp"),),
    object_rules=rule("self.metadata.name != 'x'", "not x"),
    spec_rules=rule("has(self.port)", "a port"),
    engine_blocks=True,
)
SCHEMA = build_schema(DEFINITION, {"turbo": Block})
SPEC = SCHEMA["properties"]["spec"]
FIELDS = SPEC["properties"]


def test_a_definition_names_the_kind_its_columns_and_its_category() -> None:
    spec = build_crd(DEFINITION, {})["spec"]
    assert spec["names"] == {
        "kind": "Thing", "listKind": "ThingList", "plural": "things", "singular": "thing", "shortNames": ["th"],
        "categories": ["dbaas"],
    }  # fmt: skip
    assert (spec["group"], spec["scope"]) == ("example.io", "Namespaced")
    (version,) = spec["versions"]
    assert (version["name"], version["served"], version["storage"], version["subresources"]) == (
        "v1", True, True, {"status": {}},
    )  # fmt: skip
    assert version["additionalPrinterColumns"] == [
        {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}
    ]


def test_a_kind_without_short_names_has_no_list_of_them() -> None:
    definition = Definition(Kind("example.io", "v1", "Thing", "things", namespaced=False), Thing, ())
    spec = build_crd(definition, {})["spec"]
    assert "shortNames" not in spec["names"]
    assert spec["scope"] == "Cluster"


def test_references_are_put_in_place_and_the_outer_description_wins() -> None:
    assert FIELDS["mainPart"]["description"] == "The main part."
    assert FIELDS["mainPart"]["properties"]["size"]["type"] == "integer"


def test_null_only_means_absent() -> None:
    assert FIELDS["otherPart"]["type"] == "object"
    assert "nullable" not in FIELDS["otherPart"]
    assert SPEC["required"] == ["mainPart"]


def test_rules_of_a_model_and_of_a_field_both_count() -> None:
    rules = [each["rule"] for each in FIELDS["mainPart"]["x-kubernetes-validations"]]
    assert rules == ["self.size_ > 1", "self == oldSelf"]


def test_rules_of_the_spec_and_of_the_object_stand_where_they_belong() -> None:
    assert [each["rule"] for each in SPEC["x-kubernetes-validations"]] == ["has(self.port)"]
    assert [each["rule"] for each in SCHEMA["x-kubernetes-validations"]] == ["self.metadata.name != 'x'"]
    assert list(SCHEMA["properties"]["metadata"]["properties"]) == ["name"]


def test_exclusive_bounds_have_the_form_of_openapi_3_0() -> None:
    size = FIELDS["mainPart"]["properties"]["size"]
    assert (size["minimum"], size["exclusiveMinimum"], size["maximum"], size["exclusiveMaximum"]) == (0, True, 9, True)


def test_a_constant_is_an_enumeration_of_one() -> None:
    assert FIELDS["kind"]["enum"] == ["one"]


def test_a_number_or_a_text_is_int_or_string() -> None:
    assert FIELDS["port"]["x-kubernetes-int-or-string"] is True
    assert not FIELDS["port"].keys() & {"type", "anyOf", "x-kubernetes-preserve-unknown-fields"}


def test_defaults_of_a_spec_are_stored_but_not_empty_ones() -> None:
    assert FIELDS["thirdPart"]["default"] == {"size": 2}
    assert FIELDS["kind"]["default"] == "one"
    assert not any("default" in FIELDS[name] for name in ("words", "labels", "text", "otherPart", "mainPart"))


def test_a_status_has_no_defaults_at_any_depth() -> None:
    assert "'default'" not in repr(SCHEMA["properties"]["status"])


def test_maps_describe_their_values_and_anything_is_preserved() -> None:
    assert FIELDS["labels"]["additionalProperties"] == {"type": "integer"}
    assert FIELDS["raw"]["x-kubernetes-preserve-unknown-fields"] is True
    assert "additionalProperties" not in SPEC


def test_descriptions_are_one_line_each_and_the_first_paragraph_of_the_kind() -> None:
    assert FIELDS["text"]["description"] == "Two lines."
    assert SCHEMA["description"] == "A thing."
    assert "title" not in repr(SCHEMA)


def test_an_engines_block_is_an_optional_field_of_the_spec() -> None:
    assert FIELDS["turbo"]["properties"]["speed"]["default"] == 1
    assert "turbo" not in SPEC["required"]


def test_a_block_must_not_hide_a_field() -> None:
    with pytest.raises(UnsupportedSchema, match="hides a field"):
        build_schema(DEFINITION, {"words": Block})


def test_a_kind_without_blocks_takes_none() -> None:
    with pytest.raises(UnsupportedSchema, match="no engine blocks"):
        build_schema(Definition(THING, Thing, ()), {"turbo": Block})


class Tree(BaseModel):
    """Contains itself."""

    branches: list[Tree] = []


class Either(BaseModel):
    """Two types that no structural schema can tell apart."""

    value: Part | Block


class Pair(BaseModel):
    """A tuple."""

    both: tuple[int, str]


@pytest.mark.parametrize(
    ("model", "reason"),
    [(Tree, "Tree.branches.*contains itself"), (Either, "Either.value may be of several"), (Pair, "Pair.both uses")],
)
def test_what_kubernetes_cannot_say_is_refused_with_its_place(model: type[BaseModel], reason: str) -> None:
    with pytest.raises(UnsupportedSchema, match=reason):
        render(model)


def test_all_definitions_are_made_fast_enough_for_every_start() -> None:
    def make_all() -> float:
        began = time.process_time()
        for definition in (*DEFINITIONS, *LAPTOP_DEFINITIONS):
            build_crd(definition, {})
        return time.process_time() - began

    # Twenty times what it takes: a guard against something absurd, not a measurement.
    assert min(make_all() for _ in range(3)) < 1.0
